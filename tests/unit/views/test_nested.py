"""Rows of a form: the entities that belong to the one of the form, saved with it or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from nitro_runtime import schema
from nitro_runtime.entities import (
    Entity,
    Field,
    FileKey,
    MemoryRepository,
    belongs_to,
    configure,
    has_many,
    register_backend,
    use,
)
from nitro_runtime.errors import Answered, ViewError
from nitro_runtime.views import (
    CheckboxField,
    FileField,
    Form,
    NumberField,
    RelationField,
    RowsField,
    TextField,
)
from nitro_runtime.web.request import Request


class Product(Entity):
    name: str


class Order(Entity):
    customer: str = Field(max_length=40)

    lines = has_many("OrderLine")


class OrderLine(Entity, unique_together=[("order_id", "product_id")]):
    order_id: str = Field(foreign_key="order.id")
    product_id: str = Field(foreign_key="product.id")
    quantity: int = Field(default=1, ge=1, le=99)
    gift: bool = False

    order = belongs_to(Order)
    product = belongs_to(Product)


class LineForm(Form[OrderLine]):
    entity = OrderLine
    product_id = RelationField(Product)
    quantity = NumberField(min=1)
    gift = CheckboxField()


class OrderForm(Form[Order]):  # which names its entity itself
    customer = TextField()
    lines = RowsField(LineForm, help="What is sent.")


class FewForm(Form[Order]):
    entity = Order
    customer = TextField()
    lines = RowsField(OrderLine, min=1, max=2)


@pytest.fixture(params=["memory", "sqlite"], autouse=True)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    known = dict(schema._entities)
    for entity in (Product, Order, OrderLine):
        schema.register_entity(entity.__name__, entity)
        schema.register_entity(entity.__entity__.table, entity)
    if request.param == "memory":
        configure("memory")
    else:
        configure(f"sqlite:///{tmp_path / 'shop.db'}", create_tables=True)
    yield
    use(MemoryRepository())
    schema._entities.clear()
    schema._entities.update(known)


@pytest.fixture
def lamp() -> Product:
    return Product.create(name="Lamp")


@pytest.fixture
def desk() -> Product:
    return Product.create(name="Desk")


@pytest.fixture
def order(lamp: Product, desk: Product) -> Order:
    order = Order.create(customer="Ann")
    for product, quantity in ((lamp, 1), (desk, 2)):
        OrderLine.create(order_id=order.id, product_id=product.id, quantity=quantity, gift=True)
    return order


def post(data: Mapping[str, Any], **headers: str) -> Request:
    sent = httpx.Request("POST", "http://localhost/orders", data=data)
    body = sent.read()

    async def read(limit: int) -> bytes:
        return body

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/orders", {**dict(sent.headers.items()), **named}, read=read)


async def received(data: Mapping[str, Any], original: Order | None = None) -> OrderForm:
    return await OrderForm.receive(post(data), original)


def stored(order: Order) -> list[tuple[str, int, bool]]:
    lines = OrderLine.where(order_id=order.id).order_by("id")
    return [(Product.get(each.product_id).name, each.quantity, each.gift) for each in lines]


def shown(html: object) -> dict[str, str]:
    """Returns what a browser would post of a form, without its buttons."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", str(html)):
        kind, name = re.search(r'type="(\w+)"', tag), re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and (kind is None or kind[1] != "checkbox" or " checked" in tag):
            found[name[1]] = value[1] if value else ""
    for select in re.findall(r"<select.*?</select>", str(html), re.DOTALL):
        name = re.search(r'name="([^"]*)"', select)
        chosen = re.search(r'value="([^"]*)" selected', select)
        assert name
        found[name[1]] = chosen[1] if chosen else ""
    return found


def tag_of(html: object, name: str) -> str:
    found = re.search(rf'<(?:input|select|button|fieldset)[^>]*\bname="{name}"[^>]*>', str(html))
    assert found, f"no control {name} in {html}"
    return found[0]


# -- saving -------------------------------------------------------------------------------------


