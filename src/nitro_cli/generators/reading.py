"""Reads an entity out of its class: the class is the truth, what was typed once only a memory.

The source is parsed, never imported. What the grammar cannot say (a type of the user's own, say) is left out
and named.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from nitro_cli.generators.fields import attribute, declaration, enum_name, parameter_values
from nitro_cli.grammar.reserved import MANAGED
from nitro_cli.grammar.spec import EntitySpec, FieldSpec, Modifier
from nitro_cli.grammar.types import MODIFIERS, TYPES, FieldType
from nitro_cli.plan.texts import parse_python
from nitro_runtime.errors import UsageError
from nitro_runtime.naming import pluralize, snake_case

_SA_TYPES = {"Text": "text"}
_ANNOTATIONS = {"EmailStr": "email", "HttpUrl": "url", "AnyUrl": "url", "dict": "json"}
_LIMITS = {"ge": "min", "le": "max"}
_LENGTHS = {"min_length": "min", "max_length": "max"}
_TEXTS = frozenset({"str", "text", "email", "url"})
_ON_DELETE = {"CASCADE": "cascade", "RESTRICT": "restrict", "SET NULL": "null"}


@dataclass(frozen=True, slots=True)
class Found:
    """An entity as its class has it.

    Attributes:
        spec: The entity.
        enums: The classes of the words, by the name that the generators would give them.
        members: The members of those classes by their words, by the same name.
        left_out: The fields that the grammar cannot say, each as ``name: annotation``.
        needed: Those of them that nothing can be saved without.
    """

    spec: EntitySpec
    enums: Mapping[str, str]
    members: Mapping[str, Mapping[str, str]]
    left_out: tuple[str, ...]
    needed: tuple[str, ...]


def read_class(
    path: str, text: str, name: str, remembered: EntitySpec | None, known: Iterable[str]
) -> Found:
    """Returns an entity as its class has it.

    Args:
        path: The file, from the project's folder, for messages; its folder holds the resource.
        text: Its text, plain.
        name: The class.
        remembered: What was typed when it was generated, or None. A field that still is as it was
            generated keeps what only the grammar says of it.
        known: The class names of all entities of the project.

    Raises:
        UsageError: The file is not Python, or its folder and its plural do not fit.
    """
    tree = parse_python(path, text)
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    reader = _Reader(name, _enums(tree), {snake_case(other): other for other in known}, remembered)
    reader.read(node)
    folder = path.split("/")[-2]
    _check_folder(path, name, folder, _plural(node) or pluralize(snake_case(name)))
    plural = folder if folder != pluralize(snake_case(name)) else None
    return Found(
        EntitySpec(name, tuple(reader.fields), plural),
        reader.renamed,
        reader.members,
        tuple(reader.left_out),
        tuple(reader.needed),
    )


def _check_folder(path: str, name: str, folder: str, plural: str) -> None:
    if folder != plural:
        raise UsageError(
            f"{path} holds {name}, whose pages would be at /{plural.replace('_', '-')}. Call its "
            f'folder {plural}, or say its plural: class {name}(Entity, plural="{folder}")'
        )


def _plural(node: ast.ClassDef) -> str | None:
    found = next((k.value for k in node.keywords if k.arg == "plural"), None)
    return str(found.value) if isinstance(found, ast.Constant) else None


def _enums(tree: ast.Module) -> dict[str, dict[str, str]]:
    """Returns the enums of a module: class to its members, each with its word."""
    found: dict[str, dict[str, str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in node.bases):
            members = {n: v for line in node.body for n, v in _member(line)}
            if members:
                found[node.name] = members
    return found


def _member(line: ast.stmt) -> Iterable[tuple[str, str]]:
    if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
        for target in line.targets:
            if isinstance(target, ast.Name) and isinstance(line.value.value, str):
                yield target.id, line.value.value


@dataclass(slots=True)
class _Reader:
    """Reads the lines of one class.

    Attributes:
        name: The class.
        enums: The enums of its module.
        tables: The entities of the project by their tables.
        remembered: What was typed once.
        fields: What was found.
        renamed: Enum classes that are called differently from what the generators would say.
        members: The members of enums by their words.
        left_out: What the grammar cannot say.
        needed: Those of them without a default.
    """

    name: str
    enums: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, str]
    remembered: EntitySpec | None
    fields: list[FieldSpec] = field(default_factory=list[FieldSpec])
    renamed: dict[str, str] = field(default_factory=dict[str, str])
    members: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    left_out: list[str] = field(default_factory=list[str])
    needed: list[str] = field(default_factory=list[str])

    def read(self, node: ast.ClassDef) -> None:
        relations = dict(_relations(node))
        typed = {attribute(each): each for each in (self.remembered or _nothing(self.name)).fields}
        for line in node.body:
            if isinstance(line, ast.Assign):
                self.fields += _many(line)
            if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name):
                continue
            name = line.target.id
            if (
                name in MANAGED
                or name.startswith("_")
                or "ClassVar" in ast.unparse(line.annotation)
            ):
                continue
            before = typed.get(name)
            if before is not None and self._unchanged(line, before):
                self.fields.append(before)
            else:
                self._new(name, _Line.of(line), relations)

    def _unchanged(self, line: ast.AnnAssign, spec: FieldSpec) -> bool:
        whole = self.remembered or _nothing(self.name)
        row, values = TYPES[spec.type], parameter_values(whole, spec)
        source = declaration(whole, spec, row, values)
        return bool(source) and ast.unparse(ast.parse(source)) == ast.unparse(line)

    def _new(self, name: str, line: _Line, relations: Mapping[str, str]) -> None:
        spec = (
            self._reference(name, line, relations) or self._enum(name, line) or _plain(name, line)
        )
        if spec is None:
            self.left_out.append(f"{name}: {line.annotation}")
            self.needed += [] if line.optional or line.has_default else [name]
            return
        self.fields.append(spec)

    def _reference(self, name: str, line: _Line, relations: Mapping[str, str]) -> FieldSpec | None:
        key = line.text("foreign_key")
        target = self.tables.get(key.partition(".")[0]) if key else None
        if target is None or not name.endswith("_id") or relations.get(name[:-3]) != target:
            return None
        found = _common(line, {"unique", "index"})
        on = _ON_DELETE.get((line.text("ondelete") or "").upper())
        found += [Modifier("on", on)] if on else []
        found += [Modifier("one")] if "unique" in line.options else []
        return FieldSpec(name[:-3], "ref", (target,), _ordered(found))

    def _enum(self, name: str, line: _Line) -> FieldSpec | None:
        members = self.enums.get(line.annotation)
        if members is None:
            return None
        default = line.default.attr if isinstance(line.default, ast.Attribute) else ""
        spec = FieldSpec(
            name, "enum", tuple(members.values()), _ordered(_common(line)), members.get(default)
        )
        expected = enum_name(_nothing(self.name), spec)
        self.members[expected] = {word: member for member, word in members.items()}
        if expected != line.annotation:
            self.renamed[expected] = line.annotation
        return spec


def _nothing(name: str) -> EntitySpec:
    return EntitySpec(name, ())


# -- one line -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A field of a class, taken apart.

    Attributes:
        annotation: Its type, without ``| None`` and without the names of modules.
        optional: Whether it may be None.
        has_default: Whether it need not be given.
        default: The default as source, or None.
        options: The keywords of ``Field(...)``.
    """

    annotation: str
    optional: bool
    has_default: bool
    default: ast.expr | None
    options: Mapping[str, ast.expr]

    @classmethod
    def of(cls, line: ast.AnnAssign) -> _Line:
        kind, optional = _without_none(line.annotation)
        options: dict[str, ast.expr] = {}
        default = line.value
        if isinstance(default, ast.Call) and _last(default.func) == "Field":
            options = {k.arg: k.value for k in default.keywords if k.arg}
            default = default.args[0] if default.args else options.pop("default", None)
        has_default = default is not None or "default_factory" in options
        if isinstance(default, ast.Constant) and default.value in (None, ...):
            has_default = has_default and default.value is not ...
            default = None
        return cls(_named(kind), optional, has_default, default, options)

    def text(self, option: str) -> str | None:
        """Returns an option that is a text."""
        value = self.options.get(option)
        found = value.value if isinstance(value, ast.Constant) else None
        return found if isinstance(found, str) else None

    def number(self, option: str) -> str | None:
        """Returns an option that is a number, as it is typed in the grammar."""
        value = self.options.get(option)
        if value is None:
            return None
        if isinstance(value, ast.Call) and value.args:  # Decimal("0.01")
            value = value.args[0]
        try:
            return str(ast.literal_eval(value))
        except ValueError:
            return None


