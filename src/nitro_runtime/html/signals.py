"""Signals as Python expressions: ``count + 1``, ``(a > b) & c``, ``if_(busy, "wait", "go")``.

```python
count = Signal("count", 0)
Div(
    Button("more", on_click=count.add(1), disabled=count >= 10),
    Span(text="Clicked " + count + " times"),
    signals=count,
)
```

An expression is JavaScript source that only this module writes: whatever is mixed in as a Python
value goes through `nitro_runtime.html.js`, so a visitor's data can never become code. What means
something else in Python than in the browser (``and``, ``in``, ``if``) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from nitro_runtime.html.annotations import Any, NoReturn, cast
from nitro_runtime.html.javascript import JsExpr, js
from nitro_runtime.html.markup import refuse

# how closely JavaScript's operators bind
_ATOM = 20
_UNARY = 15
_POWER = 14
_TIMES = 13
_PLUS = 12
_ORDER = 10
_EQUAL = 9
_AND = 5
_OR = 4
_CHOICE = 3
_ASSIGNMENT = 2


class Expression:
    """A JavaScript expression, made of signals and operators.

    ``+ - * / // % **``, comparisons, ``&`` (and), ``|`` (or), ``~`` (not), ``abs`` and indices are
    JavaScript's; an attribute is a property, and calling one calls it: ``name.trim()``. ``str`` of it
    is the source.
    """

    __slots__ = ("_assignable", "_binding", "_source")

    def __init__(self, source: str, binding: int = _ATOM, assignable: bool = False) -> None:
        self._source = source
        self._binding = binding
        self._assignable = assignable

    def __js__(self) -> JsExpr:
        return JsExpr(self._source)

    def __js_operand__(self) -> JsExpr:
        return JsExpr(_left(self, _ATOM))

    def __str__(self) -> str:
        return self._source

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source!r})"

    # -- what it computes -----------------------------------------------------------------------

    def __add__(self, other: object) -> Expression:
        return _infix(self, "+", other, _PLUS)

    def __radd__(self, other: object) -> Expression:
        return _infix(other, "+", self, _PLUS)

    def __sub__(self, other: object) -> Expression:
        return _infix(self, "-", other, _PLUS)

    def __rsub__(self, other: object) -> Expression:
        return _infix(other, "-", self, _PLUS)

    def __mul__(self, other: object) -> Expression:
        return _infix(self, "*", other, _TIMES)

    def __rmul__(self, other: object) -> Expression:
        return _infix(other, "*", self, _TIMES)

    def __truediv__(self, other: object) -> Expression:
        return _infix(self, "/", other, _TIMES)

    def __rtruediv__(self, other: object) -> Expression:
        return _infix(other, "/", self, _TIMES)

    def __floordiv__(self, other: object) -> Expression:
        return Expression(f"Math.floor({self / other})")

    def __rfloordiv__(self, other: object) -> Expression:
        return Expression(f"Math.floor({other / self})")

    def __mod__(self, other: object) -> Expression:
        return _infix(self, "%", other, _TIMES)

    def __rmod__(self, other: object) -> Expression:
        return _infix(other, "%", self, _TIMES)

    def __pow__(self, other: object) -> Expression:
        return _power(self, other)

    def __rpow__(self, other: object) -> Expression:
        return _power(other, self)

    def __neg__(self) -> Expression:
        return Expression(f"-{_left(_number(self), _ATOM)}", _UNARY)

    def __pos__(self) -> Expression:
        return Expression(f"+{_left(self, _ATOM)}", _UNARY)

    def __abs__(self) -> Expression:
        return Expression(f"Math.abs({self._source})")

    def __round__(self, digits: int = 0) -> Expression:
        if digits == 0:
            return Expression(f"Math.round({self._source})")
        return Expression(f"Math.round({self * 10**digits}) / {10**digits}", _TIMES)

    # -- what it compares -----------------------------------------------------------------------

    def __eq__(self, other: object) -> Expression:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] # an expression, as a query's column
        return _equal(self, other, "===")

    def __ne__(self, other: object) -> Expression:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] # see __eq__
        return _equal(self, other, "!==")

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __lt__(self, other: object) -> Expression:
        return _infix(self, "<", other, _ORDER)

    def __le__(self, other: object) -> Expression:
        return _infix(self, "<=", other, _ORDER)

    def __gt__(self, other: object) -> Expression:
        return _infix(self, ">", other, _ORDER)

    def __ge__(self, other: object) -> Expression:
        return _infix(self, ">=", other, _ORDER)

    def __and__(self, other: object) -> Expression:
        return _infix(self, "&&", other, _AND)

    def __rand__(self, other: object) -> Expression:
        return _infix(other, "&&", self, _AND)

    def __or__(self, other: object) -> Expression:
        return _infix(self, "||", other, _OR)

    def __ror__(self, other: object) -> Expression:
        return _infix(other, "||", self, _OR)

    def __invert__(self) -> Expression:
        return Expression(f"!{_left(self, _UNARY)}", _UNARY)

    # -- what is in it --------------------------------------------------------------------------

    def __getitem__(self, index: object) -> Expression:
        base = _left(self, _ATOM)
        if isinstance(index, slice):
            return _slice(base, cast("slice[object, object, object]", index))
        if type(index) is int and index < 0:
            return Expression(f"{base}.at({index})")
        return Expression(f"{base}[{_source(index)}]", assignable=self._assignable)

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("_") or not name.isascii():
            raise AttributeError(name)  # Python's own; the browser's is self["_name"]
        return Expression(f"{_left(self, _ATOM)}.{name}", assignable=self._assignable)

    def __call__(self, *arguments: object) -> Expression:
        """Calls what the property is: ``name.padStart(5, "0")``."""
        return Expression(f"{_left(self, _ATOM)}({', '.join(map(_source, arguments))})")

    @property
    def length(self) -> Expression:
        """The length of a text or a list."""
        return Expression(f"{_left(self, _ATOM)}.length")

    def contains(self, part: object) -> Expression:
        """Whether the text or the list has this in it."""
        return Expression(f"{_left(self, _ATOM)}.includes({_source(part)})")

    def startswith(self, start: object) -> Expression:
        """Whether the text begins with this."""
        return Expression(f"{_left(self, _ATOM)}.startsWith({_source(start)})")

    def endswith(self, end: object) -> Expression:
        """Whether the text ends with this."""
        return Expression(f"{_left(self, _ATOM)}.endsWith({_source(end)})")

    def lower(self) -> Expression:
        """The text in small letters."""
        return Expression(f"{_left(self, _ATOM)}.toLowerCase()")

    def upper(self) -> Expression:
        """The text in capitals."""
        return Expression(f"{_left(self, _ATOM)}.toUpperCase()")

    def strip(self) -> Expression:
        """The text with no blanks around it."""
        return Expression(f"{_left(self, _ATOM)}.trim()")

    # -- what it changes ------------------------------------------------------------------------

    def set(self, value: object) -> Expression:
        """Sets the signal."""
        return Expression(f"{self._target()} = {_source(value)}", _ASSIGNMENT)

    def add(self, value: object) -> Expression:
        """Adds to the signal, a number or a text."""
        return Expression(f"{self._target()} = {self + value}", _ASSIGNMENT)

    def toggle(self) -> Expression:
        """Turns the signal from true to false and back."""
        return self.set(~self)

    def append(self, *values: object) -> Expression:
        """Puts values at the end of the list in the signal."""
        items = ", ".join([f"...({self._source} || [])", *map(_source, values)])
        return Expression(f"{self._target()} = [{items}]", _ASSIGNMENT)

    def _target(self) -> str:
        if not self._assignable:
            refuse(f"{self._source} is not a signal, so it cannot be set.")
        return self._source

    # -- what Python would decide at once -------------------------------------------------------

    def __bool__(self) -> NoReturn:
        refuse(
            f"{self._source} is known in the browser only: write & for and, | for or, ~ for not,"
            " if_(…) for if, and (a < b) & (b < c) for a chain."
        )

    def __contains__(self, part: object) -> NoReturn:
        refuse(f"{self._source} is known in the browser only: write .contains(…) for in.")

    def __iter__(self) -> NoReturn:
        refuse(f"{self._source} is known in the browser only, so it has no items to loop over.")

    def __len__(self) -> NoReturn:
        refuse(f"{self._source} is known in the browser only: write .length for len.")


class Signal(Expression):
    """A signal: its name, and the value it begins with.

    ``Signal("count", 0)`` stands for itself in ``signals=`` and ``bind=``, and for its value in
    expressions. ``Signal("product.price")`` is one inside another, and so is ``product.price``.
    """

    __slots__ = ("_initial", "_name")

    def __init__(self, name: str, initial: object = ...) -> None:
        """Names a signal.

        Args:
            name: Letters, digits and underscores; dots between a signal and one inside it. One
                that begins with an underscore is never sent to the server.
            initial: Its first value, for ``signals=``; left out for one that is declared elsewhere.

        Raises:
            ViewError: It is no name of a signal, or the value has no JavaScript literal.
        """
        name = checked_name(name)
        super().__init__(f"${name}", assignable=True)
        self._name = name
        self._initial = initial
        if initial is not ...:
            js(initial)

    def __getattr__(self, name: str) -> Signal:
        if name.startswith("_") or not name.isascii():
            raise AttributeError(name)
        return Signal(f"{self._name}.{name}")

    @property
    def signal_name(self) -> str:
        """The name, without Datastar's ``$``."""
        return self._name

    @property
    def signal_initial(self) -> object:
        """The value that it begins with; an ellipsis if none was given."""
        return self._initial


