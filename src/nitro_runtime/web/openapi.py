"""Commands and queries in an OpenAPI document (OpenAPI Specification 3.1), each at an address of its own.

All of them are answered by one route, ``/cmds/{command}/{sender}``; a document that named only that would
say nothing of what a command takes. Adapters of frameworks that make such a document have it completed
here, when it is asked for: no request is slower by it, and what was opened after ``install`` is in it.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Mapping
from copy import copy
from functools import lru_cache, partial
from typing import Any, TypeVar

from nitro_runtime.events import CommandSpec, registered

log = logging.getLogger(__name__)

Schema = dict[str, Any]
T = TypeVar("T")

SENDER = {
    "name": "sender",
    "in": "path",
    "required": True,
    "description": "The id of the browser tab that calls, which the page was given.",
    "schema": {"type": "string"},
}
DATASTAR = {
    "name": "Datastar-Request",
    "in": "header",
    "description": "`true`, as Datastar sends it; the input is then read from the signals.",
    "schema": {"type": "string", "enum": ["true"]},
}
_STREAM = {"schema": {"type": "string"}}
_SENTENCE = {"text/plain": {"schema": {"type": "string"}}}
_REFUSALS = {
    "403": "The request came from elsewhere, the tab is another session's, or the caller may not.",
    "404": "There is no such command, or what it names does not exist.",
    "413": "The body is too long.",
    "415": "The body is neither JSON nor a form.",
    "422": "The input does not fit.",
    "429": "Too many requests; `Retry-After` says for how many seconds to wait.",
}


def extend(owner: T, method: str, change: Callable[[Any], Any]) -> T:
    """Has what a method of an object returns changed, each time it is called; returns the object."""
    own: Callable[..., Any] = getattr(owner, method)

    def changed(*args: Any, **options: Any) -> Any:  # noqa: ANN401 # the method's
        return change(own(*args, **options))

    setattr(owner, method, changed)
    return owner


def extend_config(app: Any, prefix: str) -> None:  # noqa: ANN401 # an app, or what it is made from
    """Has the document of an app completed whose ``openapi_config`` makes an object that makes it.

    The configuration is copied, because a default one serves all apps of a process. A plugin that
    holds it already, as when the app is made by then, is given the copy.
    """
    if app.openapi_config is None:
        return
    complete = partial(with_commands, prefix=prefix)
    own = extend(
        copy(app.openapi_config),
        "to_openapi_schema",
        lambda made: extend(made, "to_schema", complete),
    )
    for plugin in app.plugins:
        if getattr(plugin, "_openapi_config", None) is app.openapi_config:
            plugin._openapi_config = own
    app.openapi_config = own


def with_commands(document: Mapping[str, Any], prefix: str = "") -> Schema:
    """Returns an OpenAPI document with every command and query in it; the given one stays as it is.

    What the document has already at such an address, or under such a name, wins.

    Args:
        document: The document, as a framework or the app made it.
        prefix: What stands before ``/cmds``: the one of ``install``.
    """
    paths, schemas = json.loads(_described(tuple(registered().values()), prefix))
    components = document.get("components", {})
    merged: Schema = {**document, "paths": _added(document.get("paths", {}), paths)}
    if schemas:
        known = components.get("schemas", {})
        merged["components"] = {**components, "schemas": _added(known, schemas)}
    return merged


def document(title: str, version: str = "1", prefix: str = "") -> Schema:
    """Returns an OpenAPI document of the commands and queries alone, for an app that makes none."""
    info = {"title": title, "version": version}
    return with_commands({"openapi": "3.1.0", "info": info, "paths": {}}, prefix)


@lru_cache(maxsize=4)
def _described(specs: tuple[CommandSpec, ...], prefix: str) -> str:
    """Returns the paths and schemas of commands as JSON, so that each document has its own of them."""
    schemas: Schema = {}
    paths = {f"{prefix}/cmds/{spec.name}/{{sender}}": _path_item(spec, schemas) for spec in specs}
    return json.dumps([paths, schemas])


def _added(known: Mapping[str, Any], new: Mapping[str, Any]) -> Schema:
    return {**known, **{name: value for name, value in new.items() if name not in known}}


def _path_item(spec: CommandSpec, schemas: Schema) -> Schema:
    schema = _input_schema(spec, schemas)
    item: Schema = {"parameters": [SENDER], "post": _operation(spec, "post")}
    item["post"]["requestBody"] = {
        "required": bool(schema.get("required")),
        "content": {
            "application/json": {"schema": schema},
            "application/x-www-form-urlencoded": {"schema": schema},
        },
    }
    if spec.kind == "query":
        signals = {
            "name": "datastar",
            "in": "query",
            "required": bool(schema.get("required")),
            "description": "The input, as JSON.",
            "content": {"application/json": {"schema": schema}},
        }
        item["get"] = _operation(spec, "get")
        item["get"]["parameters"].append(signals)
    return item


def _operation(spec: CommandSpec, method: str) -> Schema:
    summary, text = _words(spec)
    operation: Schema = {
        "operationId": f"{spec.name}.{method}" if spec.kind == "query" else spec.name,
        "tags": [spec.name.partition(".")[0]],
        "summary": summary,
        "parameters": [DATASTAR],
        "responses": {
            "200": {
                "description": "Patches for the page.",
                "content": {"text/event-stream": _STREAM},
            },
            **{
                code: {"description": told, "content": _SENTENCE}
                for code, told in _REFUSALS.items()
            },
        },
    }
    return {**operation, "description": text} if text else operation


def _words(spec: CommandSpec) -> tuple[str, str]:
    """Returns the first line of the docstring, or the name, and what follows it."""
    documented = spec.origin if isinstance(spec.origin, type) else spec.function
    text = inspect.cleandoc(documented.__doc__ or spec.function.__doc__ or "")
    return spec.summary or spec.name, text.partition("\n")[2].strip()


def _input_schema(spec: CommandSpec, schemas: Schema) -> Schema:
    """Returns the JSON schema of what a command takes; models inside it go to the components."""
    from pydantic.errors import PydanticInvalidForJsonSchema

    template = f"#/components/schemas/{spec.name}.{{model}}"
    try:
        schema = spec.input.model.model_json_schema(ref_template=template)
    except PydanticInvalidForJsonSchema:  # it can be checked, but JSON Schema has no word for it
        log.warning("the input of %s has no JSON schema, so OpenAPI shows any object", spec.name)
        return {"type": "object"}
    inner = schema.pop("$defs", {})
    schemas.update({f"{spec.name}.{name}": part for name, part in inner.items()})
    return schema