async def test_a_posted_form_makes_an_entity_with_its_rows(lamp: Product, desk: Product) -> None:
    form = await received(
        {
            "customer": "Ann",
            "lines-0-product_id": desk.id,
            "lines-0-quantity": "3",
            "lines-1-product_id": lamp.id,
            "lines-1-quantity": "1",
            "lines-1-gift": "on",
        }
    )
    order = await form.save()
    assert order is not None, form.errors
    assert stored(order) == [("Desk", 3, False), ("Lamp", 1, True)]
    assert form.http_status == 200


async def test_rows_are_changed_added_and_removed_with_their_entity(
    order: Order, lamp: Product
) -> None:
    data = shown(await OrderForm.edit(order))
    chair = Product.create(name="Chair")
    data |= {"customer": "Bob", "lines-0-quantity": "7", "lines-1-_removed": "1"}
    del data["lines-0-gift"]
    data |= {"lines-5-product_id": chair.id, "lines-5-quantity": "4"}
    form = await received(data, order)
    assert await form.save() is order, form.errors
    assert Order.get(order.id).customer == "Bob"
    assert stored(order) == [("Lamp", 7, False), ("Chair", 4, False)]


async def test_what_was_not_sent_of_the_rows_is_left_alone(order: Order) -> None:
    form = await received({"customer": "Bob"}, order)
    assert await form.save() is order, form.errors
    assert stored(order) == [("Lamp", 1, True), ("Desk", 2, True)]
    first = OrderLine.where(order_id=order.id).order_by("id").first()
    assert first is not None
    form = await received(
        {"lines-9-_key": first.id, "lines-9-quantity": "5", "lines-9-gift": "on"}, order
    )
    assert await form.save() is order, form.errors
    assert stored(order) == [("Lamp", 5, True), ("Desk", 2, True)]


async def test_rows_in_which_nothing_was_typed_are_not_made(lamp: Product) -> None:
    form = await received(
        {
            "customer": "Ann",
            "lines-0-product_id": "",
            "lines-0-quantity": "1",  # as it was shown
            "lines-1-product_id": lamp.id,
            "lines-1-quantity": "1",
            "lines-2-quantity": " ",
        }
    )
    order = await form.save()
    assert order is not None, form.errors
    assert stored(order) == [("Lamp", 1, False)]


async def test_numbers_with_gaps_and_very_great_ones_are_only_names(
    lamp: Product, desk: Product
) -> None:
    form = await received(
        {
            "customer": "Ann",
            "lines-1732581234567-product_id": lamp.id,
            "lines-4-product_id": desk.id,
            f"lines-{'9' * 5000}-product_id": desk.id,
            "lines-00-product_id": desk.id,
            "lines--1-product_id": desk.id,
            "lines-٣-product_id": desk.id,
            "lines-7-order_id": "someone else's",
        }
    )
    order = await form.save()
    assert order is not None, form.errors
    assert stored(order) == [("Desk", 1, False), ("Lamp", 1, False)]


async def test_of_rows_that_are_removed_the_values_do_not_matter(order: Order) -> None:
    data = shown(await OrderForm.edit(order))
    form = await received(data | {"lines-0-_removed": "1", "lines-0-quantity": "none"}, order)
    assert await form.save() is order, form.errors
    assert stored(order) == [("Desk", 2, True)]


async def test_rows_that_were_not_sent_count_and_are_shown_again(order: Order) -> None:
    first = OrderLine.where(order_id=order.id).order_by("id").first()
    assert first is not None
    gone = {"lines-0-_key": first.id, "lines-0-_removed": "1"}
    form = await FewForm.receive(post(gone), order)  # the other one is left, and one is enough
    assert await form.save() is order, form.errors
    assert stored(order) == [("Desk", 2, True)]
    form = await FewForm.receive(post({"customer": ""}), order)
    assert form.errors == {"customer": ["This field is required."]}
    assert shown(form)["lines-0-quantity"] == "2"
    empty = Order.create(customer="Eve")
    form = await FewForm.receive(post({"customer": "Eva"}), empty)
    assert await form.save() is empty, form.errors  # nothing was said of its rows


# -- what is wrong ------------------------------------------------------------------------------


