"""What a handler yields to reach a browser: frozen patches that know their bytes.

A patch is encoded once, when it is made, so that a mistake shows where it was made and a thousand
streams share one bytes object. Safe to use from every thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, cast

from nitro_runtime import context
from nitro_runtime.addresses import local
from nitro_runtime.sse.encoder import (
    HasHtml,
    Namespace,
    PatchMode,
    markup_of,
    patch_elements,
    patch_signals,
    script_element,
    strict_json,
)


@dataclass(frozen=True, slots=True)
class SignalsPatch:
    """New values for signals of a page.

    Attributes:
        signals: The values as they were when the patch was made.
        only_if_missing: Whether signals that the page has already keep their values.
    """

    signals: Mapping[str, Any]
    only_if_missing: bool = False
    _encoded: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        encoded = patch_signals(self.signals, only_if_missing=self.only_if_missing)
        object.__setattr__(self, "_encoded", encoded)

    def __hash__(self) -> int:
        return hash(self._encoded)

    def __str__(self) -> str:
        return strict_json(self.signals)

    def encode(self) -> bytes:
        """Returns the whole server-sent event; always the same object."""
        return self._encoded


@dataclass(frozen=True, slots=True)
class ElementsPatch:
    """Markup for a page, to be morphed or placed.

    Attributes:
        html: The markup.
        selector: A CSS selector of the target, or None for the elements with the same ids.
        mode: How it is placed.
        namespace: In which namespace it is parsed.
        view_transition: Whether the browser animates the change.
    """

    html: str
    selector: str | None = None
    mode: PatchMode = "outer"
    namespace: Namespace = "html"
    view_transition: bool = False
    _encoded: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        encoded = patch_elements(
            self.html,
            selector=self.selector,
            mode=self.mode,
            namespace=self.namespace,
            view_transition=self.view_transition,
        )
        object.__setattr__(self, "_encoded", encoded)

    def __str__(self) -> str:
        return self.html

    def encode(self) -> bytes:
        """Returns the whole server-sent event; always the same object."""
        return self._encoded


def emit_signals(signals: Mapping[str, Any], *, only_if_missing: bool = False) -> SignalsPatch:
    """Makes a patch of signals, to be yielded by a handler or broadcast.

    Args:
        signals: The values by name, such as ``product.signals``; None removes a signal.
        only_if_missing: Leave signals alone that the page has already.

    Raises:
        TypeError: A value has no JSON form.
        ValueError: A number is NaN or infinite.
    """
    return SignalsPatch(dict(signals), only_if_missing)


def emit_elements(
    html: str | HasHtml,
    selector: str | None = None,
    mode: PatchMode = "outer",
    *,
    namespace: Namespace = "html",
    view_transition: bool = False,
) -> ElementsPatch:
    """Makes a patch of elements, to be yielded by a handler or broadcast.

    Args:
        html: A view, a tag, anything with ``__html__``; a str is taken as markup as it is.
        selector: A CSS selector of the target; None: the elements with the same ids, or where such
            things belong, as it is with a `Notice`.
        mode: How it is placed: ``outer`` morphs, ``append`` adds at the end, ...
        namespace: In which namespace it is parsed: ``svg`` for what goes into a drawing.
        view_transition: Whether the browser animates the change.

    Raises:
        ValueError: The mode or namespace is unknown, or the selector holds a line break.
    """
    if selector is None:
        selector, mode = target_of(html) or (None, mode)
    return ElementsPatch(markup_of(html), selector, mode, namespace, view_transition)


def target_of(html: object) -> tuple[str, PatchMode] | None:
    """Returns the selector and mode of what has no id on the page, and belongs somewhere."""
    return getattr(html, "patch_target", None)


def patch_of(yielded: object) -> context.Patch:
    """Returns what a handler yielded as a patch: itself, or a view's elements.

    Args:
        yielded: A patch, or anything with ``__html__``.
    """
    if isinstance(yielded, HasHtml):
        return emit_elements(yielded)
    return cast("context.Patch", yielded)


def remove_elements(selector: str) -> ElementsPatch:
    """Makes a patch that removes every element that the CSS selector matches."""
    return ElementsPatch("", selector, "remove")


def emit_redirect(url: str) -> ElementsPatch:
    """Makes a patch that sends the browser to another page of this site.

    A browser that is on that page already has it refreshed in place.

    Args:
        url: A path of this site, with a query if need be: ``/products``.

    Raises:
        ConfigurationError: The target is not a path of this site.
    """
    target = local(url)
    here = _END_OF_PATH.split(target, maxsplit=1)[0]
    # No script element: a content security policy may forbid those, and data-init it allows.
    go = f"location.pathname === {_text(here)} ? @get(location.href) : location.assign({_text(target)})"
    return ElementsPatch(f'<div hidden data-init="{escape(go)}"></div>', "body", "append")


def _text(value: str) -> str:
    """Returns a text as JavaScript, with no sign that HTML or Datastar would take for its own."""
    return _OWN_SIGNS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value))


_OWN_SIGNS = re.compile("[$@<>&'`]")
_END_OF_PATH = re.compile("[?#]")


def emit_script(script: str, *, attributes: Mapping[str, str] | None = None) -> ElementsPatch:
    """Makes a patch that has the browser run a script once; off unless `allow_scripts` was called.

    Args:
        script: JavaScript, which is code as it stands: values go into it by `nitro.html.js`.
        attributes: Of its element, such as a ``nonce``.

    Raises:
        ConfigurationError: Nobody allowed scripts.
        ValueError: An attribute has a name that none can have.
    """
    return ElementsPatch(script_element(script, attributes=attributes), "body", "append")
