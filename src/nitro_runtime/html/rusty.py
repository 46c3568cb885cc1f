"""RustyTags' tags behind Nitro's escaping, for those who use them: the extra ``rusty``.

```python
from nitro_runtime.html import rusty

rusty.Div("a < b", rusty.P("text"), cls="card")
```

RustyTags escapes nothing and writes attributes in a random order. Here children and attributes go
through the same code as in `nitro_runtime.html`, and RustyTags puts them together; the document is
the same, only the order of attributes is RustyTags' own. Elements with rules of their own (void
ones, ``<script>``, ``<textarea>``, ...) and those that RustyTags lacks are Nitro's. It is not the
default because it is not quicker at equal safety: see ``python -m benchmarks table_rendering``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from nitro_runtime.errors import MissingExtra
from nitro_runtime.html import elements, svg, tags
from nitro_runtime.html.attributes import render_attributes
from nitro_runtime.html.children import Child
from nitro_runtime.html.elements import Tag
from nitro_runtime.html.markup import Html

try:
    import rusty_tags as _rusty
except ImportError as error:
    raise MissingExtra("rusty-tags", "rusty") from error


_ATTRIBUTE = r' ([^ ="]+)(?:="([^"]*)")?'


@cache
def element(name: str) -> Tag:
    """Returns the tag function of an element; see `nitro_runtime.html.element`.

    Raises:
        ViewError: It is not the name of an element.
    """
    safe = elements.element(name)
    native = getattr(_rusty, name[:1].upper() + name[1:], None)
    if native is None or elements.has_own_rules(name):
        return safe
    tag = _behind_escaping(name, native)
    tag.stream = safe.stream
    return tag


def _behind_escaping(name: str, native: Callable[..., object]) -> Any:  # noqa: ANN401 # a function that gets an attribute
    def tag(*children: Child, **attributes: object) -> Html:
        body = elements.content(children, attributes, name)
        if not attributes:
            # an empty text keeps RustyTags from writing <p/>, which a browser takes for a start tag
            return Html(str(native(body)))
        rendered = render_attributes(attributes)
        if "_" in rendered:  # RustyTags would turn an underscore in a name into a dash
            return Html(f"<{name}{rendered}>{body}</{name}>")
        return Html(str(native(dict(re.findall(_ATTRIBUTE, rendered)), body)))

    tag.__name__ = tag.__qualname__ = name[:1].upper() + name[1:]
    return tag


def __getattr__(name: str) -> Any:  # noqa: ANN401 # a tag function, or AttributeError
    if (not hasattr(tags, name) and not hasattr(svg, name)) or not name[:1].isupper():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return element("html" if name == "HtmlTag" else name[:1].lower() + name[1:])
