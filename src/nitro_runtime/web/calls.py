"""`call`: a command, query or action as the expression that has a page's browser call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import isclass
from typing import Any, cast

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.events import CommandSpec, find_command, registered
from nitro_runtime.events.actions import action_name, action_of
from nitro_runtime.html import JsExpr, expr, get, post
from nitro_runtime.html.javascript import quoted
from nitro_runtime.views.page_calls import COMMANDS_SIGNAL, TAB_SIGNAL

_KEY = expr("{'Idempotency-Key': crypto.getRandomValues(new Uint32Array(4)).join('-')}")

# Datastar's actions give a promise. A second click while the first is under way, or right after it,
# is the same click to whoever pressed twice.
_ONCE = "el.nitroCalls || (el.nitroCalls = true, {call}.finally(() => setTimeout(() => el.nitroCalls = false, 500)))"


def call(target: Any, /, *, idempotent: bool = False, **fields: Any) -> JsExpr:  # noqa: ANN401 # see below
    """Returns the expression that calls a command or query from a page: for ``on_click`` and the like.

    ```python
    Button("5 more", on_click=call(product.restock, quantity=5))
    Button("more", on_click=call(product.restock, quantity=Signal("quantity")))
    ```

    Fields are sent as they are given, and nothing else is; without any, the page's signals are, of
    which a command gets those that it names. A value that is a signal or an expression is read in the
    browser when it is called. Any value is safe, whatever is in it. A command whose answer is lost is
    not sent again, since it may have run; the page says that it failed.

    Args:
        target: An action of an entity (``product.restock``, ``Product.archive_all``), a function opened
            with ``command`` or ``query``, a `Command` or `Query` or its class, or a name.
        idempotent: Whether it is sent with a key, so that Datastar may repeat it when the connection
            is lost and the server runs it once nevertheless, and the element waits for the answer, and half a
            second more, before it calls again.
        fields: The input.

    Raises:
        ViewError: There is no such command, it has no such field, or one that it needs is missing.
    """
    spec, known = _found(target)
    sent = {**known, **{name: _plain(value) for name, value in fields.items()}}
    _check(spec, sent)
    address = JsExpr(f"${COMMANDS_SIGNAL} + {quoted(f'{spec.name}/', chr(39))} + ${TAB_SIGNAL}")
    action = get if spec.kind == "query" else post
    made = action(
        address,
        payload=sent or None,
        headers=_KEY if idempotent and spec.kind == "command" else None,
        retry_max_count=None if idempotent or spec.kind == "query" else 0,
        request_cancellation="disabled" if idempotent else None,
    )
    return JsExpr(_ONCE.replace("{call}", made)) if idempotent else made


def _found(target: Any) -> tuple[CommandSpec, dict[str, Any]]:  # noqa: ANN401 # see above
    """Returns what is called, and the fields that it brings along."""
    if isinstance(target, str):
        spec = find_command(target)
        if spec is None:
            raise ViewError(f"There is no command {target!r}.{suggestion(target, registered())}")
        return spec, {}
    if action_of(target) is not None:
        return _found_action(target)
    name: str = getattr(target, "__command_name__", "")
    if name:
        sent: dict[str, Any] = {} if isclass(target) else target.model_dump(mode="json")
        return _found(name)[0], sent
    for spec in registered().values():
        if spec.function is target:
            return spec, {}
    name = getattr(target, "__qualname__", repr(target))
    raise ViewError(f"{name} was not opened: write @command, @query or @action over it.")


def _found_action(method: Any) -> tuple[CommandSpec, dict[str, Any]]:  # noqa: ANN401 # a method
    name = action_name(method)
    spec = None if name is None else find_command(name)
    if spec is None:
        raise ViewError(
            f"Of which entity {method.__qualname__} is to be called cannot be told: call it by its "
            'name, as in call("product.restock", ...).'
        )
    entity = getattr(method, "__self__", None)
    if spec.input.instance_of is None or entity is None:
        return spec, {}
    return spec, {name: getattr(entity, name) for name in spec.input.keys}


def _plain(value: Any) -> Any:  # noqa: ANN401 # any value
    """Returns an entity as its key, a model as its values, also in lists and dicts; all else as it is."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("Sequence[Any]", value)]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in cast("dict[Any, Any]", value).items()}
    kind: Any = value.__class__
    info = getattr(kind, "__entity__", None) if hasattr(kind, "__entity_options__") else None
    if info is not None:
        keys = [getattr(value, name) for name in info.key]
        return keys[0] if len(keys) == 1 else keys
    if hasattr(kind, "model_dump"):
        return value.model_dump(mode="json")
    return value


def _check(spec: CommandSpec, sent: Mapping[str, Any]) -> None:
    fields = spec.input.fields
    unknown = next((name for name in sent if name not in fields), None)
    if unknown is not None:
        raise ViewError(f"{spec.name!r} has no field {unknown!r}.{suggestion(unknown, fields)}")
    missing = [name for name in fields if name in spec.input.required and name not in sent]
    if sent and missing:
        raise ViewError(
            f"{spec.name!r} needs {', '.join(missing)} too: give a value, or the signal that has it."
        )
