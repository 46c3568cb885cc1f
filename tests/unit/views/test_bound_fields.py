"""A form in pieces, for markup of one's own, and what it answers before it is sent."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from nitro_runtime.errors import Answered, Refused, ViewError
from nitro_runtime.html import Div
from nitro_runtime.html import Form as FormTag
from nitro_runtime.views import (
    CheckboxField,
    Form,
    NumberField,
    RelationField,
    SelectField,
    TextField,
    Theme,
)
from nitro_runtime.web.request import Request


@pytest.fixture
def ProductForm(Product: Any, Category: Any) -> type[Form[Any]]:  # it is a class
    class ProductForm(Form[Any]):
        entity = Product
        name = TextField(help="As on the box.")
        price = NumberField()
        status = SelectField()
        category_id = RelationField(Category, required=False)
        active = CheckboxField()

    return ProductForm


# -- the pieces ---------------------------------------------------------------------------------


async def test_a_form_gives_its_fields_one_by_one(
    ProductForm: Any, Product: Any, request_with: Any
) -> None:
    form = await ProductForm.receive(request_with({"name": "<Lamp>", "price": "-1"}))
    assert form.names == ("name", "price", "status", "category_id", "active")
    assert [each.name for each in form] == list(form.names)
    price = form.field("price")
    assert (price.id, price.label, price.value) == ("product-price", "Price", "-1")
    assert (list(price.errors), price.required) == (["At least 0."], True)
    assert (price.help, form.field("name").help) == ("", "As on the box.")
    assert (price.error_id, price.help_id) == ("product-price-error", None)
    control = price.control(cls="wide", placeholder="9.99", data_x="<1>")
    assert 'class="wide"' in control
    assert 'placeholder="9.99"' in control
    assert 'data-x="&lt;1&gt;"' in control
    assert 'id="product-price"' in control
    assert 'aria-describedby="product-price-error"' in control
    assert str(price) == price.block() == price.__html__()
    assert '<label for="product-price"' in str(price)
    assert '<p id="product-price-error" class="error">At least 0.</p>' in price.notes()
    assert "&lt;Lamp&gt;" in str(form.field("name"))
    with pytest.raises(ViewError, match=r"has no field 'prize'\. Did you mean 'price'\?"):
        form.field("prize")


async def test_a_form_put_together_by_hand_is_the_form(ProductForm: Any, Product: Any) -> None:
    product = Product.add(id=3, version=4, name="Lamp", price="5")
    for form in (await ProductForm.new(), await ProductForm.edit(product)):
        parts = [form.hidden, form.error_summary, *form, form.buttons]
        by_hand = f"<form{form.attributes}>{''.join(str(part) for part in parts)}</form>"
        assert by_hand == str(form)
        assert str(Div(list(form))) == f"<div>{''.join(map(str, form))}</div>"
    assert 'name="version" value="4"' in form.hidden


async def test_the_summary_is_there_when_something_is_wrong(
    ProductForm: Any, request_with: Any
) -> None:
    form = await ProductForm.receive(request_with({"name": "", "price": "1"}))
    assert 'href="#product-name"' in form.error_summary
    assert form.error_summary in str(form)
    assert (await ProductForm.new()).error_summary == ""


async def test_pieces_take_the_classes_of_the_forms_theme(ProductForm: Any) -> None:
    class Themed(ProductForm):
        theme = Theme(input="mine")

    assert 'class="mine"' in (await Themed.new()).field("name").control()
    assert str(FormTag(list(await Themed.new()))).count('class="mine"') == 2


# -- leaving a field ----------------------------------------------------------------------------


def leaving(name: object, *values: object) -> Request:
    body = json.dumps({"nitro_field": {"name": name, "values": list(values)}}).encode()
    return as_datastar(body)


def as_datastar(body: bytes) -> Request:
    async def read(limit: int) -> bytes:
        return body

    headers = {"datastar-request": "true", "content-type": "application/json"}
    return Request("POST", "/products", headers, read=read)


async def answer(form: Any, request: Request, original: Any = None) -> str:
    with pytest.raises(Answered) as answered:
        await form.receive(request, original)
    (patch,) = answered.value.patches
    return patch


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("name", "", "This field is required."),
        ("name", "L", "At least 2 characters."),
        ("name", "Lamp", None),
        ("price", "-1", "At least 0."),
        ("price", "1.999", "At most 2 digits after the point."),
        ("price", "<b>", "Enter a number."),
        ("price", "12.50", None),
        ("status", "gone", "Choose one of the list."),
        ("status", "live", None),
        ("category_id", "77", "Choose one of the list."),
        ("category_id", "1", None),
        ("category_id", "", None),
    ],
)
async def test_what_is_wrong_with_a_field_is_told_as_it_is_left(
    ProductForm: Any, Category: Any, Product: Any, name: str, value: str, error: str | None
) -> None:
    Category.add(id=1, name="Light")
    product = Product.add(id=3, name="Lamp", price="5")
    for original in (None, product):
        patch = await answer(ProductForm, leaving(name, value), original)
        assert patch.startswith(f'<div id="product-{name}-notes"')
        assert f'data-control="product-{name}"' in patch
        told = re.findall(r'<p id="[^"]*-error" class="error" role="alert">(.*?)</p>', patch)
        assert told == ([error] if error else [])
        assert (f"product-{name}-error" in patch) == bool(error)
        assert "<input" not in patch  # what is being typed is not touched
    assert Product.kept == [product]
    if name == "name":
        assert "As on the box." in patch


async def test_what_no_field_is_is_not_answered(ProductForm: Any) -> None:
    for request in (
        leaving("secret_note", "x"),
        leaving("id", "1"),
        leaving("active", "on"),
        leaving(["name"], "x"),
        leaving("name-" * 2000, "x"),
        as_datastar(b'{"nitro_field": "name"}'),
        as_datastar(b'{"nitro_field": {"name": "name", "values": "Lamp"}}'),
        as_datastar(b"{}"),
    ):
        with pytest.raises(Refused) as refused:
            await ProductForm.receive(request)
        assert refused.value.status == 415


async def test_values_that_are_no_texts_are_none(ProductForm: Any) -> None:
    patch = await answer(ProductForm, leaving("name", 5, None, {"a": 1}))
    assert "This field is required." in patch or "error" not in patch


async def test_the_controls_ask_by_themselves_and_their_text_is_never_code(
    ProductForm: Any, Product: Any
) -> None:
    product = Product.add(id=3, name="'); alert(1); ('", price="5")
    html = str(await ProductForm.edit(product))
    asking = re.findall(r'data-on:change="([^"]*)"', html)
    assert len(asking) == 4  # not the box
    assert len(set(asking)) == 1
    assert "alert" not in asking[0]
