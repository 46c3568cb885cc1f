"""Tabs: sections of which one is shown, and links to them, by the ARIA pattern for tabs.

Without JavaScript they are what they are in the markup: sections one below the other, with links to
each before them. The chosen one stands in the address after the ``#``, so that it can be shared and
survives a reload.
"""

from __future__ import annotations

from collections.abc import Mapping

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import A, Child, Div, Html, Nav, Section, expr
from nitro_runtime.views.components.component import Component, element_id, signal_name, slug
from nitro_runtime.views.theme import Theme

_PLAIN = "!(evt.ctrlKey || evt.metaKey || evt.shiftKey || evt.altKey)"
_CLICK = (
    "const tab = evt.target.closest('a');"
    f" if (tab && {_PLAIN}) {{{{ evt.preventDefault(); {{signal}} = tab.hash.slice(1);"
    " history.replaceState(history.state, '', tab.hash) }}"
)
_KEYS = (
    "const tabs = [...el.children], at = tabs.indexOf(document.activeElement), last = tabs.length - 1,"
    " way = getComputedStyle(el).direction === 'rtl' ? -1 : 1,"
    " step = {ArrowRight: way, ArrowLeft: -way}[evt.key],"
    " to = evt.key === 'Home' ? 0 : evt.key === 'End' ? last : evt.key === ' ' ? at"
    " : step ? (at + step + tabs.length) % tabs.length : -1;"
    " if (at >= 0 && to >= 0) { evt.preventDefault(); tabs[to].focus(); tabs[to].click() }"
)


class Tabs(Component):
    """Sections of which one is shown: ``Tabs({"Facts": detail, "Orders": table})``.

    The arrow keys, Home and End go through the tabs. The address names the one that is shown, so a
    link to ``#tabs-orders`` leads there.

    Attributes:
        dom_id: The id of the element; those of the sections are made of it and their titles.
    """

    def __init__(
        self,
        tabs: Mapping[str, Child],
        *,
        id: str | None = None,
        label: str | None = None,
        selected: str | None = None,
        theme: Theme | None = None,
    ) -> None:
        """Makes tabs.

        Args:
            tabs: Title to content, in order.
            id: The id of the element, ``tabs`` when left out.
            label: What the row of tabs is called by screen readers.
            selected: The title of the one that is shown first; the first when left out.
            theme: The classes of its parts; the current theme when left out.

        Raises:
            ViewError: There are none, none has this title, or the id can be none.
        """
        if not tabs:
            raise ViewError("Tabs need at least one: Tabs({'Facts': detail}).")
        if selected is not None and selected not in tabs:
            raise ViewError(f"There is no tab {selected!r}.{suggestion(selected, tabs)}")
        super().__init__(*tabs.values(), theme=theme)
        self.dom_id: str = element_id(id, "tabs", "row of tabs")
        self._titles = list(tabs)
        self._label = label
        self._selected = self._titles.index(selected) if selected is not None else 0

    @property
    def panel_ids(self) -> list[str]:
        """The ids of the sections, in order: what stands after the ``#`` of an address."""
        stems = [slug(title) for title in self._titles]
        return [
            f"{self.dom_id}-{stem if stem and stems.count(stem) == 1 else number}"
            for number, stem in enumerate(stems, 1)
        ]

    def render(self, theme: Theme) -> Html:
        """Returns the markup of the tabs and their sections."""
        ids = self.panel_ids
        name = signal_name("tabs", self.dom_id)
        signal = f"${name}"
        from_address = expr(
            f"const at = location.hash.slice(1); if ({{}}.includes(at)) {signal} = at", ids
        )
        links = [
            A(
                title,
                id=f"{panel}-tab",
                href=f"#{panel}",
                cls=theme["tab"],
                attr={
                    "role": "'tab'",
                    "aria-controls": expr("{}", panel),
                    "aria-selected": expr(f"{signal} === {{}} ? 'true' : 'false'", panel),
                    "tabindex": expr(f"{signal} === {{}} ? '0' : '-1'", panel),
                },
            )
            for title, panel in zip(self._titles, ids, strict=True)
        ]
        panels = [
            Section(
                child,
                id=panel,
                cls=theme["tab_panel"],
                aria_labelledby=f"{panel}-tab",
                data_selected=number == self._selected,
                attr={
                    "role": "'tabpanel'",
                    "tabindex": "'0'",
                    "hidden": expr(f"{signal} !== {{}}", panel),
                },
            )
            for number, (child, panel) in enumerate(zip(self.children, ids, strict=True))
        ]
        return Div(
            Nav(
                links,
                cls=theme["tab_list"],
                aria_label=self._label,
                attr={"role": "'tablist'"},
                on_click=expr(_CLICK.format(signal=signal)),
                on_keydown=expr(_KEYS),
            ),
            panels,
            id=self.dom_id,
            cls=theme["tabs"],
            signals__ifmissing={name: ids[self._selected]},
            init=from_address,
            on_hashchange__window=from_address,
        )