def if_(condition: object, then: object, otherwise: object) -> Expression:
    """Returns ``condition ? then : otherwise``.

    ``if_(count > 9, "many", "few")``; both may be values, expressions or actions.
    """
    branches = f"{_left(then, _CHOICE + 1)} : {_left(otherwise, _CHOICE)}"
    return Expression(f"{_left(condition, _CHOICE + 1)} ? {branches}", _CHOICE)


def match(value: object, cases: Mapping[Any, object], default: object = None) -> Expression:
    """Returns what stands for the value among the cases, compared one after the other.

    ``match(status, {"draft": "Not yet", "live": "On sale"}, default="Gone")``.
    """
    chosen = as_expression(default)
    for case, result in reversed(list(cases.items())):
        chosen = if_(_equal(as_expression(value), case, "==="), result, chosen)
    return chosen


# -- writing the source -------------------------------------------------------------------------

_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*"
_SIMPLE = r"[A-Za-z0-9_$.]+|@[A-Za-z]+\([^()]*\)"


def checked_name(name: object) -> str:
    """Returns the name of a signal.

    Raises:
        ViewError: It is not one.
    """
    if isinstance(name, str) and re.fullmatch(_NAME, name) and "__" not in name:
        return name
    refuse(
        f"{name!r} is not the name of a signal: write letters, digits and single underscores, as in"
        " 'unit_price', and dots as in 'product.price'."
    )


