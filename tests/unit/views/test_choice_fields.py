"""Fields of few choices that are all in sight, and what controls tell a browser of their limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import httpx
import pytest
from pydantic import Field as Pattern

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, configure, use
from nitro_runtime.views import (
    CheckboxesField,
    DateField,
    DateTimeField,
    EmailField,
    Form,
    NumberField,
    RadioField,
    TextArea,
    TextField,
    UrlField,
)
from nitro_runtime.web.request import Request


class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


class Shirt(Entity):
    name: str = Field(min_length=2, max_length=9)
    code: Annotated[str, Pattern(pattern="^[A-Z]{3}$")] = "ABC"
    size: Size = Size.SMALL
    cut: Literal["slim", "wide"] | None = None
    colours: list[Literal["red", "blue"]] = Field(default_factory=list)
    sizes: list[Size] = Field(default_factory=list[Size])
    price: float = Field(default=0, ge=0)
    stock: int = Field(default=0, ge=0, le=99)
    heat: int = 0


class ShirtForm(Form[Shirt]):
    name = TextField()
    size = RadioField()
    cut = RadioField({"slim": "Slim <b>", "wide": "Wide"})
    colours = CheckboxesField()


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    known = dict(schema._entities)
    schema.register_entity("Shirt", Shirt)
    schema.register_entity("shirt", Shirt)
    configure("memory")
    yield
    use(MemoryRepository())
    schema._entities.clear()
    schema._entities.update(known)


def post(data: Mapping[str, Any]) -> Request:
    sent = httpx.Request("POST", "http://localhost/shirts", data=data)
    body = sent.read()

    async def read(limit: int) -> bytes:
        return body

    return Request("POST", "/shirts", dict(sent.headers.items()), read=read)


def boxes(html: object, name: str) -> dict[str, bool]:
    """Returns the boxes of a name: the value of each, and whether it is checked."""
    tags = re.findall(rf'<input[^>]*type="(?:radio|checkbox)"[^>]*name="{name}"[^>]*>', str(html))
    found = ((re.search(r'value="([^"]*)"', tag), " checked" in tag) for tag in tags)
    return {value[1]: checked for value, checked in found if value}


async def test_radios_show_every_choice_and_the_chosen_one() -> None:
    html = str(await ShirtForm.new())
    assert boxes(html, "size") == {"s": True, "l": False}
    assert boxes(html, "cut") == {"": True, "slim": False, "wide": False}
    assert "Slim &lt;b&gt;" in html
    assert re.search(r'<fieldset id="shirt-size"[^>]*>', html)
    assert re.search(r"<legend[^>]*>Size</legend>", html)
    assert html.count("<fieldset") == html.count("<legend") == 3
    shirt = Shirt.create(name="Tee", size=Size.LARGE, cut="wide", colours=["blue"])
    html = str(await ShirtForm.edit(shirt))
    assert boxes(html, "size") == {"s": False, "l": True}
    assert boxes(html, "cut") == {"": False, "slim": False, "wide": True}
    assert boxes(html, "colours") == {"red": False, "blue": True}


async def test_what_is_chosen_is_saved_as_the_types_say() -> None:
    form = await ShirtForm.receive(
        post({"name": "Tee", "size": "l", "cut": "slim", "colours": ["", "blue", "red", "blue"]})
    )
    shirt = await form.save()
    assert shirt is not None, form.errors
    assert (shirt.size, shirt.cut, shirt.colours) == (Size.LARGE, "slim", ["blue", "red"])
    form = await ShirtForm.receive(post({"cut": "", "colours": ""}), shirt)
    assert await form.save() is shirt, form.errors
    assert (shirt.size, shirt.cut, shirt.colours) == (Size.LARGE, None, [])
    form = await ShirtForm.receive(post({"name": "Top"}), shirt)
    assert await form.save() is shirt, form.errors


async def test_what_is_none_of_the_choices_is_refused() -> None:
    form = await ShirtForm.receive(
        post({"name": "Tee", "size": "xl", "cut": "Slim <b>", "colours": ["red", "green"]})
    )
    assert form.errors == {
        "size": ["Choose one of the list."],
        "cut": ["Choose one of the list."],
        "colours": ["Choose one of the list."],
    }
    html = str(form)
    assert '<a href="#shirt-size">Size: Choose one of the list.</a>' in html
    assert boxes(html, "colours") == {"red": True, "blue": False}


async def test_boxes_may_be_required() -> None:
    class Strict(Form[Shirt]):
        name = TextField()
        colours = CheckboxesField(required=True)

    form = await Strict.receive(post({"name": "Tee", "colours": ""}))
    assert form.errors == {"colours": ["This field is required."]}


async def test_a_list_of_choices_gets_boxes_by_itself() -> None:
    html = str(Form.from_entity(Shirt))
    assert boxes(html, "sizes") == {"s": False, "l": False}
    assert boxes(html, "colours") == {"red": False, "blue": False}


async def test_controls_tell_browsers_their_limits_and_keyboards() -> None:
    class Limits(Form[Shirt]):
        name = TextField()
        code = TextField(inputmode="latin")
        price = NumberField()
        stock = NumberField()
        heat = NumberField()
        mail = EmailField(extra=True)
        site = UrlField(extra=True)
        note = TextArea(extra=True, min_length=3, autocomplete="off")

    html = str(Limits())

    def tag(name: str) -> str:
        found = re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>', html)
        assert found
        return found[0]

    for name, parts in {
        "name": ('minlength="2"', 'maxlength="9"', " required"),
        "code": ('pattern="[A-Z]{3}"', 'inputmode="latin"'),
        "price": ('min="0"', 'step="any"', 'inputmode="decimal"'),
        "stock": ('min="0"', 'max="99"', 'inputmode="numeric"'),
        "mail": ('type="email"', 'autocomplete="email"'),
        "site": ('type="url"', 'autocomplete="url"'),
        "note": ('minlength="3"', 'autocomplete="off"'),
    }.items():
        for part in parts:
            assert part in tag(name), (name, part)
    assert "inputmode" not in tag("heat")  # a phone's digits alone have no minus sign


async def test_dates_have_a_first_and_a_last() -> None:
    class Visit(Entity):
        day: date = Field(default=date(2026, 1, 5), ge=date(2026, 1, 1))
        at: datetime = datetime(2026, 1, 5, tzinfo=UTC)

    class VisitForm(Form[Visit]):
        day = DateField(max=date(2026, 12, 31))
        at = DateTimeField(min=datetime(2026, 1, 1, 9, 30))

    html = str(VisitForm())
    assert 'min="2026-01-01" max="2026-12-31"' in html
    assert 'min="2026-01-01T09:30"' in html
    form = await VisitForm.receive(post({"day": "2027-01-01", "at": "2026-01-01T09:29"}))
    assert form.errors == {
        "day": ["At most 2026-12-31."],
        "at": ["At least 2026-01-01T09:30."],
    }
    form = await VisitForm.receive(post({"day": "2026-12-31", "at": "2026-01-01T09:30"}))
    assert form.valid, form.errors
