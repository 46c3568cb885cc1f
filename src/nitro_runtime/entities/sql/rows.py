"""Functions that make a row of what a driver returns, and a driver's parameters of a row.

They are written and compiled for each entity, as reading a row is the hottest path there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from nitro_runtime.entities.kinds import ENUM
from nitro_runtime.entities.mapper import MappedField, Row
from nitro_runtime.entities.sql.tables import shadow_name
from nitro_runtime.entities.text import fold
from nitro_runtime.errors import InvalidRow

if TYPE_CHECKING:
    from nitro_runtime.entities.sql.plans import Bind, Plan


def decoder(plan: Plan) -> Callable[[Sequence[Any]], Row]:
    """Writes and compiles a function that makes a row of a driver's tuple and checks its types.

    One function with everything in line, because reading a row is the hottest path there is.
    """
    names = plan.mapper.names
    variables = [f"v{i}" for i in range(len(names))]
    scope: dict[str, Any] = {}
    convert: list[str] = []
    tests: list[str] = []
    for i, field in enumerate(plan.mapper.fields.values()):
        process = plan.result(field)
        if field.kind.exact is bool:
            convert.append(f"if v{i} == 1: v{i} = True\n        elif v{i} == 0: v{i} = False")
        elif process is not None:
            scope[f"p{i}"] = process
            convert.append(f"if v{i} is not None: v{i} = p{i}(v{i})")
        test = _type_test(i, field, scope)
        tests.append(f"(v{i} is not None and {test})" if field.info.nullable else test)
    body = "\n        ".join(convert) or "pass"
    pairs = ", ".join(f"{name!r}: v{i}" for i, name in enumerate(names))
    source = (
        f"def decode(row):\n    {', '.join(variables)}, = row\n"
        f"    try:\n        {body}\n"
        "    except (ValueError, TypeError, LookupError, ArithmeticError) as error:\n"
        "        raise invalid(row, error) from None\n"
        f"    if {' or '.join(tests)}:\n        raise invalid(row, None)\n"
        f"    return {{{pairs}}}\n"
    )
    scope["invalid"] = _complaint(plan, scope)
    exec(compile(source, f"<rows of {plan.mapper.info.table}>", "exec"), scope)  # noqa: S102 # field names are identifiers
    return scope["decode"]


def _type_test(i: int, field: MappedField, scope: dict[str, Any]) -> str:
    """Returns the condition under which a value is not of its field's type."""
    if field.kind.exact is not None:
        scope[f"t{i}"] = field.kind.exact
        return f"type(v{i}) is not t{i}"
    if field.kind is ENUM:
        scope[f"t{i}"] = field.plain
        return f"not isinstance(v{i}, t{i})"
    return f"v{i} is None" if not field.info.nullable else "False"


def _complaint(
    plan: Plan, scope: dict[str, Any]
) -> Callable[[Sequence[Any], Exception | None], InvalidRow]:
    """Returns what finds the wrong value of a row and makes the error of it."""
    fields = list(plan.mapper.fields.values())

    def invalid(row: Sequence[Any], error: Exception | None) -> InvalidRow:
        problem = str(error or "a value has a wrong type")
        for i, (field, value) in enumerate(zip(fields, row, strict=True)):
            if not _fits(field, value, scope.get(f"p{i}")):
                expected = getattr(field.plain, "__name__", str(field.plain))
                problem = f"{field.name} is {value!r}, which is no {expected}."
        named = dict(zip(plan.mapper.names, row, strict=True))
        return InvalidRow(plan.mapper.info.table, plan.mapper.key_of(named), problem)

    return invalid


def _fits(field: MappedField, value: Any, process: Bind | None) -> bool:  # noqa: ANN401
    if value is None:
        return field.info.nullable
    if field.kind.exact is bool:
        return value in (0, 1)
    try:
        made = value if process is None else process(value)
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return False
    return field.kind.exact is None or type(made) is field.kind.exact


def encoder(plan: Plan) -> Callable[[Row], tuple[Any, ...]]:
    """Writes and compiles a function that makes the parameters of the insert of a row."""
    scope: dict[str, Any] = {"fold": fold}
    parts: list[str] = []
    shadows = {shadow_name(name): name for name in plan.mapper.search}
    for i, column in enumerate(plan.table.columns):
        if column.name in shadows:
            parts.append(f"fold(row[{shadows[column.name]!r}])")
            continue
        process = plan.bind(column)
        if plan.dialect.name == "sqlite" and plan.mapper.fields[column.name].kind.exact is bool:
            process = None  # its driver keeps True as 1 by itself
        if process is None:
            parts.append(f"row[{column.name!r}]")
        else:
            scope[f"p{i}"] = process
            parts.append(f"p{i}(row[{column.name!r}])")
    if len(parts) > 1 and all(part.startswith("row[") for part in parts):
        return itemgetter(*(column.name for column in plan.table.columns))
    source = f"def encode(row):\n    return ({', '.join(parts)},)\n"
    exec(compile(source, f"<parameters of {plan.mapper.info.table}>", "exec"), scope)  # noqa: S102
    return scope["encode"]
