"""A relation with many rows: searched for, chosen, typed without JavaScript, never another's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, configure, has_many, use
from nitro_runtime.errors import Answered, Refused, ViewError
from nitro_runtime.views import Form, NumberField, RelationField, RowsField, TextField
from nitro_runtime.web.request import Request


class Client(Entity):
    name: str
    city: str = "Rome"
    active: bool = True
    secret_code: str = Field(default="x", secret=True)  # type: ignore[call-arg] # nitro's own Field


class Invoice(Entity):
    title: str
    client_id: str | None = Field(default=None, foreign_key="client.id")

    shares = has_many("Share")


class Share(Entity):
    invoice_id: str = Field(foreign_key="invoice.id")
    client_id: str = Field(foreign_key="client.id")
    part: int = 1


class InvoiceForm(Form[Invoice]):
    title = TextField()
    client_id = RelationField(Client, search=("name", "city"), where={"active": True})


class ShareForm(Form[Share]):
    client_id = RelationField(Client, search=("name", "city"))
    part = NumberField()


class SharedForm(Form[Invoice]):
    title = TextField()
    shares = RowsField(ShareForm)


@pytest.fixture(autouse=True)
def clients() -> Iterator[list[Client]]:
    known = dict(schema._entities)
    for entity in (Client, Invoice, Share):
        schema.register_entity(entity.__name__, entity)
        schema.register_entity(entity.__entity__.table, entity)
    configure("memory")
    made = Client.create_many(
        [{"name": f"Client {n:02}", "city": "Oslo" if n % 2 else "Rome"} for n in range(60)]
    )
    yield made
    use(MemoryRepository())
    schema._entities.clear()
    schema._entities.update(known)


def post(data: Mapping[str, Any]) -> Request:
    sent = httpx.Request("POST", "http://localhost/invoices", data=data)
    body = sent.read()

    async def read(limit: int) -> bytes:
        return body

    return Request("POST", "/invoices", dict(sent.headers.items()), read=read)


def asking(what: str, name: object, *values: object) -> Request:
    body = json.dumps({what: {"name": name, "values": list(values)}}).encode()

    async def read(limit: int) -> bytes:
        return body

    headers = {"datastar-request": "true", "content-type": "application/json"}
    return Request("POST", "/invoices", headers, read=read)


async def found(form: Any, name: str, text: str) -> tuple[list[str], str]:
    """Returns the labels that a search finds, and what is said of them."""
    with pytest.raises(Answered) as answered:
        await form.receive(asking("nitro_search", name, text))
    listed, said = answered.value.patches
    assert 'role="listbox"' in listed
    labels = re.findall(r'role="option"[^>]*>([^<]*)</li>', listed)
    return labels, re.sub("<[^>]*>", "", said)


# -- searching ----------------------------------------------------------------------------------


async def test_a_search_finds_what_has_every_word_in_one_of_the_fields() -> None:
    assert await found(InvoiceForm, "client_id", "client 07 oslo") == (["Client 07"], "1 found.")
    labels, said = await found(InvoiceForm, "client_id", "OSLO")
    assert (len(labels), labels[0]) == (20, "Client 01")
    assert said == "The first 20 are listed. Type more to find others."
    assert await found(InvoiceForm, "client_id", "<b>") == ([], "Nothing matches “&lt;b&gt;”.")
    assert len((await found(InvoiceForm, "client_id", ""))[0]) == 20


async def test_a_search_never_finds_what_may_not_be_chosen(clients: list[Client]) -> None:
    clients[7].update(active=False)
    assert (await found(InvoiceForm, "client_id", "Client 07"))[0] == []
    form = await InvoiceForm.receive(post({"title": "A", "client_id": clients[7].id}))
    assert form.errors == {"client_id": ["Choose one of the list."]}
    form = await InvoiceForm.receive(post({"title": "A", "client_id-text": "Client 07"}))
    assert form.errors == {"client_id": ["Nothing fits “Client 07”."]}
    # the restriction may be worked out for each request
    allowed = "Oslo"

    class Scoped(Form[Invoice]):
        title = TextField()
        client_id = RelationField(Client, where=lambda: {"city": allowed})

    assert (await found(Scoped, "client_id", "Client 01"))[0] == ["Client 01"]
    allowed = "Rome"
    assert (await found(Scoped, "client_id", "Client 01"))[0] == []


async def test_the_options_tell_their_keys_and_the_list_stays_as_open_as_it_is(
    clients: list[Client],
) -> None:
    with pytest.raises(Answered) as answered:
        await InvoiceForm.receive(asking("nitro_search", "client_id", "client 07"))
    listed = answered.value.patches[0]
    assert 'id="invoice-client_id-list"' in listed
    assert f'data-key="{clients[7].id}"' in listed
    assert 'id="invoice-client_id-option-0"' in listed
    assert 'data-preserve-attr="hidden"' in listed


async def test_what_is_no_relation_is_not_searched() -> None:
    for name in ("title", "id", "nothing", ["client_id"]):
        with pytest.raises(Refused):
            await InvoiceForm.receive(asking("nitro_search", name, "a"))
    with pytest.raises(Refused):
        await SharedForm.receive(asking("nitro_search", "shares-0-part", "a"))


async def test_a_search_in_a_row_is_answered_for_its_own_control() -> None:
    with pytest.raises(Answered) as answered:
        await SharedForm.receive(asking("nitro_search", "shares-12-client_id", "client 07"))
    assert 'id="invoice-form-shares-12-client_id-list"' in answered.value.patches[0]


async def test_fields_that_cannot_be_searched_are_refused() -> None:
    for search, hint in ((("nme",), "Did you mean 'name'?"), (("secret_code",), "cannot be")):
        made: Any = type(
            "Wrong", (Form,), {"entity": Invoice, "client_id": RelationField(Client, search=search)}
        )
        with pytest.raises(ViewError, match=re.escape(hint)):
            str(made())


# -- how it looks -------------------------------------------------------------------------------


async def test_the_box_is_a_combobox_with_its_label_and_its_list(clients: list[Client]) -> None:
    html = str(await InvoiceForm.edit(Invoice.create(title="A", client_id=clients[59].id)))
    assert "<select" not in html
    box = re.search(r'<input[^>]*role="combobox"[^>]*>', html)
    assert box
    for part in (
        'id="invoice-client_id"',
        'name="client_id-text"',
        'value="Client 59"',
        'aria-expanded="false"',
        'aria-controls="invoice-client_id-list"',
        'aria-autocomplete="list"',
        'autocomplete="off"',
    ):
        assert part in box[0]
    assert '<label for="invoice-client_id"' in html
    assert f'<input type="hidden" name="client_id" value="{clients[59].id}">' in html
    assert '<ul id="invoice-client_id-list" role="listbox"' in html
    assert "Client 00" not in html


async def test_with_few_rows_it_is_a_select(clients: list[Client]) -> None:
    for client in clients[50:]:
        client.delete()
    html = str(await InvoiceForm.new())
    assert "combobox" not in html
    assert html.count("<option") == 51


async def test_a_form_that_was_shown_without_rows_shows_those_that_came_since(
    clients: list[Client],
) -> None:
    Client.all().delete()

    class Fresh(Form[Invoice]):
        title = TextField()
        client_id = RelationField(Client)

    assert str(await Fresh.new()).count("<option") == 1
    Client.create(name="First")
    assert "First</option>" in str(await Fresh.new())
    Client.create_many([{"name": f"Other {number}"} for number in range(60)])
    assert "combobox" in str(await Fresh.new())


# -- without JavaScript -------------------------------------------------------------------------


async def saved(original: Invoice | None = None, **data: str) -> tuple[str | None, Any]:
    named = {name.replace("_text", "-text"): text for name, text in data.items()}
    form = await InvoiceForm.receive(post({"title": "A", **named}), original)
    invoice = await form.save()
    return (invoice.client_id if invoice else None), form


async def test_what_is_typed_is_looked_for(clients: list[Client]) -> None:
    key, form = await saved(client_id="", client_id_text=" client 07 ")
    assert (key, form.errors) == (clients[7].id, {})
    # the text counts, where it is not that of the key that the page had
    key, _ = await saved(client_id=clients[3].id, client_id_text="Client 08")
    assert key == clients[8].id
    key, _ = await saved(client_id=clients[3].id, client_id_text="Client 03")
    assert key == clients[3].id
    invoice = Invoice.create(title="B", client_id=clients[3].id)
    key, _ = await saved(invoice, client_id=clients[3].id, client_id_text="")
    assert (key, invoice.client_id) == (None, None)


async def test_of_several_that_fit_one_is_to_be_chosen(clients: list[Client]) -> None:
    key, form = await saved(client_id="", client_id_text="client 1")
    assert key is None
    assert form.errors == {"client_id": ["Several fit “client 1”. Choose one of them."]}
    html = str(form)
    assert "<select" in html
    assert "Client 10</option>" in html
    assert "Client 20" not in html
    Client.create(name="Client 1")
    key, _ = await saved(client_id="", client_id_text="client 1")
    assert key is not None  # the one that is called so


async def test_what_fits_nothing_is_said_and_kept() -> None:
    for text in ("Nobody <b>", "x" * 5000, "\0"):
        key, form = await saved(client_id="", client_id_text=text)
        assert key is None
        assert list(form.errors) == ["client_id"]
    key, form = await saved(client_id="", client_id_text="Nobody <b>")
    assert 'value="Nobody &lt;b&gt;"' in str(form)


async def test_in_a_row_too(clients: list[Client]) -> None:
    form = await SharedForm.receive(
        post(
            {
                "title": "A",
                "shares-0-client_id-text": "Client 07",
                "shares-0-part": "2",
                "shares-1-client_id": clients[59].id,
                "shares-1-client_id-text": "Client 59",
                "shares-1-part": "3",
            }
        )
    )
    invoice = await form.save()
    assert invoice is not None, form.errors
    kept = [(each.client_id, each.part) for each in Share.all().order_by("part")]
    assert kept == [(clients[7].id, 2), (clients[59].id, 3)]
    form = await SharedForm.receive(post({"title": "A", "shares-4-client_id-text": "Client 1"}))
    assert await form.save() is None
    assert list(form.errors) == ["shares-4-client_id"]
    assert "Client 10</option>" in str(form)


async def test_many_texts_of_one_post_are_not_all_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    select = MemoryRepository.select
    monkeypatch.setattr(
        MemoryRepository,
        "select",
        lambda self, mapper, query: asked.append(mapper.info.table) or select(self, mapper, query),
    )
    many = {f"shares-{n}-client_id-text": f"Client {n % 60:02}" for n in range(900)}
    form = await SharedForm.receive(post({"title": "A", **many}))
    assert not form.valid
    assert len(asked) < 60