async def test_what_is_wrong_in_a_row_is_told_at_its_control_and_nothing_is_saved(
    lamp: Product,
) -> None:
    form = await received(
        {
            "customer": "Ann",
            "lines-0-product_id": lamp.id,
            "lines-0-quantity": "2",
            "lines-3-product_id": "no such product",
            "lines-3-quantity": "zero",
        }
    )
    assert await form.save() is None
    assert (form.http_status, Order.count(), OrderLine.count()) == (422, 0, 0)
    assert form.errors == {
        "lines-3-product_id": ["Choose one of the list."],
        "lines-3-quantity": ["Enter a number."],
    }
    html = str(form)
    assert (
        '<a href="#order-form-lines-3-quantity">Order line 2, Quantity: Enter a number.</a>' in html
    )
    quantity = tag_of(html, "lines-3-quantity")
    assert 'id="order-form-lines-3-quantity"' in quantity
    assert 'value="zero"' in quantity
    assert 'aria-invalid="true"' in quantity
    assert 'aria-describedby="order-form-lines-3-quantity-error"' in quantity
    assert '<p id="order-form-lines-3-quantity-error" class="error">Enter a number.</p>' in html
    assert shown(html)["lines-0-product_id"] == lamp.id
    assert "There are 2 problems with this form." in html


async def test_rows_are_kept_as_they_were_typed_when_something_else_is_wrong(
    order: Order,
) -> None:
    data = shown(await OrderForm.edit(order)) | {
        "customer": "",
        "lines-0-quantity": "8",
        "lines-1-_removed": "1",
        "lines-2-quantity": "6",
    }
    form = await received(data, order)
    assert await form.save() is None
    again = shown(form)
    assert (again["lines-0-quantity"], again["lines-2-quantity"]) == ("8", "6")
    assert again["lines-1-_removed"] == "1"
    assert "lines-1-quantity" not in again
    assert stored(order) == [("Lamp", 1, True), ("Desk", 2, True)]


async def test_two_rows_alike_are_told_at_the_second_and_nothing_is_saved(lamp: Product) -> None:
    form = await received(
        {"customer": "Ann", "lines-0-product_id": lamp.id, "lines-1-product_id": lamp.id}
    )
    assert await form.save() is None
    assert form.errors == {"lines-1-product_id": ["Another order line has this already."]}
    assert (Order.count(), OrderLine.count()) == (0, 0)


async def test_a_row_that_makes_room_for_another_goes_first(order: Order, lamp: Product) -> None:
    data = shown(await OrderForm.edit(order)) | {"lines-0-_removed": "1"}
    data |= {"lines-2-product_id": lamp.id, "lines-2-quantity": "9"}
    form = await received(data, order)
    assert await form.save() is order, form.errors
    assert stored(order) == [("Desk", 2, True), ("Lamp", 9, False)]


async def test_a_row_of_somebody_elses_cannot_be_named(order: Order, lamp: Product) -> None:
    other = Order.create(customer="Eve")
    mine = OrderLine.create(order_id=other.id, product_id=lamp.id)
    first = OrderLine.where(order_id=order.id).order_by("id").first()
    assert first is not None
    for key in (mine.id, "no such key", "' OR 1=1"):
        data = {"lines-0-_key": key, "lines-0-product_id": lamp.id, "lines-0-quantity": "50"}
        form = await received(data, order)
        assert await form.save() is None
        assert form.errors == {
            "lines-0": ["This does not exist any more. Remove it, or reload the page."]
        }
        assert 'href="#order-form-lines-0"' in str(form)
        form = await received({**data, "lines-0-_removed": "1"}, order)
        assert await form.save() is order
    # the same row twice
    twice = {"lines-0-_key": first.id, "lines-1-_key": first.id, "lines-1-quantity": "5"}
    assert set((await received(twice, order)).errors) == {"lines-1"}
    # and none of the new entity's is stored yet
    form = await received({"customer": "Ann", "lines-0-_key": mine.id, "lines-0-quantity": "50"})
    assert await form.save() is None
    assert OrderLine.get(mine.id).quantity == 1
    assert OrderLine.count() == 3


