"""What is done with several rows at once: which rows, all or none, and what is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from nitro_runtime.context import Change, on_change
from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    belongs_to,
    configure,
    use,
)
from nitro_runtime.errors import ActionRefused, Refused, StaleEntity, ViewError
from nitro_runtime.html import Html
from nitro_runtime.schema import known_entities
from nitro_runtime.views import BulkAction, Notice, Table
from nitro_runtime.views.csrf import CsrfNames, csrf_names
from nitro_runtime.web.request import Request

deleted: list[str] = []


class Maker(Entity):
    name: str


class Toy(Entity):
    name: str = Field(search=True)
    price: int = Field(default=0, ge=0)
    owner: str = "ann"

    def before_delete(self) -> None:
        deleted.append(self.name)


class Part(Entity):
    toy_id: str = Field(foreign_key="toy.id")
    toy = belongs_to("Toy")


class Pair(Entity):
    left: int = Field(primary_key=True)
    right: str = Field(primary_key=True)


async def dear(toys: list[Toy]) -> str:
    """Makes toys dear, one verb after the other."""
    for toy in toys:
        await toy.aupdate(price=toy.price + 10)
    return f"{len(toys)} dear now"


def broken(toys: list[Toy]) -> None:
    """Goes wrong at the second one."""
    toys[0].update(price=77)
    toys[1].update(price=-1)


def stale(toys: list[Toy]) -> None:
    """Meets somebody who was quicker."""
    toys[0].update(price=77)
    raise StaleEntity("Toy", toys[1].id)


class ToyTable(Table[Toy]):
    entity = Toy
    columns = ("name", "price")
    search = ("name",)
    per_page = 2
    order = "name"
    bulk = ("delete", dear, "free", BulkAction(broken, label="Break"), stale)

    def bulk_free(self, toys: list[Toy], request: Any) -> Notice:
        for toy in toys:
            toy.update(price=0)
        return Notice(f"free for {request.user}", kind="info")

    @classmethod
    def scope(cls, request: Any) -> Any:
        return {"owner": request.user} if request.user else None


@pytest.fixture(autouse=True, params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    with known_entities([Maker, Toy, Part, Pair]):
        if request.param == "sqlite":
            configure(f"sqlite:///{tmp_path / 'toys.db'}", create_tables=True)
        else:
            configure("memory")
        deleted.clear()
        yield
        use(MemoryRepository())


@pytest.fixture
def toys() -> list[Toy]:
    return [Toy.create(name=name, price=5) for name in ("Ape", "Bear", "Cat")]


def post(user: str | None = None, /, **data: Any) -> Request:
    body = urlencode(data, doseq=True).encode()

    async def read(limit: int) -> bytes:
        return body

    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = Request("POST", "/toys/bulk", headers, read=read)
    request._user = user
    return request


def prices() -> dict[str, int]:
    return {toy.name: toy.price for toy in Toy.all()}


async def refused(status: int, request: Request, table: Any = ToyTable) -> str:
    with pytest.raises(ActionRefused) as caught:
        await table.act(request)
    assert caught.value.status == status
    return str(caught.value)


# -- what is done ---------------------------------------------------------------------------------


async def test_chosen_rows_are_deleted_with_their_hooks_and_events(toys: list[Toy]) -> None:
    changes: list[Change] = []
    on_change(changes.append)
    result = await ToyTable.act(post(action="delete", row=[toys[0].id, toys[2].id]))
    assert prices() == {"Bear": 5}
    assert sorted(deleted) == ["Ape", "Cat"]
    assert [change.entity.name for change in changes if change.kind == "deleted"] == ["Ape", "Cat"]
    assert (result.action, result.count, result.notice) == ("delete", 2, Notice("2 toys deleted."))
    assert result.address == ""


async def test_functions_and_methods_get_the_entities_and_may_say_what_they_did(
    toys: list[Toy],
) -> None:
    result = await ToyTable.act(post(action="dear", row=[toys[0].id], state="search=a&page=2"))
    assert prices() == {"Ape": 15, "Bear": 5, "Cat": 5}
    assert result.notice == Notice("1 dear now")
    assert result.address == "?search=a&page=2"
    result = await ToyTable.act(post("ann", action="free", row=[toys[0].id, toys[1].id]))
    assert result.notice == Notice("free for ann", kind="info")
    assert prices() == {"Ape": 0, "Bear": 0, "Cat": 5}


async def test_all_that_match_are_meant_without_their_keys(toys: list[Toy]) -> None:
    asked = {"every": "1", "state": "search=a", "total": "3", "row": "nonsense"}
    assert (await ToyTable.act(post(action="dear", **asked))).count == 3
    asked = {"every": "1", "state": "search=ear", "total": "1"}
    assert (await ToyTable.act(post(action="delete", **asked))).count == 1
    assert prices() == {"Ape": 15, "Cat": 15}


async def test_what_came_to_match_after_the_visitor_looked_is_not_touched(toys: list[Toy]) -> None:
    told = await refused(409, post(action="delete", every="1", state="search=a", total="2"))
    assert told == "There are 3 that match now, not as many as you saw, so nothing was changed."
    assert len(prices()) == 3


@pytest.mark.parametrize(
    ("action", "status", "told"),
    [
        ("broken", 422, "Nothing was changed. Price: "),
        ("stale", 409, "Somebody else changed Bear meanwhile, so nothing was changed. Try again."),
    ],
)
async def test_one_row_that_cannot_be_changed_leaves_all_as_they_were(
    toys: list[Toy], action: str, status: int, told: str
) -> None:
    request = post(action=action, row=[toys[0].id, toys[1].id])
    assert (await refused(status, request)).startswith(told)
    assert prices() == {"Ape": 5, "Bear": 5, "Cat": 5}


async def test_a_row_that_others_refer_to_is_named_and_nothing_is_deleted(toys: list[Toy]) -> None:
    Part.create(toy_id=toys[1].id)
    told = await refused(409, post(action="delete", row=[toy.id for toy in toys]))
    assert told == "Bear is still used elsewhere, so nothing was deleted."
    assert len(prices()) == 3


async def test_rows_of_others_and_rows_that_are_gone_are_passed_over_and_counted(
    toys: list[Toy],
) -> None:
    other = Toy.create(name="Dog", owner="ben")
    request = post("ann", action="delete", row=[toys[0].id, other.id, "gone"])
    result = await ToyTable.act(request)
    assert result.count == 1
    assert result.notice.text == (
        "1 toy deleted. 2 of them no longer exist, or are not yours to change."
    )
    assert set(prices()) == {"Bear", "Cat", "Dog"}
    told = await refused(409, post("ann", action="delete", row=other.id))
    assert told == "1 of them no longer exist, or are not yours to change."
    result = await ToyTable.act(post("ben", action="delete", every="1"))
    assert (result.count, set(prices())) == (1, {"Bear", "Cat"})


async def test_where_limits_the_rows_too(toys: list[Toy]) -> None:
    result = await ToyTable.act(
        post(action="delete", row=[toy.id for toy in toys]), where={"name": "Bear"}
    )
    assert (result.count, set(prices())) == (1, {"Ape", "Cat"})


async def test_keys_of_several_parts_find_their_rows() -> None:
    class PairTable(Table[Pair]):
        entity = Pair
        bulk = ("delete",)

    Pair.create_many(
        [{"left": 1, "right": "a,b"}, {"left": 1, "right": "c"}, {"left": 2, "right": "a,b"}]
    )
    assert 'value="1,a%2Cb"' in str(await PairTable.read(Request("GET", "/pairs")))
    result = await PairTable.act(post(action="delete", row=["1,a%2Cb", "x,y"]))
    assert [(each.left, each.right) for each in Pair.all()] == [(1, "c"), (2, "a,b")]
    assert result.count == 1


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        ({"action": "explode"}, 422, "There is no such action for these rows"),
        ({}, 422, "There is no such action for these rows"),
        ({"action": "bulk_free"}, 422, "There is no such action for these rows"),
        ({"action": "__init__"}, 422, "There is no such action for these rows"),
    ],
)
async def test_an_action_that_is_not_offered_is_not_done(
    toys: list[Toy], data: Mapping[str, str], status: int, told: str
) -> None:
    assert (await refused(status, post(**data, row=toys[0].id))).startswith(told)
    assert len(prices()) == 3


async def test_nothing_chosen_and_too_much_chosen_are_told(toys: list[Toy]) -> None:
    class Small(ToyTable):
        bulk_limit = 2

    assert await refused(422, post(action="delete")) == "Select at least one row first."
    told = "At most 2 rows at once. Select fewer."
    assert await refused(422, post(action="delete", row=["a", "b", "c"]), Small) == told
    assert await refused(422, post(action="delete", every="1"), Small) == told
    assert len(prices()) == 3


async def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(Refused):
        await ToyTable.act(Request("POST", "/toys/bulk", {"content-type": "application/json"}))
    await refused(422, Request("GET", "/toys/bulk?action=delete&every=1"))


async def test_who_may_not_do_it_is_neither_offered_nor_obeyed(toys: list[Toy]) -> None:
    class Kept(ToyTable):
        reactive = True

        @classmethod
        async def may(cls, action: str, request: Any) -> bool:
            return action != "delete" or request.user == "ann"

    request = Request("GET", "/toys")
    request._user = None
    stranger = await Kept.read(request)
    assert 'value="delete"' not in str(stranger)
    assert 'value="dear"' in str(stranger)
    request = Request("GET", "/toys")
    request._user = "ann"
    owner = await Kept.read(request)
    assert 'value="delete"' in str(owner)
    assert owner.view_group != stranger.view_group
    told = await refused(403, post(action="delete", row=toys[0].id), Kept)
    assert told == "You are not allowed to do this."
    assert len(prices()) == 3


# -- what is shown --------------------------------------------------------------------------------


async def test_each_row_has_a_named_checkbox_that_joins_a_form_of_its_own(toys: list[Toy]) -> None:
    with csrf_names(CsrfNames("token", "x-token")):
        html = str(await ToyTable.read(Request("GET", "/toys")))
    assert (
        f'<td class="bulk-cell"><input type="checkbox" name="row" value="{toys[0].id}"'
        ' form="toy-table-bulk" aria-label="Select Ape" autocomplete="off" class="checkbox"></td>'
    ) in html
    form = html.partition('<form id="toy-table-bulk"')[2].partition("</form>")[0]
    assert 'method="post" action="/toys/bulk"' in form
    assert '<input type="hidden" name="token" value="">' in form
    assert re.findall(r'name="action" value="(\w+)"[^>]*>([^<]*)<', form) == [
        ("delete", "Delete"),
        ("dear", "Dear"),
        ("free", "Free"),
        ("broken", "Break"),
        ("stale", "Stale"),
    ]
    assert 'data-confirm="Delete {count} toys? This cannot be undone."' in form
    assert "Select all 3 that match</label>" in form
    assert '<input type="hidden" name="total" value="3">' in form
    assert 'aria-label="Select all on this page"' in html


async def test_the_state_of_the_list_goes_along_and_a_single_page_offers_no_more(
    toys: list[Toy],
) -> None:
    from nitro_runtime.web.forms import Multi

    request = Request("GET", "/toys", query=Multi([("search", "ear"), ("tab", "x")]))
    html = str(await ToyTable.read(request))
    assert '<input type="hidden" name="state" value="search=ear&amp;tab=x">' in html
    assert "that match" not in html


def test_a_table_without_actions_has_no_checkbox(toys: list[Toy]) -> None:
    html = str(Table.from_entity(Toy))
    assert 'type="checkbox"' not in html
    assert "bulk" not in html
    assert 'name="row"' in str(Table.from_entity(Toy).with_bulk_actions(["delete"]))


async def test_a_builder_has_them_too(toys: list[Toy]) -> None:
    table = Table.from_entity(Toy, where={"name": "Bear"}).with_bulk_actions(["delete", dear])
    result = await table.act(post(action="dear", every="1"))
    assert result.notice == Notice("1 dear now")
    assert prices() == {"Ape": 5, "Bear": 15, "Cat": 5}


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (["delte"], "Did you mean 'delete'"),
        ([3], "a name or a function"),
        ([lambda toys: None], "needs a name"),
        ([dear, dear], "named 'dear'"),
        ([BulkAction(dear, name="no spaces!")], "needs a name"),
    ],
)
def test_what_is_no_action_is_told_where_it_is_written(actions: list[Any], message: str) -> None:
    with pytest.raises(ViewError, match=message):
        Table.from_entity(Toy).with_bulk_actions(actions)


async def test_an_action_says_a_sentence_or_nothing(toys: list[Toy]) -> None:
    def odd(toys: list[Toy]) -> Any:
        return len(toys)

    table = Table.from_entity(Toy).with_bulk_actions([odd])
    with pytest.raises(ViewError, match="returns a sentence"):
        await table.act(post(action="odd", row=toys[0].id))


async def test_a_name_that_looks_like_markup_stays_text(toys: list[Toy]) -> None:
    toy = Toy.create(name='"><img src=x>')
    html = str(await ToyTable.read(Request("GET", "/toys")))
    assert "<img" not in html
    assert isinstance(Html(html), str)
    Part.create(toy_id=toy.id)
    assert '"><img' in await refused(409, post(action="delete", row=toy.id))


async def test_a_live_table_that_was_built_in_place_keeps_what_can_be_done_by_name() -> None:
    from nitro_runtime.views import view_from_key

    Toy.create(name="Ape")
    table = Table.from_entity(Toy).with_bulk_actions(["delete"], limit=7).reactive()
    again: Any = await view_from_key(table.view_key or "", Request("GET", "/events"))
    assert 'value="delete"' in str(again)
    assert again._table().options.bulk_limit == 7
    with pytest.raises(ViewError, match="declared as a class"):
        str(Table.from_entity(Toy).with_bulk_actions([dear]).reactive())
