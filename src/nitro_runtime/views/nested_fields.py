"""The field of a form that holds rows: the entities that belong to the one of the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, cast

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.schema import EntityInfo, RelationInfo, humanize
from nitro_runtime.views.choices import Target
from nitro_runtime.views.field import FormField
from nitro_runtime.views.model import EntityClass, entity_class, info_of
from nitro_runtime.views.registry import automatic
from nitro_runtime.views.upload_fields import FileField

MOST_POSTED = 1000
"""How many fields a post may have, whoever sends it: what the web layer takes."""

_OWN = 3  # what each row posts besides its fields: its key, its version, whether it is removed


class RowForm(Protocol):
    """What is known of the form of a row once it is worked out."""

    @property
    def entity(self) -> EntityClass:
        """The entity class of the rows."""
        ...

    @property
    def info(self) -> EntityInfo:
        """Its description."""
        ...

    @property
    def fields(self) -> Mapping[str, FormField]:
        """Name to bound field, in order."""
        ...

    @property
    def targets(self) -> Mapping[str, Target]:
        """The related rows of each relation field."""
        ...

    @property
    def many(self) -> tuple[str, ...]:
        """The fields that hold many other entities."""
        ...


@dataclass(frozen=True)
class RowsField(FormField):
    """The entities that belong to the one of the form, each in a row of controls.

    ```python
    class LineForm(Form[OrderLine]):
        entity = OrderLine
        product_id = RelationField(Product)
        quantity = NumberField(min=1)


    class OrderForm(Form[Order]):
        entity = Order
        customer = TextField()
        lines = RowsField(LineForm)
    ```

    It is called as the ``has_many`` of the entity. Everything is saved in one transaction with the
    entity that the rows belong to. A row that was not sent is left alone, one that is empty is not
    made, and one is deleted only when it was removed.

    Attributes:
        form: The form of one row, or the entity class for a form of its own fields. The foreign key
            is never part of it: the form sets it.
        min: The least number of rows.
        max: The greatest number of rows.
        owner: The foreign key of the rows; set by the form.
        rows: The form of one row, worked out; set by the form.
    """

    form: Any = None
    min: int = field(default=0, kw_only=True)
    max: int = field(default=50, kw_only=True)
    owner: str = field(default="", kw_only=True)
    rows: RowForm | None = field(default=None, kw_only=True)

    part: ClassVar[str] = "rows"
    is_checked: ClassVar[bool] = False
    slot: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.form is None:
            raise ViewError("RowsField takes the form of a row, or an entity class.")
        if not 0 <= self.min <= self.max or self.max < 1:
            raise ViewError(
                f"RowsField(min={self.min}, max={self.max}) can hold no row: 0 <= min <= max."
            )
        declared: Mapping[str, FormField] = getattr(self.form, "_declared", {})
        _refuse_unfit(getattr(self.form, "__name__", str(self.form)), declared)

    def show(self, value: object) -> str:
        """Returns nothing: the rows are shown one by one."""
        del value
        return ""

    @property
    def definition(self) -> RowForm:
        """The form of one row, once the form has bound the field."""
        if self.rows is None:
            raise ViewError("A RowsField is used as a field of a form.")
        return self.rows

    def for_relation(self, info: EntityInfo, name: str) -> RowsField:
        """Returns the field bound to a relation of the entity of the form.

        Args:
            info: The entity of the form.
            name: The relation.

        Raises:
            ViewError: There is no such has_many, or the rows are of another entity, or have fields
                that rows cannot have.
        """
        relation = info.relations.get(name)
        if relation is None or relation.kind != "has_many":
            known = [each.name for each in info.relations.values() if each.kind == "has_many"]
            raise ViewError(
                f"{info.name} has no has_many {name!r}, which a RowsField needs."
                f"{suggestion(name, known)}"
            )
        rows = self._worked_out(info, relation)
        most = MOST_POSTED // (len(rows.fields) + _OWN)
        if self.max > most:
            raise ViewError(
                f"{info.name}.{name} may have at most {most} rows in a form, not {self.max}: a post"
                f" has at most {MOST_POSTED} fields."
            )
        label = self.label or humanize(name)
        return replace(self, name=name, label=label, owner=relation.field, rows=rows)

    def _worked_out(self, info: EntityInfo, relation: RelationInfo) -> RowForm:
        from nitro_runtime.views.forms import Form  # which holds fields such as this one

        target = entity_class(relation.target)
        given: Any = self.form
        if not (isinstance(given, type) and issubclass(given, Form)):
            given = automatic("Form", Form, entity_class(cast("object", given)))
        form = cast("Any", given)._form()
        if info_of(form.entity).table != info_of(target).table:
            raise ViewError(
                f"{info.name}.{relation.name} holds rows of {relation.target}, and the form of its"
                f" rows is one of {form.info.name}."
            )
        declared: Mapping[str, FormField] = cast("Any", given)._declared
        if relation.field in declared:
            raise ViewError(
                f"{given.__name__}.{relation.field} says to which {info.name} a row belongs: leave"
                " it out, RowsField sets it."
            )
        fields = {n: each for n, each in form.fields.items() if n != relation.field}
        _refuse_unfit(given.__name__, fields)
        targets = {n: each for n, each in form.targets.items() if n in fields}
        return replace(form, fields=fields, targets=targets, compiled={})


def _refuse_unfit(form: str, fields: Mapping[str, FormField]) -> None:
    """Refuses what a row cannot have.

    Raises:
        ViewError: A field holds a file or rows, or is called as a button of the row.
    """
    for name, each in fields.items():
        if isinstance(each, FileField):
            raise ViewError(
                f"{form}.{name} is a file, and rows of a form take none: give the rows' entity a"
                " form of its own for it."
            )
        if isinstance(each, RowsField):
            raise ViewError(f"{form}.{name} would be rows within rows, which forms do not have.")
        if name == "remove":
            raise ViewError(
                f"{form}.remove is called as the button of its row: rename the field, or leave it out."
            )