def _without_none(node: ast.expr) -> tuple[ast.expr, bool]:
    """Returns a type without ``None``, and whether it had it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = ast.parse(node.value, mode="eval").body
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = (node.left, node.right)
        for one, other in (sides, sides[::-1]):
            if isinstance(other, ast.Constant) and other.value is None:
                return one, True
    if isinstance(node, ast.Subscript) and _last(node.value) == "Optional":
        return node.slice, True
    return node, False


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


class _Bare(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return ast.Name(node.attr)


def _named(node: ast.expr) -> str:
    """Returns a type as text; ``datetime.date`` is ``date``."""
    return ast.unparse(cast("ast.expr", _Bare().visit(ast.parse(ast.unparse(node), mode="eval"))))


def _common(line: _Line, taken: Iterable[str] = ()) -> list[Modifier]:
    """Returns the modifiers that are options of their own."""
    found = [Modifier("opt")] if line.optional else []
    for row in MODIFIERS.values():
        value = line.options.get(row.option) if row.option not in taken else None
        if isinstance(value, ast.Constant) and value.value is True:
            found.append(Modifier(row.name))
    return found


def _ordered(modifiers: Iterable[Modifier]) -> tuple[Modifier, ...]:
    found = {each.name: each for each in modifiers}
    return tuple(found[name] for name in MODIFIERS if name in found)


def _plain(name: str, line: _Line) -> FieldSpec | None:
    """Returns a field of a type that the table has, or None."""
    found = _type(line)
    if found is None:
        return None
    row, params = found
    modifiers = _common(line)
    limits = _LENGTHS if row.name in {"str", "list"} else _LIMITS if row.html == "number" else {}
    for option, modifier in limits.items():
        number = line.number(option)
        if number is not None and not (row.name == "str" and modifier == "max"):
            modifiers.append(Modifier(modifier, number))
    return FieldSpec(name, row.name, params, _ordered(modifiers), _default(row, line))


def _type(line: _Line) -> tuple[FieldType, tuple[str, ...]] | None:
    if line.annotation.startswith("list["):
        element = line.annotation[5:-1]
        row = next((r for r in TYPES.values() if r.python == element), None)
        return None if row is None else (TYPES["list"], (row.name,))
    name = _ANNOTATIONS.get(line.annotation)
    if line.annotation == "str":
        name = _kind_of_text(line)
    matching = (r for r in TYPES.values() if r.python == line.annotation and r.name not in _TEXTS)
    row = TYPES[name] if name else next(matching, None)
    if row is None or (row.name == "ref"):
        return None
    return row, _parameters(row, line)


def _kind_of_text(line: _Line) -> str:
    sa_type = line.options.get("sa_type")
    named = _SA_TYPES.get(_last(sa_type)) if sa_type is not None else None
    pattern = line.text("regex") or line.text("pattern")
    by_pattern = {
        ast.literal_eval(value): row.name
        for row in TYPES.values()
        for option, value in row.options
        if option == "regex"
    }
    return named or by_pattern.get(pattern or "", "str")


def _parameters(row: FieldType, line: _Line) -> tuple[str, ...]:
    """Returns what stands after the type's name: ``10`` and ``2`` of a decimal."""
    by_name = {template.strip("{}"): option for option, template in row.options}
    found = [line.number(by_name[p.name]) for p in row.parameters if p.name in by_name]
    return tuple(number for number in found if number is not None) if all(found) else ()