def as_expression(value: object) -> Expression:
    """Returns an expression as it is, code as one in brackets, any other value as its literal."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, JsExpr):
        simple = re.fullmatch(_SIMPLE, value) is not None
        return Expression(value if simple else f"({value})")
    literal = js(value)
    return Expression(f"({literal})" if literal[:1] in "-{" else literal)


def _source(value: object) -> str:
    return as_expression(value)._source  # pyright: ignore[reportPrivateUsage] # the module's own


def _left(value: object, binding: int) -> str:
    """Returns the source of an operand for an operator that binds that closely."""
    operand = as_expression(value)
    source = operand._source  # pyright: ignore[reportPrivateUsage] # the module's own
    return f"({source})" if operand._binding < binding else source  # pyright: ignore[reportPrivateUsage]


def _infix(left: object, operator: str, right: object, binding: int) -> Expression:
    if operator in _NUMERIC and not (operator == "+" and _is_text(left, right)):
        left, right = _number(left), _number(right)
    return Expression(f"{_left(left, binding)} {operator} {_left(right, binding + 1)}", binding)


_NUMERIC = frozenset(["+", "-", "*", "/", "%", "<", "<=", ">", ">="])


def _is_text(*operands: object) -> bool:
    return any(isinstance(operand, str) for operand in operands)


def _number(operand: object) -> object:
    """A decimal travels as text, so that it stays exact; where it is computed with, it is a number."""
    if isinstance(operand, Decimal):
        js(float(operand))  # refuses what is not finite
        return Expression(f"({operand:f})" if operand < 0 else f"{operand:f}")
    if isinstance(operand, Signal) and isinstance(operand.signal_initial, Decimal):
        return Expression(f"Number({operand})")
    return operand


def _power(base: object, exponent: object) -> Expression:
    source = f"{_left(_number(base), _ATOM)} ** {_left(_number(exponent), _POWER)}"
    return Expression(source, _POWER)


def _equal(left: Expression, right: object, operator: str) -> Expression:
    if right is None:
        # null, missing and empty are one to Datastar: a signal that is set to null reads as "";
        # ?? takes neither && nor || beside it without brackets
        return Expression(f"({_left(left, _AND + 1)} ?? {js('')}) {operator} {js('')}", _EQUAL)
    return _infix(left, operator, right, _EQUAL)


def _slice(base: str, part: slice[object, object, object]) -> Expression:
    if part.step is not None:
        refuse("A slice of an expression has no step.")
    start = 0 if part.start is None else part.start
    ends = [start] if part.stop is None else [start, part.stop]
    return Expression(f"{base}.slice({', '.join(map(_source, ends))})")


def as_name(value: object) -> str:
    """Returns the name of a signal that is given by name or as a `Signal`.

    Raises:
        ViewError: It is neither.
    """
    return value.signal_name if isinstance(value, Signal) else checked_name(value)


def initial_values(signals: object) -> dict[str, object]:
    """Returns the first values of one signal or several, as the object that Datastar takes.

    Raises:
        ViewError: One of them has none, or one is inside another that is no object.
    """
    found: dict[str, object] = {}
    listed = cast("list[object]", signals) if isinstance(signals, list | tuple) else [signals]
    for signal in listed:
        if isinstance(signal, Mapping):
            found.update(cast("Mapping[str, object]", signal))
        elif not isinstance(signal, Signal):
            refuse(f"signals takes a dict or Signals, not {type(signal).__name__}.")
        elif signal.signal_initial is ...:
            refuse(f"{signal!r} has no first value: write Signal({signal.signal_name!r}, …).")
        else:
            _place(found, signal)
    return found


def _place(found: dict[str, object], signal: Signal) -> None:
    *outer, last = signal.signal_name.split(".")
    for word in outer:
        inside = found.get(word, {})
        if not isinstance(inside, Mapping):
            refuse(f"{signal!r} is inside {word!r}, which has a value of its own.")
        found[word] = dict(cast("Mapping[str, object]", inside))
        found = cast("dict[str, object]", found[word])
    found[last] = signal.signal_initial
