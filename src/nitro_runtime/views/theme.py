"""Which CSS classes the parts of views carry.

The default classes are short semantic names that the generated plain CSS file defines. A theme
replaces them part by part: ``Theme(button="rounded bg-sky-600 px-3", table="w-full")``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nitro_runtime.errors import ViewError, suggestion

DEFAULT_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "page": "page",
        "main": "main",
        "scheme": "scheme",
        "hidden_text": "visually-hidden",
        "notices": "notices",
        "notice": "notice",
        "notice_success": "notice-success",
        "notice_error": "notice-error",
        "notice_info": "notice-info",
        "notice_warning": "notice-warning",
        "reconnecting": "notice reconnecting",
        "form": "form",
        "field": "field",
        "field_check": "field field-check",
        "label": "label",
        "optional": "optional",
        "input": "input",
        "select": "input select",
        "textarea": "input textarea",
        "checkbox": "checkbox",
        "file": "input file",
        "field_group": "field field-group",
        "rows": "rows",
        "row": "row",
        "row_remove": "btn btn-small row-remove",
        "row_add": "btn row-add",
        "notes": "notes",
        "help": "help",
        "error": "error",
        "errors": "errors",
        "buttons": "buttons",
        "button": "btn",
        "button_primary": "btn btn-primary",
        "button_small": "btn btn-small",
        "button_delete": "btn btn-small btn-danger",
        "table_view": "table-view",
        "table_scroll": "table-scroll",
        "table": "table",
        "toolbar": "toolbar",
        "controls": "controls",
        "filters": "filters",
        "filter": "filter",
        "range": "range",
        "chooser": "chooser",
        "chooser_list": "chooser-list",
        "page_number": "page-number",
        "pager_bar": "pager-bar",
        "page_size": "page-size",
        "search": "search",
        "number": "num",
        "center": "center",
        "sort": "sort",
        "row_actions": "row-actions",
        "inline_form": "inline-form",
        "badge": "badge",
        "bulk": "bulk",
        "bulk_cell": "bulk-cell",
        "bulk_count": "bulk-count",
        "bulk_every": "bulk-every",
        "clip": "clip",
        "flag": "flag",
        "nothing": "nothing",
        "related": "related",
        "empty": "empty",
        "count": "count",
        "pager": "pager",
        "card": "card",
        "card_title": "card-title",
        "card_facts": "facts",
        "detail": "detail",
        "detail_title": "detail-title",
        "detail_heading": "detail-heading",
        "detail_facts": "facts",
        "detail_section": "detail-section",
        "detail_list": "detail-list",
        "dialog": "dialog",
        "dialog_title": "dialog-title",
        "dialog_question": "dialog-question",
        "dialog_close": "dialog-close",
        "button_danger": "btn btn-danger",
        "tabs": "tabs",
        "tab_list": "tab-list",
        "tab": "tab",
        "tab_panel": "tab-panel",
        "menu": "menu",
        "menu_button": "btn",
        "menu_list": "menu-list",
        "menu_item": "menu-item",
        "menu_danger": "btn-danger",
        "progress": "progress",
        "progress_text": "progress-text",
        "alert": "alert",
        "alert_success": "alert-success",
        "alert_error": "alert-error",
        "alert_info": "alert-info",
        "alert_warning": "alert-warning",
    }
)
"""Part name to classes, as the plain CSS file knows them."""


class Theme:
    """A set of classes for the parts of views; parts that are not named keep their defaults.

    Immutable and hashable by identity, so it may be shared by every thread.
    """

    __slots__ = ("_classes",)

    def __init__(self, base: Theme | None = None, /, **classes: str) -> None:
        """Makes a theme.

        Args:
            base: The theme to start from; the default classes when left out.
            classes: Part name to the classes that replace the part's own.

        Raises:
            ViewError: A part is not known.
        """
        for part in classes:
            if part not in DEFAULT_CLASSES:
                raise ViewError(f"A theme has no part {part!r}.{suggestion(part, DEFAULT_CLASSES)}")
        self._classes: dict[str, str] = {
            **(base._classes if base is not None else DEFAULT_CLASSES),
            **classes,
        }

    def __getitem__(self, part: str) -> str:
        return self._classes[part]


_current: Theme = Theme()


def current_theme() -> Theme:
    """Returns the theme of views that do not choose one."""
    return _current


def use_theme(theme: Theme) -> None:
    """Sets the theme of every view that does not choose one; call it once, at the start."""
    global _current
    _current = theme