async def test_a_row_that_somebody_else_changed_is_told_and_nothing_is_saved(order: Order) -> None:
    data = shown(await OrderForm.edit(order)) | {"customer": "Bob", "lines-0-quantity": "8"}
    first = OrderLine.where(order_id=order.id).order_by("id").first()
    assert first is not None
    first.update(quantity=50)
    for change in ({}, {"lines-0-_removed": "1"}):
        form = await received(data | change, order)
        assert await form.save() is None
        assert form.http_status == 409
        assert "Somebody else changed this" in form.form_errors[0]
        assert shown(form)["lines-0-_version"] == "1"  # so that a second try is as stale
    assert Order.get(order.id).customer == "Ann"
    assert stored(order)[0] == ("Lamp", 50, True)


async def test_a_row_that_is_changed_while_the_form_is_saved_undoes_all_of_it(
    order: Order,
) -> None:
    data = shown(await OrderForm.edit(order)) | {"customer": "Bob", "lines-1-quantity": "8"}
    form = await received(data, order)
    last = OrderLine.where(order_id=order.id).order_by("-id").first()
    assert last is not None
    last.update(quantity=50)
    assert await form.save() is None
    assert form.http_status == 409
    assert Order.get(order.id).customer == "Ann"
    assert stored(order) == [("Lamp", 1, True), ("Desk", 50, True)]
    assert 'value="8"' in tag_of(form, "lines-1-quantity")