def _default(row: FieldType, line: _Line) -> str | None:
    """Returns the default as it is typed, or None when it has none that can be."""
    value: Any = line.default
    if isinstance(value, ast.Call) and len(value.args) == 1:  # Decimal("9.99"), UUID("...")
        value = value.args[0]
    elif isinstance(value, ast.Call):  # date(2026, 1, 31)
        return _moment(value)
    try:
        literal = ast.literal_eval(value) if value is not None else None
    except ValueError:
        return None
    if isinstance(literal, bool):
        return None if row.implied == str(literal) else str(literal).lower()
    return str(literal) if isinstance(literal, str | int | float) and row.expects else None


def _moment(call: ast.Call) -> str | None:
    from datetime import date, datetime, time

    kinds: dict[str, Any] = {"date": date, "time": time, "datetime": datetime}
    kind = kinds.get(_last(call.func))
    try:
        numbers = [int(ast.literal_eval(argument)) for argument in call.args]
        return None if kind is None else kind(*numbers).isoformat().removesuffix(":00")
    except (ValueError, TypeError):
        return None


# -- relations ------------------------------------------------------------------------------------


def _relations(node: ast.ClassDef) -> Iterable[tuple[str, str]]:
    """Yields what ``category = belongs_to("Category")`` says: the attribute and the class."""
    for line in node.body:
        yield from _made_by(line, "belongs_to")


def _many(line: ast.Assign) -> list[FieldSpec]:
    """Returns ``tags = many_to_many("Tag")`` as a field; the other side of one is no field."""
    call = line.value
    if isinstance(call, ast.Call) and any(k.arg == "reverse_of" for k in call.keywords):
        return []
    return [FieldSpec(name, "many", (target,)) for name, target in _made_by(line, "many_to_many")]


def _made_by(line: ast.stmt, maker: str) -> Iterable[tuple[str, str]]:
    if not isinstance(line, ast.Assign) or not isinstance(line.value, ast.Call):
        return
    call, target = line.value, line.targets[0]
    if _last(call.func) == maker and call.args and isinstance(target, ast.Name):
        first = call.args[0]
        named = first.value if isinstance(first, ast.Constant) else _last(first)
        yield target.id, str(named)
