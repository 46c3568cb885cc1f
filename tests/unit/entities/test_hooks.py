"""Methods of an entity that run with each save and delete, inside their transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import Field as PydanticField
from pydantic import ValidationError
from sqlmodel import SQLModel

from nitro_runtime.context import Change
from nitro_runtime.entities import Entity, Field, Repository, many_to_many, transaction
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import EntityDefinitionError, StaleEntity

ran: list[str] = []


@pytest.fixture(autouse=True)
def fresh(backend: Repository) -> Iterator[None]:
    ran.clear()
    yield


class Label(Entity):
    name: str


class Article(Entity):
    title: str = Field(min_length=2)
    slug: str = ""
    stock: int = Field(default=0, ge=0)
    code: str | None = Field(default=None, unique=True)

    labels = many_to_many(Label)

    def before_save(self) -> None:
        assert current_transaction() is not None
        ran.append(f"before {self.title} new={self.is_new} {sorted(self.changed)[-1:]}")
        self.slug = self.title.lower()
        if self.title == "Refused":
            raise RuntimeError("before")

    def after_save(self) -> None:
        ran.append(f"after {self.title} new={self.is_new} {Article.count(id=self.id)}")
        if self.title == "Undone":
            raise RuntimeError("after")

    def before_delete(self) -> None:
        ran.append(f"before delete {Article.count(id=self.id)}")
        if self.title == "Kept":
            raise RuntimeError("kept")

    def after_delete(self) -> None:
        ran.append(f"after delete {Article.count(id=self.id)}")
        if self.title == "Back":
            raise RuntimeError("back")


def test_a_create_runs_the_hooks_of_saving_and_keeps_what_they_change(
    changes: list[Change],
) -> None:
    made = Article.create(title="Tea")
    assert ran == ["before Tea new=True ['version']", "after Tea new=False 1"]
    assert Article.get(made.id).slug == made.slug == "tea"
    assert [(one.kind, one.entity) for one in changes] == [("created", made)]


def test_a_save_and_an_update_run_them_and_know_what_changed() -> None:
    made = Article.create(title="Tea")
    ran.clear()
    made.stock = 1
    made.save()
    made.update(title="Cup")
    assert ran == [
        "before Tea new=False ['stock']",
        "after Tea new=False 1",
        "before Cup new=False ['title']",
        "after Cup new=False 1",
    ]
    assert (made.slug, made.version, made.changed) == ("cup", 3, {})


def test_a_save_without_a_change_stores_nothing_and_runs_no_after_save() -> None:
    made = Article.create(title="Tea")
    ran.clear()
    made.save()
    assert ran == ["before Tea new=False []"]
    assert made.version == 1


def test_what_a_hook_changes_is_validated() -> None:
    class Strict(Entity):
        amount: int = Field(default=0, le=5)
        tags: list[int] = Field(default_factory=list[int])

        def before_save(self) -> None:
            vars(self)["amount"] = 9

    with pytest.raises(ValidationError):
        Strict.create()
    with pytest.raises(ValidationError):
        Strict.create_many([{}])
    assert Strict.count() == 0


@pytest.mark.parametrize("title", ["Refused", "Undone"])
def test_a_hook_that_raises_undoes_the_write_and_its_announcement(
    title: str, changes: list[Change]
) -> None:
    made = Article(title=title)
    with pytest.raises(RuntimeError):
        made.save()
    assert (made.is_new, made.version, Article.count()) == (True, 1, 0)
    known = Article.create(title="Tea")
    del changes[:]
    with pytest.raises(RuntimeError):
        known.update(title=title)
    assert (Article.get(known.id).title, known.version) == ("Tea", 1)
    assert changes == []
    known.title = "Tea again"
    known.save()
    assert (Article.get(known.id).title, known.version) == ("Tea again", 2)


def test_inside_a_transaction_only_the_write_with_the_hook_is_undone(
    changes: list[Change],
) -> None:
    with transaction():
        kept = Article.create(title="Kept one")
        with pytest.raises(RuntimeError):
            Article.create(title="Undone")
    assert [one.title for one in Article.all()] == ["Kept one"]
    assert [one.entity for one in changes] == [kept]


def test_a_delete_runs_its_hooks(changes: list[Change]) -> None:
    made = Article.create(title="Tea")
    del ran[:], changes[:]
    made.delete()
    assert ran == ["before delete 1", "after delete 0"]
    assert [one.kind for one in changes] == ["deleted"]


@pytest.mark.parametrize("title", ["Kept", "Back"])
def test_a_hook_that_raises_keeps_what_was_to_be_deleted(title: str, changes: list[Change]) -> None:
    made = Article.create(title=title)
    del changes[:]
    with pytest.raises(RuntimeError):
        made.delete()
    assert changes == []
    assert not made.is_new
    made.update(title="Gone")
    made.delete()
    assert Article.count() == 0


def test_many_at_once_run_them_for_each_and_last_together() -> None:
    made = Article.create_many([{"title": "One"}, {"title": "Two"}])
    assert ran == [
        "before One new=True ['version']",
        "before Two new=True ['version']",
        "after One new=False 1",
        "after Two new=False 1",
    ]
    assert [one.slug for one in Article.all()] == ["one", "two"]
    with pytest.raises(RuntimeError):
        Article.create_many([{"title": "Three"}, {"title": "Undone"}])
    made[0].title, made[1].title = "Uno", "Undone"
    with pytest.raises(RuntimeError):
        Article.update_many(made)
    assert [one.title for one in Article.all()] == ["One", "Two"]
    made[1].title = "Due"
    assert Article.update_many(made) == 2
    assert [(one.title, one.slug) for one in Article.all()] == [("Uno", "uno"), ("Due", "due")]


def test_finding_or_making_runs_them() -> None:
    made, _ = Article.get_or_create(title="Tea")
    Article.upsert("id", id=made.id, title="Cup")
    Article.upsert_many("id", [{"id": made.id, "title": "Pot"}, {"id": "x", "title": "Jug"}])
    assert [one.partition(" new")[0] for one in ran] == [
        "before Tea", "after Tea", "before Cup", "after Cup",
        "before Jug", "before Pot", "after Jug", "after Pot",
    ]  # fmt: skip


def test_statements_over_many_rows_and_increments_run_none() -> None:
    made = Article.create(title="Tea")
    ran.clear()
    made.increment(stock=1)
    Article.all().update(stock=5)
    Article.all().delete()
    assert ran == []


def test_links_of_a_new_entity_are_stored_before_after_save_runs() -> None:
    seen: list[int] = []

    class Basket(Entity):
        name: str = ""

        labels = many_to_many(Label)

        def after_save(self) -> None:
            seen.append(self.labels.count())

    Basket.create(labels=[Label.create(name="a"), Label.create(name="b")])
    assert seen == [2]


async def test_coroutines_run_them() -> None:
    made = await Article.acreate(title="Tea")
    await made.aupdate(title="Cup")
    await made.adelete()
    assert [one.partition(" new")[0] for one in ran] == [
        "before Tea", "after Tea", "before Cup", "after Cup", "before delete 1", "after delete 0",
    ]  # fmt: skip
    with pytest.raises(RuntimeError):
        await Article.acreate(title="Undone")
    assert await Article.acount() == 0


def test_mixins_and_bases_pass_hooks_on_by_super() -> None:
    class Noted:
        def before_save(self) -> None:
            ran.append("mixin")
            super().before_save()  # type: ignore[misc] # pyright: ignore

    class Audited(SQLModel):
        by: str = PydanticField(default="nobody")

        def after_save(self) -> None:
            ran.append(f"by {self.by}")

    class Base(Entity, abstract=True):
        def before_save(self) -> None:
            ran.append("base")
            super().before_save()

    class Leaf(Noted, Audited, Base):
        name: str = "x"

        def before_save(self) -> None:
            ran.append("leaf")
            super().before_save()

    class Heir(Leaf):
        pass

    assert Heir.create().by == "nobody"
    assert ran == ["leaf", "mixin", "base", "by nobody"]


def test_a_class_without_hooks_pays_nothing_for_them() -> None:
    assert (Label.__saves_with_hooks__, Label.__deletes_with_hooks__) == (False, False)
    assert (Article.__saves_with_hooks__, Article.__deletes_with_hooks__) == (True, True)


def test_a_hook_that_saves_what_is_unchanged_does_not_go_round() -> None:
    class Looped(Entity):
        name: str = "x"

        def after_save(self) -> None:
            self.save()

    assert Looped.create().version == 1


def test_a_hook_that_could_not_run_is_refused() -> None:
    with pytest.raises(EntityDefinitionError) as refused:

        class Later(Entity):  # pyright: ignore[reportUnusedClass]
            async def before_save(self) -> None:  # type: ignore[override] # pyright: ignore
                pass

    assert str(refused.value) == (
        "Later.before_save is a coroutine function, and a hook runs inside the write: write "
        "`def before_save(self)`, and do what awaits in a handler of the entity's event."
    )
    with pytest.raises(EntityDefinitionError) as refused:

        class Static(Entity):  # pyright: ignore[reportUnusedClass]
            @staticmethod
            def after_delete() -> None:  # type: ignore[override] # pyright: ignore
                pass

    assert str(refused.value) == (
        "Static.after_delete is a hook and so a plain method: write `def after_delete(self)`."
    )

    class Mixin:
        def before_save(self) -> None:
            pass

    with pytest.raises(EntityDefinitionError) as refused:

        class Wrong(Entity, Mixin):  # pyright: ignore
            pass

    assert str(refused.value) == (
        "Mixin.before_save would never run for Wrong, as Entity stands before Mixin: "
        "write `class Wrong(Mixin, Entity):`."
    )
    with pytest.raises(EntityDefinitionError, match=r"Bad\.after_save"):
        namespace: dict[str, Any] = {"__annotations__": {"after_save": str}, "__module__": __name__}
        type(Entity)("Bad", (Entity,), namespace)  # pyright: ignore


def test_a_deleted_entity_is_not_saved_again() -> None:
    made = Label.create(name="a")
    made.delete()
    assert (made.name, made.is_new, made.changed) == ("a", False, {})
    for verb in (made.save, made.delete, lambda: made.increment(name=1)):
        with pytest.raises(StaleEntity) as refused:
            verb()
        assert str(refused.value) == (
            f"Label {made.id!r} was deleted; to have its values stored again, make a new one with "
            "Label.create(...)."
        )
    assert Label.create(**made.model_dump()) == made
