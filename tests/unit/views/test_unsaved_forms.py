"""Forms beside one another, what is unsaved in them, and moments: as markup and as it is posted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx
import pytest

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, configure, use
from nitro_runtime.errors import Answered, ViewError
from nitro_runtime.views import DateTimeField, Form, Table, TextField
from nitro_runtime.views.components import MenuPost
from nitro_runtime.web.request import Request


class Visit(Entity):
    title: str = Field(min_length=2)
    at: datetime | None = Field(default=None)


class VisitForm(Form[Visit]):
    title = TextField()
    at = DateTimeField()


@pytest.fixture(autouse=True)
def stored() -> Iterator[None]:
    known = dict(schema._entities)
    schema.register_entity(Visit.__name__, Visit)
    configure("memory")
    yield
    use(MemoryRepository())
    schema._entities.clear()
    schema._entities.update(known)


def request_of(body: bytes, headers: Mapping[str, str]) -> Request:
    async def read(limit: int) -> bytes:
        return body

    return Request("POST", "/visits", dict(headers), read=read)


def posted(**data: str) -> Request:
    sent = httpx.Request("POST", "http://localhost/visits", data=data)
    return request_of(sent.read(), sent.headers)


def signals(payload: object) -> Request:
    headers = {"datastar-request": "true", "content-type": "application/json"}
    return request_of(json.dumps(payload).encode(), headers)


def test_what_a_view_posts_goes_out_once() -> None:
    """Datastar sends anew what was not answered, though the server may have done it by then."""
    Visit.create(title="Seen")
    table = Table.from_entity(Visit).with_actions(["delete"]).with_bulk_actions(["delete"])
    for view in (VisitForm(), table, MenuPost("Go", action="/go")):
        html = str(view)
        posting = html.count('method="post"')
        assert posting >= 1
        assert html.count("{contentType: &#39;form&#39;, retryMaxCount: 0") == posting


def test_two_forms_of_one_kind_share_no_id() -> None:
    page = f"{VisitForm(suffix='left')}{VisitForm(suffix='right')}"
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "visit-left-form" in ids
    assert '<input type="hidden" name="nitro_form" value="right">' in page
    assert "nitro_form" not in str(VisitForm())


@pytest.mark.parametrize("suffix", ["a b", "-a", "'", 'x"', "é", "x" * 65])
def test_a_suffix_that_can_be_no_part_of_an_id_is_refused(suffix: str) -> None:
    with pytest.raises(ViewError, match="suffix is letters"):
        VisitForm(suffix=suffix)


async def test_a_form_is_received_as_the_one_that_was_posted() -> None:
    form = await VisitForm.receive(posted(title="x", nitro_form="left"))
    assert form.dom_id == "visit-left-form"
    assert form.suffix == "left"
    assert 'href="#visit-left-title"' in str(form)
    for bad in ("<b>", "'", "x" * 65, ""):
        form = await VisitForm.receive(posted(title="x", nitro_form=bad))
        assert form.dom_id == "visit-form"


async def test_a_field_is_checked_in_the_form_that_asks() -> None:
    asked = {"name": "title", "values": ["x"], "form": "visit-left-form"}
    for form, stem in ((asked["form"], "visit-left"), ("visit-form", "visit"), ("'\"><", "visit")):
        with pytest.raises(Answered) as answer:
            await VisitForm.receive(signals({"nitro_field": {**asked, "form": form}}))
        assert f'id="{stem}-title-notes"' in str(answer.value.patches[0])


async def test_what_was_sent_and_not_saved_is_unsaved() -> None:
    def is_unsaved(form: Form[Visit]) -> bool:
        return "<form" in str(form) and " data-unsaved" in str(form).split(">", 1)[0]

    assert not is_unsaved(VisitForm())
    form = await VisitForm.receive(posted(title="x"))
    assert is_unsaved(form)
    form = await VisitForm.receive(posted(title="good"))
    assert is_unsaved(form)
    await form.save()
    assert not is_unsaved(form)


def test_a_form_can_be_left_to_every_patch() -> None:
    class OpenForm(VisitForm):
        keep_unsaved = False

    assert "data-ignore-morph" in str(VisitForm())
    assert "data-ignore-morph" not in str(OpenForm())


async def test_a_moment_is_shown_and_taken_in_utc_and_stays_exact_when_it_is_not_touched() -> None:
    visit = await Visit.acreate(title="Old", at=datetime(2026, 10, 25, 1, 30, 5, 250_000, UTC))
    shown = str(await VisitForm.edit(visit))
    assert 'value="2026-10-25T01:30:05"' in shown
    assert '<span id="visit-at-zone"' in shown
    assert 'aria-describedby="visit-at-zone"' in shown
    form = await VisitForm.receive(posted(title="New", at="2026-10-25T01:30:05"), visit)
    assert "at" not in form.data
    form = await VisitForm.receive(posted(title="New", at="2026-10-25T02:00"), visit)
    assert form.data["at"] == datetime(2026, 10, 25, 2, tzinfo=UTC)


def test_a_moment_can_be_in_utc_for_everybody() -> None:
    class PlainForm(VisitForm):
        at = DateTimeField(local=False)

    assert "Intl" in str(VisitForm())
    assert "Intl" not in str(PlainForm())
    assert 'id="visit-at-zone"' in str(PlainForm())