async def test_a_failure_of_the_database_undoes_all_of_it(
    lamp: Product, desk: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = OrderLine.save

    def broken(self: OrderLine) -> OrderLine:
        if self.product_id == desk.id:
            raise RuntimeError("the disk is full")
        return save(self)

    monkeypatch.setattr(OrderLine, "save", broken)
    form = await received(
        {"customer": "Ann", "lines-0-product_id": lamp.id, "lines-1-product_id": desk.id}
    )
    with pytest.raises(RuntimeError, match="disk is full"):
        await form.save()
    assert (Order.count(), OrderLine.count()) == (0, 0)


async def test_there_are_at_least_and_at_most_so_many_rows(lamp: Product, desk: Product) -> None:
    form = await FewForm.receive(post({"customer": "Ann", "lines-0-quantity": "1"}))
    assert form.errors == {"lines": ["At least 1 order lines."]}
    assert 'href="#order-form-lines"' in str(form)
    assert re.search(
        r'<fieldset id="order-form-lines"[^>]*aria-describedby="order-form-lines-error"', str(form)
    )
    many = {f"lines-{n}-quantity": "2" for n in range(3)}
    form = await FewForm.receive(post({"customer": "Ann", **many}))
    assert form.errors["lines"] == ["At most 2 order lines."]
    good = {"lines-0-product_id": lamp.id, "lines-1-product_id": desk.id}
    order = await (await FewForm.receive(post({"customer": "Ann", **good}))).save()
    assert order is not None
    # what another visitor has added since counts too
    chair = Product.create(name="Chair")
    form = await FewForm.receive(post({"lines-0-product_id": chair.id}), order)
    assert form.errors == {"lines": ["At most 2 order lines."]}
    keys = [each.id for each in OrderLine.where(order_id=order.id)]
    gone = {f"lines-{n}-_key": key for n, key in enumerate(keys)}
    gone |= {f"lines-{n}-_removed": "1" for n in range(2)}
    form = await FewForm.receive(post(gone), order)
    assert form.errors == {"lines": ["At least 1 order lines."]}


async def test_nine_hundred_rows_are_refused_with_a_sentence() -> None:
    many = {f"lines-{n}-quantity": "2" for n in range(900)}
    form = await received({"customer": "Ann", **many})
    assert form.errors["lines"] == ["At most 50 order lines."]
    assert await form.save() is None


async def test_the_application_may_complain_of_a_row(lamp: Product) -> None:
    form = await received({"customer": "Ann", "lines-2-product_id": lamp.id})
    assert form.data["lines"] == {"lines-2": {"product_id": lamp.id, "gift": False}}
    form.add_error("Sold out.", "lines-2-product_id")
    form.add_error("Not today.", "lines-2")
    assert form.errors == {"lines-2-product_id": ["Sold out."], "lines-2": ["Not today."]}
    assert await form.save() is None
    with pytest.raises(ViewError, match="has no field 'lines-3-product_id'"):
        form.add_error("Sold out.", "lines-3-product_id")


# -- adding and removing ------------------------------------------------------------------------


async def test_a_pressed_button_adds_a_row_keeps_what_was_typed_and_saves_nothing(
    order: Order,
) -> None:
    data = shown(await OrderForm.edit(order))
    data |= {"customer": "", "lines-1-quantity": "many", "lines-add": "1"}
    form = await received(data, order)
    assert (form.valid, form.errors, form.http_status) == (False, {}, 200)
    assert await form.save() is None
    again = shown(form)
    assert (again["customer"], again["lines-1-quantity"]) == ("", "many")
    assert again["lines-2-quantity"] == "1"
    assert "lines-3-quantity" not in again
    html = str(form)
    assert 'data-focus="order-form-lines-2-product_id"' in html
    assert re.search(r'role="status"[^>]*><span[^>]*>Order line 3 added\.</span>', html)
    assert stored(order) == [("Lamp", 1, True), ("Desk", 2, True)]


async def test_a_pressed_button_removes_a_row_which_stays_removed(order: Order) -> None:
    data = shown(await OrderForm.edit(order))
    form = await received(data | {"lines-0-remove": "1", "lines-4-quantity": "5"}, order)
    assert form.http_status == 200
    html = str(form)
    assert "Order line 1 removed." in html
    assert 'data-focus="order-form-lines-add"' in html
    again = shown(form)
    assert again["lines-0-_removed"] == "1"
    form = await received(again | {"lines-4-remove": "1"}, order)
    again = shown(form)
    assert not any(name.startswith("lines-4") for name in again)
    assert stored(order) == [("Lamp", 1, True), ("Desk", 2, True)]
    form = await received(again, order)
    assert await form.save() is order, form.errors
    assert stored(order) == [("Desk", 2, True)]


async def test_no_row_is_added_beyond_the_most() -> None:
    rows = {f"lines-{n}-quantity": "2" for n in range(2)}
    form = await FewForm.receive(post({"customer": "Ann", **rows, "lines-add": "1"}))
    html = str(form)
    assert "lines-2-quantity" not in html
    assert "At most 2 order lines." in html
    assert form.http_status == 200


async def test_with_datastar_the_fieldset_alone_comes_back(order: Order) -> None:
    data = shown(await OrderForm.edit(order)) | {"lines-0-quantity": "<8>", "lines-add": "1"}
    with pytest.raises(Answered) as answered:
        await OrderForm.receive(post(data, datastar_request="true"), order)
    (block,) = answered.value.patches
    assert block.startswith('<fieldset id="order-form-lines"')
    assert block.endswith("</fieldset>")
    assert shown(block)["lines-0-quantity"] == "&lt;8&gt;"
    assert "lines-2-product_id" in shown(block)
    assert stored(order) == [("Lamp", 1, True), ("Desk", 2, True)]


async def test_enter_presses_no_button_of_a_row(order: Order) -> None:
    html = str(await OrderForm.edit(order))
    first = re.search(r'<button[^>]*type="submit"[^>]*>', html)
    assert first
    assert "name=" not in first[0]
    assert " hidden" in first[0]


# -- how it looks -------------------------------------------------------------------------------


async def test_each_row_is_a_group_with_labels_and_ids_of_its_own(order: Order) -> None:
    html = str(await OrderForm.edit(order))
    assert html == str(OrderForm(order))
    assert '<fieldset id="order-form-lines" tabindex="-1" class="rows"' in html
    assert "<legend" in html and ">Lines</legend>" in html
    assert '<p id="order-form-lines-help" class="help">What is sent.</p>' in html
    assert html.count('role="group"') == 2
    assert 'aria-label="Order line 2"' in html
    assert 'aria-label="Remove Order line 2"' in html
    labels = re.findall(r'<label for="([^"]+)"', html)
    controls = re.findall(r'<(?:input|select|textarea)[^>]*\bid="([^"]+)"', html)
    assert sorted(labels) == sorted(controls)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert "order-form-lines-1-quantity" in ids
    keys = [each.id for each in OrderLine.where(order_id=order.id).order_by("id")]
    again = shown(html)
    assert [again["lines-0-_key"], again["lines-1-_key"]] == keys
    assert again["lines-1-_version"] == "1"
    assert "Add order line" in html


async def test_a_new_form_has_one_row_to_type_into(lamp: Product) -> None:
    for html in (str(await OrderForm.new()), str(OrderForm())):
        assert html.count('role="group"') == 1
        assert shown(html)["lines-0-quantity"] == "1"
    assert str(await FewForm.new()).count('role="group"') == 1


async def test_the_rows_of_an_entity_are_read_at_once(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    home = type(Order.repository)
    select = home.select

    def counted(self: Any, mapper: Any, query: Any) -> Any:
        asked.append(mapper.info.table)
        return select(self, mapper, query)

    monkeypatch.setattr(home, "select", counted)
    form = await OrderForm.edit(order)
    assert sorted(asked) == ["order_line", "product"]
    str(form)
    assert sorted(asked) == ["order_line", "product"]


async def test_rows_of_an_entity_have_its_own_fields_but_the_key_of_their_owner() -> None:
    html = str(await FewForm.new())
    assert [n for n in re.findall(r'name="lines-0-(\w+)"', html) if not n.startswith("_")] == [
        "product_id",
        "quantity",
        "gift",
        "remove",
    ]


# -- mistakes of the developer ------------------------------------------------------------------


class Doc(Entity):
    name: str
    scan: FileKey | None = None
    order_id: str = Field(foreign_key="order.id")


def broken(make: Callable[[], Any]) -> str:
    with pytest.raises(ViewError) as error:
        make()
    assert str(error.value).endswith(".") or "Did you mean" in str(error.value)
    return str(error.value)


async def test_what_cannot_be_rows_is_refused_with_a_sentence() -> None:
    class DocForm(Form[Doc]):
        entity = Doc
        name = TextField()
        scan = FileField()

    assert "takes the form of a row" in broken(lambda: RowsField())
    assert "0 <= min <= max" in broken(lambda: RowsField(LineForm, min=3, max=2))
    assert "0 <= min <= max" in broken(lambda: RowsField(LineForm, max=0))
    assert "DocForm.scan is a file" in broken(lambda: RowsField(DocForm))
    assert "rows within rows" in broken(lambda: RowsField(OrderForm))

    def form(**fields: Any) -> Callable[[], object]:
        made: Any = type("Wrong", (Form,), {"entity": Order, **fields})
        return lambda: str(made())

    assert "Did you mean 'lines'?" in broken(form(line=RowsField(LineForm)))
    assert "is not an entity class" in broken(form(lines=RowsField(int)))
    assert "holds rows of OrderLine" in broken(form(lines=RowsField(Product)))
    assert "a post has at most 1000 fields" in broken(form(lines=RowsField(LineForm, max=500)))

    class WithOwner(Form[OrderLine]):
        entity = OrderLine
        order_id = RelationField(Order)

    assert "leave it out" in broken(form(lines=RowsField(WithOwner)))


async def test_rows_that_no_transaction_holds_together_are_refused() -> None:
    class Loose(MemoryRepository):
        name = "loose"
        capabilities = MemoryRepository.capabilities - {"transactions"}

    register_backend(Loose())

    class Box(Entity, backend="loose"):
        name: str
        things = has_many("Thing")

    class Thing(Entity, backend="loose"):
        name: str
        box_id: str = Field(foreign_key="box.id")

    class Elsewhere(Entity, backend="memory"):
        name: str
        order_id: str = Field(foreign_key="order.id")

    class Chest(Entity, backend="loose"):
        name: str
        places = has_many("Elsewhere", field="order_id")

    cases = ((Box, "things", Thing, "transaction"), (Chest, "places", Elsewhere, "same backend"))
    for owner, name, rows, why in cases:
        made: Any = type("Wrong", (Form,), {"entity": owner, name: RowsField(rows)})
        for use_it in (made.new, lambda made=made: made.receive(post({"name": "x"}))):
            with pytest.raises(ViewError, match=why):
                await use_it()
        assert why in broken(lambda made=made: str(made()))
