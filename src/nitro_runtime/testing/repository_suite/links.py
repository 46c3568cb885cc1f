# ruff: noqa: S101 # a suite of tests asserts
"""Relations of many to many, and the entity between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from nitro_runtime.context import Change
from nitro_runtime.entities import col, transaction
from nitro_runtime.errors import BrokenReference, Duplicate, EntityError
from nitro_runtime.testing.coroutines import in_a_loop
from nitro_runtime.testing.queries import assert_queries
from nitro_runtime.testing.repository_suite.models import (
    Article,
    Course,
    Enrolment,
    Owner,
    Pupil,
    Tag,
)
from nitro_runtime.testing.repository_suite.suite import Suite, needs

MAKE: Any = Article
"""As the constructor takes relations of many, of which type checkers know nothing."""


def names(entities: Iterable[Any]) -> list[str]:
    """Returns the names of entities, as they come."""
    return [entity.name for entity in entities]


@needs("unique", "references", "transactions")
class Links(Suite):
    """Links are added, taken away, asked for, and gone with either side."""

    @pytest.fixture
    def tags(self) -> list[Tag]:
        """Three tags."""
        return Tag.create_many([{"name": "red"}, {"name": "green"}, {"name": "blue"}])

    def test_others_are_added_once_and_found_from_both_sides(self, tags: list[Tag]) -> None:
        """By entity and by key."""
        red, green, _ = tags
        tea, cup = Article.create(name="Tea"), Article.create(name="Cup")
        tea.tags.add(red, green)
        tea.tags.add(green.id, red)
        cup.tags.add(red)
        assert names(tea.tags) == ["red", "green"]
        assert names(red.articles) == ["Tea", "Cup"]
        red.articles.remove(tea)
        assert names(tea.tags) == ["green"]

    def test_it_is_a_query_set(self, tags: list[Tag]) -> None:
        """Narrowed, sorted, counted, changed."""
        tea = MAKE.create(name="Tea", tags=tags)
        assert names(tea.tags.order_by("name")) == ["blue", "green", "red"]
        assert names(tea.tags.where(col(Tag.name) != "red").limit(1)) == ["green"]
        assert (tea.tags.count(), tea.tags.exists()) == (3, True)
        assert not tea.tags.where(name="x").exists()
        assert tea.tags.page(2, 2).total == 3
        assert tea.tags.where(name="red").update(name="crimson") == 1
        assert names(Tag.where(name="crimson")) == ["crimson"]

    def test_set_links_exactly_these(self, tags: list[Tag]) -> None:
        """And clear none."""
        red, green, blue = tags
        tea = Article.create(name="Tea")
        tea.tags.set([red, green])
        tea.tags.set([green, blue.id])
        assert names(tea.tags) == ["green", "blue"]
        tea.tags.clear()
        assert names(tea.tags) == []

    def test_an_entity_is_made_and_changed_together_with_its_others(self, tags: list[Tag]) -> None:
        """In one transaction."""
        tea = MAKE.create(name="Tea", tags=tags[:2])
        assert names(tea.tags) == ["red", "green"]
        tea.update(name="Green tea", tags=tags[2:])
        assert (Article.get(tea.id).name, names(tea.tags)) == ("Green tea", ["blue"])
        new = MAKE(name="Cup")
        new.tags = tags[:1]
        assert names(new.tags) == ["red"]
        new.save()
        assert names(Article.get(new.id).tags) == ["red"]
        (many,) = MAKE.create_many([{"name": "Pot", "tags": [tags[0].id]}])
        assert names(many.tags) == ["red"]

    def test_what_cannot_be_linked_changes_nothing(self, tags: list[Tag]) -> None:
        """Neither the entity nor its links."""
        with pytest.raises(BrokenReference):
            MAKE.create(name="Tea", tags=[tags[0], "no-such-tag"])
        assert Article.count() == 0
        tea = MAKE.create(name="Tea")
        tea.tags.set([tags[0]])
        with pytest.raises(BrokenReference):
            tea.update(name="Cup", tags=["no-such-tag"])
        stored = Article.get(tea.id)
        assert (stored.name, names(stored.tags)) == ("Tea", ["red"])
        with pytest.raises(EntityError, match="tags are Tag entities, not Article"):
            tea.tags.add(tea)
        with pytest.raises(EntityError, match="Save the Article before its tags"):
            Article(name="Cup").tags.add(tags[0])

    @pytest.mark.parametrize("side", ["article", "tag"])
    def test_deleting_either_side_removes_the_links(self, side: str, tags: list[Tag]) -> None:
        """And nothing else."""
        tea = MAKE.create(name="Tea", tags=tags)
        (tea if side == "article" else tags[0]).delete()
        link = Article.tags.link(Article).entity
        assert link.count() == (0 if side == "article" else 2)
        assert names(tags[1].articles) == ([] if side == "article" else ["Tea"])

    def test_a_rollback_undoes_links(self, tags: list[Tag]) -> None:
        """As any other change."""
        tea = Article.create(name="Tea")
        with pytest.raises(RuntimeError), transaction():
            tea.tags.add(tags[0])
            assert names(tea.tags) == ["red"]
            raise RuntimeError
        assert names(tea.tags) == []

    def test_a_pair_is_linked_once_even_by_hand(self, tags: list[Tag]) -> None:
        """By the entity between them."""
        tea = Article.create(name="Tea")
        link = Article.tags.link(Article)
        pair = {link.left: tea.id, link.right: tags[0].id}
        link.entity.create(**pair)
        with pytest.raises(Duplicate) as caught:
            link.entity.create(**pair)
        assert caught.value.field == f"{link.left}, {link.right}"

    def test_rows_are_found_by_what_they_are_linked_with(self, tags: list[Tag]) -> None:
        """By entity, by key, and by what that has."""
        red, green, _ = tags
        MAKE.create(name="Tea", tags=[red])
        MAKE.create(name="Cup", tags=[red, green])
        MAKE.create(name="Bare")
        assert names(Article.where(tags=red)) == ["Tea", "Cup"]
        assert names(Article.where(tags=green.id)) == ["Cup"]
        assert names(Article.where(tags=red).where(name__startswith="C")) == ["Cup"]
        assert names(Article.where(tags__name="green")) == ["Cup"]
        assert names(Article.where(tags__name__in=["red", "green"])) == ["Tea", "Cup"]
        criterion = Article.where(tags=green).query.criterion
        assert criterion is not None
        assert names(Article.where(~criterion)) == ["Tea", "Bare"]
        assert Article.where(tags="no-such-tag").count() == 0
        assert Article.where(tags=red).delete() == 2
        assert names(red.articles) == []

    def test_an_entity_is_linked_with_others_of_its_own_class(self) -> None:
        """And with itself."""
        tea, cup = Article.create(name="Tea"), Article.create(name="Cup")
        tea.related.add(cup)
        assert (names(tea.related), names(cup.related)) == (["Cup"], [])
        assert (names(tea.related_by), names(cup.related_by)) == ([], ["Tea"])
        one, two = Owner.create(name="Ada"), Owner.create(name="Grace")
        one.friends.add(two.number, one)
        assert names(one.friends) == ["Ada", "Grace"]

    def test_an_entity_of_ones_own_keeps_the_links_and_more(self) -> None:
        """Adding what is linked leaves the rest of it alone."""
        make: Any = Pupil
        greek = Course.create(name="Greek")
        ada = make.create(name="Ada", courses=[greek])
        (enrolment,) = Enrolment.all()
        enrolment.update(mark=1)
        assert (names(ada.courses), names(greek.pupils)) == (["Greek"], ["Ada"])
        ada.courses.add(*Course.all())
        assert [row.mark for row in Enrolment.all()] == [1]
        with pytest.raises(Duplicate):
            Enrolment.create(pupil_id=ada.id, course_id=greek.id)
        assert greek.enrolments.count() == 1

    @pytest.mark.parametrize("count", [2, 200])
    def test_include_reads_links_with_a_constant_number_of_queries(
        self, count: int, tags: list[Tag]
    ) -> None:
        """The rows, their links, and the others."""
        MAKE.create_many([{"name": f"A{i}", "tags": tags[: i % 3]} for i in range(count)])
        with assert_queries(3):
            found = Article.all().include("tags").all()
        with assert_queries(0):
            assert [names(article.tags) for article in found] == [
                names(tags[: i % 3]) for i in range(count)
            ]

    def test_what_was_read_is_read_anew_after_a_change(self, tags: list[Tag]) -> None:
        """Through whichever object it was changed."""
        tea = Article.create(name="Tea")
        (found,) = Article.all().include("tags").all()
        assert names(found.tags) == []
        found.tags.add(tags[0])
        assert names(found.tags) == ["red"]
        held = found.tags
        held.set(tags[1:])
        assert names(held) == names(Article.get(tea.id).tags) == ["green", "blue"]

    @in_a_loop
    async def test_coroutines_change_and_read_links(self) -> None:
        """By the twins of the verbs."""
        tags = await Tag.acreate_many([{"name": "red"}, {"name": "green"}, {"name": "blue"}])
        tea = await MAKE.acreate(name="Tea", tags=tags[:1])
        assert names(await tea.tags.aall()) == ["red"]
        await tea.tags.aadd(tags[1])
        assert [tag.name async for tag in tea.tags] == ["red", "green"]
        await tea.tags.aremove(tags[0])
        await tea.aupdate(tags=[*tags[1:], tags[0]])
        await tea.aload("tags")
        assert names(tea.tags) == ["red", "green", "blue"]
        await tea.tags.aset([tags[2]])
        assert names(await tea.tags.aall()) == ["blue"]
        await tea.tags.aclear()
        assert names(await tea.tags.aall()) == []

    def test_a_change_of_links_is_announced_as_one_of_their_table(
        self, tags: list[Tag], changes: list[Change]
    ) -> None:
        """What changes nothing is not."""
        tea = Article.create(name="Tea")
        changes.clear()
        tea.tags.set(tags)
        tea.tags.set(tags)
        tea.tags.remove(tags[0])
        table = Article.tags.link(Article).entity.__entity__.table
        assert [(change.kind, change.topic) for change in changes] == [
            ("created", table),
            ("deleted", table),
        ]
