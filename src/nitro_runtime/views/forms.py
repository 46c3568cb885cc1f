"""Forms: declared by a class or made from an entity, rendered, received, validated and saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Generic, Self, TypeVar, cast, get_args, overload

from pydantic import ValidationError
from typing_extensions import get_original_bases

from nitro_runtime.context import neutral_request
from nitro_runtime.errors import (
    Answered,
    BrokenReference,
    Duplicate,
    StaleEntity,
    ViewError,
    suggestion,
)
from nitro_runtime.html import Html, raw
from nitro_runtime.views.asking import CHECK, SEARCH, asked, asked_of
from nitro_runtime.views.bound_fields import BoundField
from nitro_runtime.views.choices import Choices, Target, arows_of, rows_of
from nitro_runtime.views.fields import (
    Files,
    FormField,
    RelationField,
    SelectField,
    default_of,
    split_keys,
)
from nitro_runtime.views.form_answers import checked_field, field_answer, search_answer
from nitro_runtime.views.form_definition import FormDefinition, define_form, is_suffix
from nitro_runtime.views.form_markup import (
    SUFFIX,
    VERSION,
    form_buttons,
    form_summary,
    form_tag,
    hidden_fields,
    render_form,
)
from nitro_runtime.views.form_reading import (
    Posted,
    Reading,
    check_choices,
    keep_unoffered,
    read_files,
    read_post,
    validate,
)
from nitro_runtime.views.form_state import FormState
from nitro_runtime.views.kept_files import FileNotKept, KeptFiles
from nitro_runtime.views.model import EntityLike, address_of, list_address
from nitro_runtime.views.nested_rows import row_sets
from nitro_runtime.views.nested_saving import save_together
from nitro_runtime.views.registry import automatic, declare
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.typed_choices import TypedPost, Unclear, with_keys
from nitro_runtime.views.words import Words, say, speaking

E = TypeVar("E")
T = TypeVar("T")


class Form(Generic[E]):
    """A form for one entity.

    ```python
    class ProductForm(Form[Product]):
        entity = Product
        name = TextField(max_length=80)
        price = NumberField(min=0)


    form = await ProductForm.receive(request)
    product = await form.save()  # None when something is wrong; the form then shows what
    ```

    Only the declared fields are ever taken from a post. With no declared field the form has those
    of the entity that a visitor may set; ``fields`` chooses them by name, or maps names to fields.
    An instance belongs to one request.

    Attributes:
        entity: The entity class.
        fields: Names of fields, or names to fields, when they are not declared one by one.
        theme: The classes of this form; the current theme when left out.
        keep_unsaved: Whether what a visitor typed and did not save survives a live update of the page.
        original: The entity that is edited, or None.
    """

    entity: type[E]
    fields: ClassVar[Any] = None  # names, or names to fields
    theme: ClassVar[Theme | None] = None
    automatic: ClassVar[bool] = False
    keep_unsaved: ClassVar[bool] = True

    _declared: ClassVar[Mapping[str, FormField]] = {}
    _definition: ClassVar[FormDefinition | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 # the language's own
        super().__init_subclass__(**kwargs)
        own = {name: each for name, each in vars(cls).items() if isinstance(each, FormField)}
        for name in own:
            if hasattr(Form, name):  # a field named like something of Form's must not hide it
                delattr(cls, name)
        cls._declared = {**cls._declared, **own}
        cls._definition = None
        if "entity" not in vars(cls) and (named := _entity_named(cls)) is not None:
            cls.entity = named
        if "entity" in vars(cls) and not cls.automatic:
            declare("Form", cls, cls.entity)

    def __init__(
        self, original: E | None = None, *, action: str | None = None, suffix: str = ""
    ) -> None:
        """Makes a form whose choices are read when it is rendered; `new` and `edit` read them now.

        Args:
            original: The entity to edit; None for a new one.
            action: Where to post to; from the entity's address when left out.
            suffix: What tells it from another form of its kind on the page, such as a key; its ids
                end with it. A form that is received knows it from what was posted.

        Raises:
            ViewError: The suffix is no text of letters, digits and dashes.
        """
        self._suffix = suffix
        form = self._shape()
        self._unread = form.many if original is not None else ()
        shown = {
            name: default_of(each)
            if original is None or name in self._unread
            else each.show(getattr(original, name, None))
            for name, each in form.fields.items()
        }
        self.original = original
        self._action = action
        self._version = _version(original)
        self._reading = Reading(shown)
        self._received = False
        self._saved = False
        self._stale = False
        self._choices: dict[str, Choices] | None = None if form.targets else _fixed(form)
        self._rows = row_sets(form.fields, form.dom_id, original, form.entity)
        self._pressed = False
        self._is_plain = False
        self._offers: dict[str, Choices] = {}
        self._words: Words | None = None
        self._outcome: E | None = None

    @classmethod
    def _form(cls) -> FormDefinition:
        if cls._definition is None:
            cls._definition = define_form(getattr(cls, "entity", None), cls._declared, cls.fields)
        return cls._definition

    def _shape(self) -> FormDefinition:
        return self._form().called(self._suffix)

    def _take_suffix(self, suffix: str) -> None:
        """Is the one of several forms that was posted."""
        if suffix != self._suffix and is_suffix(suffix):
            self._suffix = suffix
            form = self._shape()
            self._rows = row_sets(form.fields, form.dom_id, self.original, form.entity)

    # -- making one -----------------------------------------------------------------------------

    @overload
    @classmethod
    def from_entity(
        cls, entity: type[T], *, action: str | None = None, suffix: str = ""
    ) -> Form[T]: ...
    @overload
    @classmethod
    def from_entity(cls, entity: T, *, action: str | None = None, suffix: str = "") -> Form[T]: ...
    @classmethod
    def from_entity(cls, entity: Any, *, action: str | None = None, suffix: str = "") -> Form[Any]:
        """Returns a form made of an entity's own fields.

        Args:
            entity: The class, for a new entity, or an entity to edit.
            action: Where to post to; from the entity's address when left out.
            suffix: What tells it from another form of its kind on the page.
        """
        is_class = isinstance(entity, type)
        kind = cast("type[Form[Any]]", cls)
        if not hasattr(cls, "entity"):
            kind = automatic("Form", cls, entity if is_class else type(entity))
        return kind(None if is_class else entity, action=action, suffix=suffix)

    @classmethod
    async def new(
        cls,
        initial: Mapping[str, object] | None = None,
        *,
        action: str | None = None,
        suffix: str = "",
    ) -> Self:
        """Returns an empty form with its choices read.

        Args:
            initial: Values to begin with, by field; others are ignored.
            action: Where to post to; from the entity's address when left out.
            suffix: What tells it from another form of its kind on the page.
        """
        form = cls(action=action, suffix=suffix)
        for name, each in cls._form().fields.items():
            if initial is not None and name in initial:
                form._reading.shown[name] = each.show(initial[name])
        await form.load()
        return form

    @classmethod
    async def edit(cls, original: E, *, action: str | None = None, suffix: str = "") -> Self:
        """Returns a form filled with an entity, with its choices read."""
        form = cls(original, action=action, suffix=suffix)
        await form.load()
        return form

    @classmethod
    async def receive(
        cls,
        request: Any,  # noqa: ANN401 # any framework's request
        original: E | None = None,
        *,
        action: str | None = None,
    ) -> Self:
        """Returns the form as it was posted, validated.

        Args:
            request: The request, Nitro's or the framework's own.
            original: The entity that is edited; None for a new one.
            action: Where to post to again; from the entity's address when left out.

        Raises:
            Refused: The request is not a form that may be taken.
            Answered: It was no whole form yet: a visitor left a field, or added or removed a row.
        """
        form = cls(original, action=action)
        neutral, limit = neutral_request(request), cls._form().body_limit
        form._is_plain = not getattr(neutral, "is_datastar", False)
        if not form._is_plain and not getattr(neutral, "is_form", True):
            await form._answer(await neutral.signals())
        form._words = neutral.words
        posted = await (neutral.form() if limit is None else neutral.form(limit))
        form._take_suffix("".join(posted.getlist(SUFFIX)[-1:]))
        files = None if limit is None else await neutral.files(limit)
        with speaking(form._words):
            await form._take(posted, files)
        if form._pressed and not form._is_plain:
            theme = form.theme or current_theme()
            raise Answered(*(each.html(theme) for each in form._rows.values() if each.spoken))
        return form

    async def _answer(self, signals: Mapping[str, Any]) -> None:
        """Answers a visitor who has just left a field.

        Raises:
            Answered: With what is wrong with it, if anything.
        """
        self._take_suffix(asked_of(signals).removeprefix(f"{self._form().stem}-")[: -len("-form")])
        theme, editing = self.theme or current_theme(), self.original is not None
        if (left := asked(signals, CHECK)) and (place := self._place(left[0])):
            form, each, stem = place
            if each.is_checked:
                reading = await checked_field(form, each, left[1], editing=editing)
                raise Answered(field_answer(replace(each, name=left[0]), reading, theme, stem))
        if (typed := asked(signals, SEARCH)) and (place := self._place(typed[0])):
            form, each, stem = place
            if isinstance(each, RelationField):
                target, text = form.targets[each.name], "".join(typed[1])
                label = each.label or each.name
                control_id = f"{stem}-{typed[0]}"
                raise Answered(*await search_answer(target, control_id, label, text))

    def _place(self, name: str) -> tuple[FormDefinition, FormField, str] | None:
        """Returns the form, the field and the stem of ids of what is posted under a name."""
        form = self._shape()
        if name in form.fields:
            return form, form.fields[name], form.stem
        for rows in self._rows.values():
            if each := rows.field_called(name):
                return rows.form, each, rows.stem
        return None

    def _target(self, name: str) -> Target | None:
        """Returns the related rows of what is posted under a name."""
        place = self._place(name)
        if place is None or not isinstance(place[1], RelationField):
            return None
        return place[0].targets.get(place[1].name)

    async def _take(self, posted: Posted, files: Files | None = None) -> None:
        form, editing = self._shape(), self.original is not None
        await self._read_chosen()
        self._received = True
        typed = await with_keys(posted, self._target)
        self._reading = read_post(form, typed, self._reading.shown, editing=editing)
        self._take_unclear(typed.unclear)
        if self._rows and await self._press(typed):
            return
        if files is not None:
            read_files(form, posted, files, self._reading)
        await self.load()
        check_choices(form, self._reading, self._choices or {})
        if editing:
            await keep_unoffered(form, self._reading, self.original, self._choices or {})
        validate(form, self._reading, editing=editing)
        for rows in self._rows.values():
            await rows.check()
            if rows.stale:
                self._complain_stale()
        version = posted.getlist(VERSION)
        # shown again as it was posted, so that a second try is as stale as the first
        if self._version is not None and version and version[-1] != self._version:
            self._version = version[-1]
            self._complain_stale()

    def _take_unclear(self, unclear: Mapping[str, Unclear]) -> None:
        """Asks for what was typed and is not clear; what is in a row its rows ask for."""
        for name, each in unclear.items():
            if name in self._shape().fields:
                self._reading.data.pop(name, None)
                self._reading.errors[name] = [each.sentence]
                self._offers[name] = each.choices

    async def _press(self, posted: TypedPost) -> bool:
        """Reads the rows; whether one was added or removed, and the form is not finished."""
        sets = self._rows.values()
        for rows in sets:
            rows.read(posted, posted.unclear)
        # every one is asked: two buttons may have been posted
        self._pressed = any([rows.press(posted) for rows in sets])
        if self._pressed:
            self._reading.errors.clear()
            for rows in sets:
                rows.clear()
            await self.load()
        return self._pressed

    async def load(self) -> None:
        """Reads the choices of related entities, and what is chosen among them."""
        await self._read_chosen()
        for rows in self._rows.values():
            await rows.aload_choices()
        if self._choices is None:
            form, shown = self._shape(), self._reading.shown
            rows = {
                name: await arows_of(each, split_keys(shown[name]))
                for name, each in form.targets.items()
            }
            self._choices = {**_fixed(form), **rows}

    async def _read_chosen(self) -> None:
        """Reads which others the edited entity has, and which rows belong to it."""
        for rows in self._rows.values():
            await rows.aload_stored()
        if self._unread:
            await cast("EntityLike", self.original).aload(*self._unread)
            self._show_chosen()

    def _show_chosen(self) -> None:
        names, self._unread = self._unread, ()
        for name in names:
            each = self._shape().fields[name]
            self._reading.shown[name] = each.show(getattr(self.original, name))

    async def load_for(self, request: Any) -> None:  # noqa: ANN401 # a neutral request
        """Reads the choices; what a page does with its views."""
        del request
        await self.load()

    # -- what was posted ------------------------------------------------------------------------

    @property
    def valid(self) -> bool:
        """Whether a form was received and nothing is wrong with it."""
        return self._received and not self._pressed and not self._is_wrong()

    @property
    def errors(self) -> dict[str, list[str]]:
        """What is wrong, as sentences by field."""
        own = {name: texts for name, texts in self._reading.errors.items() if name}
        for rows in self._rows.values():
            own |= rows.all_errors()
        return own

    @property
    def form_errors(self) -> list[str]:
        """What is wrong with the whole, as sentences."""
        return list(self._reading.errors.get("", ()))

    @property
    def data(self) -> dict[str, Any]:
        """The values that were posted and are good, by field; extra fields among them."""
        return {
            **self._reading.data,
            **{name: rows.data for name, rows in self._rows.items()},
        }

    @property
    def http_status(self) -> int:
        """The status to answer with: 200, 422 with errors, 409 when somebody else was quicker."""
        if self._stale:
            return 409
        return 422 if self._is_wrong() else 200

    def _is_wrong(self) -> bool:
        return bool(self._reading.errors) or any(each.all_errors() for each in self._rows.values())

    def add_error(self, text: str, field: str = "") -> None:
        """Adds a sentence of the application's own, at a field or about the whole form.

        Raises:
            ViewError: The form has no such field.
        """
        for rows in self._rows.values():
            if found := rows.find(field):
                row, each = found
                row.reading.complain(each.name if each else "", text)
                return
        if field and field not in self._shape().fields:
            raise ViewError(f"{type(self).__name__} has no field {field!r}.")
        self._reading.complain(field, text)

    async def save(self, **values: Any) -> E | None:  # noqa: ANN401 # the entity validates
        """Saves the entity, new or edited.

        Args:
            **values: What the application sets itself, such as the owner; it wins over the form.

        Returns:
            The entity, or None when something is wrong, which the form then shows.

        Raises:
            ViewError: The form was not received.
        """
        if not self._received:
            raise ViewError("Only a received form can be saved: await Form.receive(request) first.")
        if not self.valid:
            return None
        if self._outcome is not None:  # asked for once more
            return self._outcome
        own = {name: value for name, value in self.data.items() if self._is_own(name)}
        given = {**own, **values}
        kept = KeptFiles()
        saved: E | None = None
        try:
            await kept.keep(self._shape().uploads, given)
            with speaking(self._words):
                saved = await self._try(given | kept.keys)
        except FileNotKept as complaint:
            self._reading.complain(complaint.name, str(complaint))
        finally:
            kept.discard() if saved is None else kept.hand_over()
            self._outcome = saved
        if saved is not None:
            self._saved = True
            if self.original is not None:  # shown again, it is what others may change from now on
                self._version = _version(saved)
        return saved

    async def _try(self, values: dict[str, Any]) -> E | None:
        try:
            return await self._write(values)
        except ValidationError as error:
            self._reading.complain_all(self._shape(), error)
        except Duplicate as error:
            name = error.field if error.field in self._shape().fields else ""
            self._reading.complain(name, say("duplicate", entity=self._shape().info.label.lower()))
        except BrokenReference:
            self._reading.complain("", say("broken_reference"))
        except StaleEntity:
            self._complain_stale()
        return None

    async def _write(self, values: dict[str, Any]) -> E | None:
        if self._rows:
            return await self._write_with_rows(values)
        if self.original is None:
            made = self._shape().entity(**values)
            await made.asave()
            return cast("E", made)
        await cast("EntityLike", self.original).aupdate(**values)
        return self.original

    async def _write_with_rows(self, values: dict[str, Any]) -> E | None:
        original = cast("EntityLike | None", self.original)
        sets = list(self._rows.values())
        saved = await save_together(self._shape().entity, original, values, sets)
        if any(rows.stale for rows in sets):
            self._complain_stale()
        return cast("E | None", saved)

    def _is_own(self, name: str) -> bool:
        form = self._shape()
        return name in form.info.fields or name in form.many

    def _complain_stale(self) -> None:
        self._stale = True
        self._reading.complain("", say("stale"))

    # -- rendering ------------------------------------------------------------------------------

    @property
    def dom_id(self) -> str:
        """The id of the form element."""
        return self._shape().dom_id

    @property
    def suffix(self) -> str:
        """What tells it from another form of its kind on the page; empty for none."""
        return self._suffix

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its fields, in order."""
        return tuple(self._shape().fields)

    def field(self, name: str) -> BoundField:
        """Returns one of its fields with what it shows now, for markup of one's own.

        ```python
        Div(form.field("name").control(cls="wide"), form.field("name").errors)
        ```

        Args:
            name: The name that it is posted under; a field in a row is ``lines-0-quantity``.

        Raises:
            ViewError: The form has no such field.
        """
        form, theme, state = self._shape(), self.theme or current_theme(), self._prepared()
        if name in form.fields:
            return BoundField(form.fields[name], state, theme, form.stem)
        for rows in self._rows.values():
            if bound := rows.bound(name, theme):
                return bound
        raise ViewError(
            f"{type(self).__name__} has no field {name!r}.{suggestion(name, form.fields)}"
        )

    def __iter__(self) -> Iterator[BoundField]:
        return (self.field(name) for name in self.names)

    @property
    def attributes(self) -> Html:
        """The attributes of a ``<form>`` tag of one's own, with a space before the first."""
        tag = form_tag(self._shape(), self._prepared(), self.theme or current_theme())
        return raw(tag.removeprefix("<form").removesuffix("></form>"))

    @property
    def hidden(self) -> Html:
        """What it posts unseen; it belongs into every form tag of one's own."""
        return hidden_fields(self._prepared())

    @property
    def error_summary(self) -> Html:
        """What is wrong, with links to the fields; empty when nothing is."""
        state = self._prepared()
        if not (state.errors or state.form_errors):
            return raw("")
        return form_summary(self._shape(), state, self.theme or current_theme())

    @property
    def buttons(self) -> Html:
        """The button that saves, and the link that does not."""
        return form_buttons(self._prepared(), self.theme or current_theme())

    def __html__(self) -> Html:
        state = self._prepared()
        return render_form(self._shape(), state, self.theme or current_theme())

    def _prepared(self) -> FormState:
        """Returns what it shows; reads what was not read yet."""
        form = self._shape()
        for rows in self._rows.values():
            rows.load_stored()
            rows.load_choices()
        if self._choices is None:
            if self._unread:
                self._show_chosen()
            shown = self._reading.shown
            rows = {
                name: rows_of(each, split_keys(shown[name])) for name, each in form.targets.items()
            }
            self._choices = {**_fixed(form), **rows}
        return self._state(form)

    def __str__(self) -> str:
        return self.__html__()

    def _lost(self) -> dict[str, list[str]]:
        """What to say at files that were good: a page that is loaded anew has them no more."""
        if not (self._is_plain and self._received and self._is_wrong()):
            return {}
        good = (name for name in self._shape().uploads if self._reading.data.get(name) is not None)
        return {name: [say("file_again")] for name in good}

    def _state(self, form: FormDefinition) -> FormState:
        new = self.original is None
        address = list_address(form.info) if new else address_of(self.original)
        return FormState(
            action=self._action or address,
            cancel=address,
            submit=say("create" if new else "save"),
            version=self._version,
            shown=self._reading.shown,
            choices={**(self._choices or {}), **self._offers},
            errors=self.errors | self._lost(),
            form_errors=self.form_errors,
            rows=self._rows,
            unsaved=self._received and not self._saved,
            keep=self.keep_unsaved,
            suffix=self._suffix,
        )


def _entity_named(form: type[Form[Any]]) -> type[Any] | None:
    """Returns the entity class that a form names as ``Form[Product]``, or None."""
    for base in get_original_bases(form):
        for each in get_args(base):
            if isinstance(each, type) and hasattr(each, "__entity__"):
                return each
    return None


def _fixed(form: FormDefinition) -> dict[str, Choices]:
    """Returns the choices that never change, by field."""
    selects = {name: each for name, each in form.fields.items() if isinstance(each, SelectField)}
    return {name: each.offered for name, each in selects.items() if each.offered is not None}


def _version(original: object) -> str | None:
    value = getattr(original, "version", None) if original is not None else None
    return None if value is None else str(value)
