"""Forms: what is shown, what is taken, what is said when something is wrong."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from nitro_runtime.errors import BrokenReference, StaleEntity, ViewError
from nitro_runtime.views import (
    Form,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextArea,
    TextField,
    form_for,
)

GOOD = {"name": "Lamp", "price": "12.50", "stock": "3", "status": "live", "active": "on"}


def control(html: str, name: str) -> str:
    """Returns the start tag of the control of this name."""
    found = re.search(rf'<(?:input|select|textarea)[^>]*\bname="{name}"[^>]*>', html)
    assert found, f"no control {name} in {html}"
    return found[0]


async def test_an_entity_gives_a_form_with_a_control_for_each_field_a_visitor_may_set(
    Product: Any,
) -> None:
    html = str(Form.from_entity(Product))
    assert html.startswith('<form id="product-form"')
    assert 'method="post" action="/products"' in html
    assert re.findall(r'\bname="(\w+)"', html) == [
        "name",
        "price",
        "stock",
        "status",
        "category_id",
        "description",
        "active",
    ]
    assert 'maxlength="80"' in control(html, "name")
    assert 'type="number"' in control(html, "price")
    assert 'min="0"' in control(html, "price")
    assert 'step="0.01"' in control(html, "price")
    assert 'value="0"' in control(html, "stock")
    assert 'type="checkbox"' in control(html, "active")
    assert " checked" in control(html, "active")
    assert '<option value="draft" selected>Draft</option>' in html
    assert '<option value="out_of_stock">Out of stock</option>' in html


async def test_every_control_has_a_label_of_its_own(Product: Any) -> None:
    html = str(Form.from_entity(Product))
    labels = re.findall(r'<label for="([^"]+)"', html)
    controls = re.findall(r'<(?:input|select|textarea)[^>]*\bid="([^"]+)"', html)
    assert sorted(labels) == sorted(controls)


async def test_a_valid_post_saves_a_new_entity(Product: Any, request_with: Any) -> None:
    form = await Form.from_entity(Product).receive(request_with(GOOD))
    assert form.valid
    assert form.http_status == 200
    product = await form.save()
    assert product is not None
    assert (product.name, product.price, product.stock) == ("Lamp", Decimal("12.50"), 3)
    assert Product.kept == [product]


async def test_a_post_never_reaches_a_field_that_is_not_in_the_form(
    Product: Any, request_with: Any
) -> None:
    hostile = {
        "id": "99",
        "version": "7",
        "secret_note": "mine",
        "margin": "1000",
        "is_admin": "true",
        "__class__": "x",
        "kept": "x",
    }
    form = await Form.from_entity(Product).receive(request_with({**GOOD, **hostile}))
    assert set(form.data) == {"name", "price", "stock", "status", "active"}
    product = await form.save()
    assert product is not None
    assert (product.id, product.version, product.secret_note, product.margin) == (0, 1, "hush", 7)


async def test_wrong_values_are_said_at_their_fields_and_kept_as_they_were_typed(
    Product: Any, request_with: Any
) -> None:
    form = await Form.from_entity(Product).receive(
        request_with({"name": " ", "price": "-1", "stock": "many", "status": "gone"})
    )
    assert not form.valid
    assert form.http_status == 422
    assert form.errors == {
        "name": ["This field is required."],
        "price": ["At least 0."],
        "stock": ["Enter a number."],
        "status": ["Choose one of the list."],
    }
    assert await form.save() is None
    html = str(form)
    price = control(html, "price")
    assert 'value="-1"' in price
    assert 'aria-invalid="true"' in price
    assert 'aria-describedby="product-price-error"' in price
    assert '<p id="product-price-error" class="error">At least 0.</p>' in html
    assert 'value="many"' in control(html, "stock")
    assert 'role="alert"' in html
    assert "There are 4 problems with this form." in html
    assert '<a href="#product-price">Price: At least 0.</a>' in html


@pytest.mark.parametrize(
    ("name", "posted", "sentence"),
    [
        ("name", "x", "At least 2 characters."),
        ("name", "x" * 81, "At most 80 characters."),
        ("name", "a\0b", "This does not have the right format."),
        ("price", "1.234", "At most 2 digits after the point."),
        ("price", "123456789.00", "At most 8 digits before the point."),
        ("price", "NaN", "Enter a number."),
        ("price", "1e999", "Enter a number."),
        ("stock", "1.5", "Enter a whole number."),
        ("stock", "9223372036854775808", "At most 9223372036854775807."),
        ("category_id", "77", "Choose one of the list."),
        ("category_id", "1; drop table", "Choose one of the list."),
    ],
)
async def test_what_is_wrong_with_a_value_is_a_sentence_for_people(
    Product: Any, request_with: Any, name: str, posted: str, sentence: str
) -> None:
    form = await Form.from_entity(Product).receive(request_with({**GOOD, name: posted}))
    assert form.errors == {name: [sentence]}


async def test_an_edit_shows_the_entity_and_saves_what_was_changed(
    Product: Any, request_with: Any
) -> None:
    product = Product.add(id=7, name="Lamp", price="1.50", description="a\nb", active=True)
    form = await form_for(product).edit(product)
    html = str(form)
    assert 'action="/products/7"' in html
    assert '<input type="hidden" name="version" value="1">' in html
    assert 'value="1.50"' in control(html, "price")
    assert ">\na\nb</textarea>" in html
    received = await form.receive(
        request_with({"name": "Lamp", "price": "2.00", "version": "1"}), product
    )
    assert received.data == {"price": Decimal("2.00"), "active": False}
    assert await received.save() is product
    assert (product.price, product.active, product.description) == (Decimal("2.00"), False, "a\nb")


async def test_an_untouched_value_is_left_as_exact_as_it_was(
    Product: Any, request_with: Any
) -> None:
    product = Product.add(id=7, name="  padded  ", price="1.50", description="a\r\nb")
    posted = {"name": "  padded  ", "price": "1.50", "active": "on"}
    form = await form_for(product).receive(request_with(posted), product)
    assert form.valid
    assert form.data == {}


async def test_somebody_elses_change_is_told_and_nothing_is_saved(
    Product: Any, request_with: Any
) -> None:
    product = Product.add(id=7, name="Lamp", price="1.50", version=3)
    form = await form_for(product).receive(
        request_with({"name": "Mine", "price": "1.50", "version": "2"}), product
    )
    assert form.http_status == 409
    assert await form.save() is None
    assert product.name == "Lamp"
    assert "Somebody else changed this while you were editing it." in str(form)
    assert 'name="version" value="2"' in str(form)


async def test_an_entity_that_is_gone_at_the_save_is_told_too(
    Product: Any, request_with: Any
) -> None:
    product = Product.add(id=7, name="Lamp", price="1.50")
    form = await form_for(product).receive(request_with({"name": "Mine", "price": "1.50"}), product)
    Product.kept.clear()
    assert await form.save() is None
    assert form.http_status == 409
    with pytest.raises(StaleEntity):
        await product.aupdate(name="Mine")


async def test_a_choice_that_is_gone_at_the_save_is_told(
    Product: Any, request_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(self: Any) -> None:
        raise BrokenReference("Product")

    monkeypatch.setattr(Product, "asave", gone)
    form = await Form.from_entity(Product).receive(request_with({**GOOD, "name": "Lamp"}))
    assert await form.save() is None
    assert form.form_errors == ["What you chose does not exist any more. Choose again."]
    assert 'value="Lamp"' in str(form)


async def test_a_duplicate_is_an_error_at_its_field(Product: Any, request_with: Any) -> None:
    Product.add(id=1, name="Lamp", price="1.00")
    form = await Form.from_entity(Product).receive(request_with(GOOD))
    assert form.valid
    assert await form.save() is None
    assert form.errors == {"name": ["Another product has this already."]}


async def test_a_declared_form_has_its_own_fields_and_options(
    Product: Any, Category: Any, request_with: Any
) -> None:
    class ProductForm(Form[Any]):
        entity = Product
        name = TextField(max_length=5, label="Title", help="Short.", placeholder="Lamp")
        price = NumberField(max=10)
        status = SelectField([("draft", "Not yet"), ("live", "In the shop")])
        category_id = RelationField(Category)
        description = TextArea(required=True)

    html = str(await ProductForm.new({"price": Decimal("2.50")}))
    assert 'placeholder="Lamp"' in control(html, "name")
    assert "Title</label>" in html
    assert '<p id="product-name-help" class="help">Short.</p>' in html
    assert 'aria-describedby="product-name-help"' in control(html, "name")
    assert 'value="2.50"' in control(html, "price")
    assert '<option value="live">In the shop</option>' in html
    form = await ProductForm.receive(request_with({"name": "Lampion", "price": "11"}))
    assert form.errors == {
        "name": ["At most 5 characters."],
        "price": ["At most 10."],
    }
    assert form.http_status == 422


async def test_a_field_named_like_something_of_the_form_hides_nothing(
    Product: Any, request_with: Any
) -> None:
    class Clash(Form[Any]):
        entity = Product
        name = TextField()
        price = NumberField()
        save = TextField(extra=True)  # pyright: ignore
        errors = TextField(extra=True)  # pyright: ignore

    form = await Clash.receive(request_with({**GOOD, "save": "x", "errors": "y"}))
    assert form.errors == {}
    assert (form.data["save"], form.data["errors"]) == ("x", "y")
    assert await form.save() is not None


async def test_the_application_may_set_what_the_form_does_not_have(
    Product: Any, request_with: Any
) -> None:
    class NameForm(Form[Any]):
        entity = Product
        fields = ["name"]  # noqa: RUF012

    form = await NameForm.receive(request_with({"name": "Lamp", "price": "0.01"}))
    assert form.valid
    product = await form.save(price=Decimal("9.99"))
    assert product is not None
    assert product.price == Decimal("9.99")
    without = await NameForm.receive(request_with({"name": "Other"}))
    assert await without.save() is None
    assert without.form_errors == ["price: This field is required."]


async def test_extra_fields_stand_in_the_data_and_are_not_saved(
    Product: Any, request_with: Any
) -> None:
    class SignUp(Form[Any]):
        entity = Product
        name = TextField()
        price = NumberField()
        password = PasswordField(extra=True, required=True, min_length=3)

    form = await SignUp.receive(request_with({**GOOD, "password": " pw "}))
    assert form.data["password"] == " pw "  # noqa: S105
    assert await form.save() is not None
    refused = await SignUp.receive(request_with({**GOOD, "password": "secret", "price": "x"}))
    assert "secret" not in str(refused)
    assert 'type="password" value=""' in str(refused)


def test_a_form_refuses_fields_that_do_not_exist_or_may_not_be_set(Product: Any) -> None:
    class Typo(Form[Any]):
        entity = Product
        nmae = TextField()

    class Secret(Form[Any]):
        entity = Product
        secret_note = TextField()

    with pytest.raises(ViewError, match="Did you mean 'name'"):
        str(Typo())
    with pytest.raises(ViewError, match="never taken from a browser"):
        str(Secret())
    with pytest.raises(ViewError, match="is not an entity class"):

        class NoEntity(Form[Any]):  # pyright: ignore[reportUnusedClass]
            entity = int


async def test_a_form_that_was_not_received_cannot_be_saved(Product: Any) -> None:
    form = Form.from_entity(Product)
    assert not form.valid
    with pytest.raises(ViewError, match="received"):
        await form.save()


async def test_a_select_has_at_most_fifty_rows_and_a_search_the_others(
    Product: Any, Category: Any, request_with: Any
) -> None:
    for number in range(1, 51):
        Category.add(id=number, name=f"Category {number:02}")
    product = Product.add(id=1, name="Lamp", price="1.00", category_id=50)
    html = str(await form_for(product).edit(product))
    assert '<option value="50" selected>Category 50</option>' in html
    assert html.count("<option") == 54  # none, fifty rows and three of the status
    for number in range(51, 61):
        Category.add(id=number, name=f"Category {number:02}")
    product.category_id = 60
    html = str(await form_for(product).edit(product))
    assert html.count("<option") == 3
    assert '<input type="hidden" name="category_id" value="60">' in html
    assert 'value="Category 60"' in control(html, "category_id-text")
    form = await form_for(product).receive(
        request_with({"name": "Lamp", "price": "1.00", "category_id": "59"}), product
    )
    assert form.data["category_id"] == 59


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>",
    "${alert(1)} @post('/x') $name",
    "&lt;b&gt; &amp;",
    "\ue0000\ue001 and \ue0001\ue001",
    "a\u2028b\u2029c",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_a_value_holds_is_only_ever_text(
    Product: Any, Category: Any, request_with: Any, text: str
) -> None:
    from html.parser import HTMLParser

    class Seen(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[str] = []
            self.values: list[str | None] = []
            self.texts = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)
            self.values += [value for name, value in attrs if name == "value"]
            assert not any(name.startswith("on") for name, _ in attrs)

        def handle_data(self, data: str) -> None:
            self.texts += data

    plain, hostile = Seen(), Seen()
    Category.add(id=1, name=text)
    ordinary = Product.add(id=1, name="Lamp", price="1.00", category_id=1, description="x")
    plain.feed(str(await form_for(ordinary).edit(ordinary)))
    product = Product.add(id=2, name=text, price="1.00", category_id=1, description=text)
    form = await form_for(product).edit(product)
    hostile.feed(str(form))
    assert hostile.tags == plain.tags
    assert text in hostile.values
    assert hostile.texts.count(text) == 2  # the description and the category
    wrong = await form_for(product).receive(
        request_with({"name": text, "price": text, "description": text}), product
    )
    again = Seen()
    again.feed(str(wrong))
    assert "script" not in again.tags
    assert again.values.count(text) == 2
