"""The browser backend, without a browser: what comes with a visit, and what goes back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime import context, signing
from nitro_runtime.context import Visit
from nitro_runtime.entities import (
    Entity,
    Field,
    configure,
    register_backend,
    transaction,
)
from nitro_runtime.entities.browser import BrowserRepository, clear_browser
from nitro_runtime.entities.browser.envelope import MOST_CHARACTERS, seal, unseal
from nitro_runtime.entities.settings import repository_named, settings
from nitro_runtime.errors import (
    BrokenReference,
    BrowserStorageFull,
    BrowserStorageMissing,
    BrowserStorageRefused,
    ConfigurationError,
    Duplicate,
    EntityDefinitionError,
    EntityError,
    InvalidRow,
    StaleEntity,
)
from nitro_runtime.schema import known_entities

DAY = 24 * 3600


class Clock:
    """A clock that goes when it is told to."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Browser:
    """What one browser keeps, and how often it was sent something."""

    def __init__(self, owner: str = "user:1") -> None:
        self.owner = owner
        self.kept = ""
        self.sent = 0

    def take(self, text: str) -> None:
        self.kept = text
        self.sent += 1

    def visit(self, owner: str | None = None) -> AbstractContextManager[None]:
        """One request of this browser."""
        return context.visiting(Visit(owner or self.owner, self.kept, self.take))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def backend(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The browser backend with this clock, and a secret key; nothing of either is left behind."""
    monkeypatch.setattr(signing, "_configured", "a key for these tests only")
    monkeypatch.setattr(signing, "_fallbacks", None)
    former = settings.named.get("browser")
    register_backend(BrowserRepository(clock=clock))
    with known_entities([Cart, Line, Pinned, Shelf]):
        yield
    del settings.named["browser"]
    if former is not None:
        register_backend(former)


@pytest.fixture
def browser() -> Browser:
    return Browser()


with known_entities():

    class Cart(Entity, backend="browser", table_name="browser_cart"):
        title: str = Field(max_length=4_000, unique=True)
        amount: int = 0

    class Line(Entity, backend="browser", table_name="browser_line"):
        cart_id: str = Field(foreign_key="browser_cart.id", ondelete="CASCADE")
        shelf_id: str | None = Field(default=None, foreign_key="browser_shelf.id")

    class Pinned(Entity, backend="browser", table_name="browser_pinned", version=False):
        id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment]
        tags: list[str] = Field(default_factory=list)

    class Shelf(Entity, backend="memory", table_name="browser_shelf"):
        name: str


def titles() -> list[str]:
    return [cart.title for cart in Cart.all().order_by("title")]


# -- a visit ----------------------------------------------------------------------------------------


def test_what_is_saved_in_one_visit_is_there_in_the_next(browser: Browser) -> None:
    with browser.visit():
        cart = Cart.create(title="Tea")
    with browser.visit():
        assert Cart.get(cart.id).title == "Tea"
        cart = Cart.get(cart.id)
        cart.amount = 3
        cart.save()
    with browser.visit():
        assert Cart.get(cart.id).amount == 3
        Cart.get(cart.id).delete()
    with browser.visit():
        assert Cart.count() == 0


def test_reading_sends_nothing_back(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
    with browser.visit():
        assert titles() == ["Tea"]
        assert Cart.where(title="Cup").delete() == 0
        assert Cart.where(title="Cup").update(amount=1) == 0
    assert browser.sent == 1


def test_of_several_saves_the_last_text_holds_all(browser: Browser) -> None:
    with browser.visit():
        for title in ("Tea", "Cup", "Pot"):
            Cart.create(title=title)
    assert browser.kept.startswith("3.")
    with browser.visit():
        assert titles() == ["Cup", "Pot", "Tea"]


def test_a_stale_save_is_refused_within_a_visit(browser: Browser) -> None:
    with browser.visit():
        one = Cart.create(title="Tea")
        other = Cart.get(one.id)
        one.amount = 1
        one.save()
        other.amount = 2
        with pytest.raises(StaleEntity):
            other.save()


def test_keys_are_counted_and_values_that_can_change_are_kept(browser: Browser) -> None:
    with browser.visit():
        Pinned.create(tags=["a"])
        pinned = Pinned.create()
        pinned.tags.append("b")
        pinned.save()
    with browser.visit():
        assert [(p.id, p.tags) for p in Pinned.all()] == [(1, ["a"]), (2, ["b"])]


def test_a_unique_field_is_unique_in_one_browser_alone(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
    with browser.visit(), pytest.raises(Duplicate):
        Cart.create(title="Tea")
    with Browser("user:2").visit():
        Cart.create(title="Tea")


def test_a_reference_into_the_browser_is_checked_and_one_to_elsewhere_is_not(
    browser: Browser,
) -> None:
    with browser.visit():
        cart = Cart.create(title="Tea")
        Line.create(cart_id=cart.id, shelf_id="a shelf that nobody has")
        with pytest.raises(BrokenReference):
            Line.create(cart_id="a cart that nobody has")
    with browser.visit():
        Cart.get(cart.id).delete()
        assert Line.count() == 0


async def test_coroutines_work_alike(browser: Browser) -> None:
    with browser.visit():
        cart = await Cart.acreate(title="Tea")
        async with transaction():
            await cart.aincrement(amount=2)
            await Cart.acreate(title="Cup")
    with browser.visit():
        assert [(c.title, c.amount) async for c in Cart.all().order_by("title")] == [
            ("Cup", 0),
            ("Tea", 2),
        ]
    assert browser.sent == 2


# -- transactions -----------------------------------------------------------------------------------


def test_a_transaction_is_sent_once_after_its_commit(browser: Browser) -> None:
    with browser.visit():
        with transaction():
            Cart.create(title="Tea")
            Cart.create(title="Cup")
            assert titles() == ["Cup", "Tea"]
            assert browser.sent == 0
        assert browser.sent == 1


def test_a_transaction_that_fails_changes_and_sends_nothing(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
        with pytest.raises(RuntimeError), transaction():
            Cart.create(title="Cup")
            raise RuntimeError
        assert titles() == ["Tea"]
    assert browser.sent == 1


def test_an_inner_transaction_takes_back_its_own_part(browser: Browser) -> None:
    with browser.visit(), transaction():
        Cart.create(title="Tea")
        with pytest.raises(RuntimeError), transaction():
            Cart.create(title="Cup")
            raise RuntimeError
    with browser.visit():
        assert titles() == ["Tea"]


# -- outside a visit --------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [Cart.count, Cart.first, lambda: Cart.create(title="Tea")])
def test_outside_a_visit_every_verb_says_what_to_do(verb: object) -> None:
    with pytest.raises(BrowserStorageMissing, match=r"Cart is kept .* data-init") as raised:
        verb()  # pyright: ignore[reportCallIssue] # a verb
    assert raised.value.status == 400


async def test_outside_a_visit_coroutines_say_so_too() -> None:
    with pytest.raises(BrowserStorageMissing):
        await Cart.acount()


def test_it_cannot_be_the_backend_of_every_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r'class Cart\(Entity, backend="browser"\)'):
        configure("browser")
    monkeypatch.setenv("NITRO_DATABASE_URL", "browser")
    with pytest.raises(ConfigurationError, match="backend of every entity"):
        configure()


def test_it_is_there_without_being_registered() -> None:
    registered = settings.named.pop("browser")
    try:
        assert isinstance(repository_named("browser"), BrowserRepository)
    finally:
        register_backend(registered)


def test_a_class_with_a_secret_is_refused_when_it_is_used(browser: Browser) -> None:
    class Login(Entity, backend="browser"):
        code: str = Field(secret=True)

    with browser.visit(), pytest.raises(EntityDefinitionError, match=r"Login\.code is secret"):
        Login.create(code="1")
    assert browser.sent == 0


# -- whose it is, and what was spoiled --------------------------------------------------------------


def test_what_belongs_to_another_is_refused_and_stays(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
    before = browser.kept
    with browser.visit("user:2"):
        for verb in (Cart.count, lambda: Cart.create(title="Cup")):
            with pytest.raises(BrowserStorageRefused) as raised:
                verb()
            assert raised.value.status == 403
    assert browser.kept == before
    with browser.visit():
        assert titles() == ["Tea"]


def test_every_changed_letter_is_noticed() -> None:
    text = seal("user:1", 7, {"cart": [[1, {"title": "Tea"}]]})
    assert unseal("user:1", text) == (7, {"cart": [[1, {"title": "Tea"}]]})
    for place, old in enumerate(text[:-1]):
        spoiled = text[:place] + ("A" if old != "A" else "B") + text[place + 1 :]
        with pytest.raises(BrowserStorageRefused):
            unseal("user:1", spoiled)


@given(st.text())
def test_no_text_that_was_not_sealed_is_read(text: str) -> None:
    with pytest.raises(BrowserStorageRefused):
        unseal("user:1", text)


def test_a_text_that_is_endless_is_not_even_looked_at() -> None:
    with pytest.raises(BrowserStorageRefused):
        unseal("user:1", "1.p" + "A" * MOST_CHARACTERS)


CONTENTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.none()),
)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 10**14), CONTENTS)
def test_what_was_sealed_comes_back(owner: str, revision: int, content: dict[str, object]) -> None:
    text = seal(owner, revision, content)
    assert unseal(owner, text) == (revision, content)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_text_is_deflated_when_that_is_shorter() -> None:
    assert ".p" in seal("user:1", 1, {})
    long = seal("user:1", 1, {"cart": [{"title": "the same again"}] * 100})
    assert ".z" in long
    assert len(long) < 200


def test_after_a_change_of_the_key_a_former_one_is_needed(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
    signing.configure_secret("another key, as after a change")
    with browser.visit(), pytest.raises(BrowserStorageRefused):
        Cart.count()
    signing.configure_secret(
        "another key, as after a change", fallbacks=["a key for these tests only"]
    )
    with browser.visit():
        assert titles() == ["Tea"]
        Cart.create(title="Cup")
    signing.configure_secret("another key, as after a change", fallbacks=[])
    with browser.visit():
        assert titles() == ["Cup", "Tea"]


@pytest.mark.parametrize("spoiled", ["hello", "999.pe30.AAAAAAAAAAAAAAAAAAAAAA", "?"])
def test_a_visitor_may_start_anew(browser: Browser, spoiled: str) -> None:
    browser.kept = spoiled
    with browser.visit():
        with pytest.raises(BrowserStorageRefused):
            Cart.count()
        clear_browser()
        Cart.create(title="Tea")
    with browser.visit():
        assert titles() == ["Tea"]
    # A page takes the text with the higher number for the newer one.
    assert int(browser.kept.partition(".")[0]) > int(spoiled.partition(".")[0].strip("helo?") or 0)


@pytest.mark.parametrize("spoiled", ["999999999999999.pe30.A", "9" * 40])
def test_a_number_that_cannot_be_exceeded_shuts_no_visitor_out(
    browser: Browser, spoiled: str
) -> None:
    browser.kept = spoiled
    with browser.visit():
        clear_browser()
    for title in ("Cup", "Tea"):
        with browser.visit():
            Cart.create(title=title)
    with browser.visit():
        assert titles() == ["Cup", "Tea"]
    assert browser.kept.startswith("999999999999999.")


def test_starting_anew_cannot_be_undone_so_no_transaction_holds_it(browser: Browser) -> None:
    with browser.visit(), transaction(), pytest.raises(EntityError, match="outside a transaction"):
        clear_browser()
    with pytest.raises(BrowserStorageMissing):
        clear_browser()


# -- limits -----------------------------------------------------------------------------------------


def text_of(size: int) -> str:
    """A text that nothing can make shorter."""
    return os.urandom(size // 2).hex()


def test_too_many_bytes_are_refused_and_everything_stays_as_it_was(browser: Browser) -> None:
    with browser.visit():
        cart = Cart.create(title="Tea")
        before = browser.kept
        with pytest.raises(BrowserStorageFull, match=r"may keep 3,000 bytes .* would be") as raised:
            Cart.create(title=text_of(4_000))
        assert (raised.value.status, raised.value.unit) == (413, "bytes")
        cart.title = text_of(4_000)
        with pytest.raises(BrowserStorageFull):
            cart.save()
        assert titles() == ["Tea"]
    assert browser.kept == before
    with browser.visit():
        Cart.create(title="Cup")
        assert titles() == ["Cup", "Tea"]


def test_no_text_is_longer_than_the_limit(browser: Browser) -> None:
    with browser.visit():
        with pytest.raises(BrowserStorageFull):  # by the last one
            while True:
                Cart.create(title=text_of(100))
        assert 2_700 < len(browser.kept) <= 3_000


def test_a_text_may_be_as_long_as_the_limit(clock: Clock) -> None:
    first, exact, less = Browser(), Browser(), Browser()
    with first.visit():
        Cart.create(id="a", title="Tea")
    register_backend(BrowserRepository(most_bytes=len(first.kept), clock=clock))
    with exact.visit():
        Cart.create(id="a", title="Tea")
    assert exact.kept == first.kept
    register_backend(BrowserRepository(most_bytes=len(first.kept) - 1, clock=clock))
    with less.visit(), pytest.raises(BrowserStorageFull):
        Cart.create(id="a", title="Tea")


def test_what_is_too_much_in_a_transaction_is_refused_where_it_is_saved(browser: Browser) -> None:
    with browser.visit():
        with pytest.raises(BrowserStorageFull), transaction():
            Cart.create(title="Tea")
            Cart.create(title=text_of(4_000))
        assert titles() == []
        with transaction():
            Cart.create(title="Cup")
            with pytest.raises(BrowserStorageFull):
                Cart.create(title=text_of(4_000))
    with browser.visit():
        assert titles() == ["Cup"]


def test_too_many_rows_are_refused(browser: Browser, clock: Clock) -> None:
    register_backend(BrowserRepository(most_bytes=100_000, most_rows=3, clock=clock))
    with browser.visit():
        Cart.create(title="Tea")
        for _ in range(2):
            Pinned.create()
        with pytest.raises(BrowserStorageFull, match="may keep 3 rows") as raised:
            Pinned.create()
        assert raised.value.unit == "rows"
        Pinned.get(1).delete()
        Pinned.create()


def test_what_shrinks_is_saved_also_beyond_a_limit_that_became_lower(
    browser: Browser, clock: Clock
) -> None:
    with browser.visit():
        for number in range(10):
            Cart.create(title=text_of(100), amount=number)
    register_backend(BrowserRepository(most_bytes=200, most_rows=2, clock=clock))
    with browser.visit():
        with pytest.raises(BrowserStorageFull):
            Cart.create(title=text_of(100))
        Cart.where(amount=0).delete()
        assert Cart.count() == 9


# -- how long ---------------------------------------------------------------------------------------


def test_a_row_is_gone_thirty_days_after_it_was_last_saved(browser: Browser, clock: Clock) -> None:
    with browser.visit():
        Cart.create(title="Tea")
        cup = Cart.create(title="Cup")
    clock.now += 20 * DAY
    with browser.visit():
        Cart.get(cup.id).increment(amount=1)
    clock.now += 10 * DAY - 1
    with browser.visit():
        assert titles() == ["Cup", "Tea"]
    clock.now += 1
    with browser.visit():
        assert titles() == ["Cup"]
    clock.now += 20 * DAY
    with browser.visit():
        assert titles() == []
        Cart.create(title="Tea")  # the former one no longer counts
    assert int(browser.kept.partition(".")[0]) == 4


# -- what a class or a site has changed meanwhile ---------------------------------------------------


def test_what_another_app_of_the_site_keeps_is_left_alone(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
        Pinned.create(tags=["a"])
    with known_entities([Cart]), browser.visit():
        Cart.create(title="Cup")
    with browser.visit():
        assert titles() == ["Cup", "Tea"]
        assert [pinned.tags for pinned in Pinned.all()] == [["a"]]


def test_a_class_may_get_a_field_with_a_default_and_lose_one(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
    with known_entities():

        class Newer(Entity, backend="browser", table_name="browser_cart"):
            title: str
            currency: str = "EUR"

        with browser.visit():
            newer = Newer.first()
            assert newer is not None
            assert (newer.title, newer.currency) == ("Tea", "EUR")


def test_a_row_that_does_not_fit_its_class_is_told_and_hides_no_other(browser: Browser) -> None:
    with browser.visit():
        Cart.create(title="Tea")
        Pinned.create(tags=["a"])
    with known_entities([Pinned]):

        class Stricter(Entity, backend="browser", table_name="browser_cart"):
            title: str
            currency: str

        with browser.visit():
            with pytest.raises(InvalidRow, match="currency is missing"):
                Stricter.count()
            Pinned.create(tags=["b"])
    with browser.visit():
        assert titles() == ["Tea"]
        assert Pinned.count() == 2


def test_a_class_says_how_long_its_rows_live(browser: Browser, clock: Clock) -> None:
    class Draft(Entity, backend="browser", ttl=60):
        text: str

    with browser.visit():
        Draft.create(text="...")
        Cart.create(title="Tea")
    clock.now += 59
    with browser.visit():
        assert Draft.count() == 1
    clock.now += 1
    with browser.visit():
        assert (Draft.count(), Cart.count()) == (0, 1)


def test_it_says_what_it_can_do() -> None:
    known = BrowserRepository().capabilities
    assert known == {"transactions", "unique", "references", "ttl", "nul", "visit"}
