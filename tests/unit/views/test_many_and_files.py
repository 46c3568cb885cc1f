"""Forms, tables and cards of entities with lists, many others, files and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from nitro_runtime import schema
from nitro_runtime.entities import (
    Entity,
    Field,
    FileKey,
    ImageKey,
    MemoryRepository,
    configure,
    has_many,
    has_one,
    many_to_many,
    use,
)
from nitro_runtime.entities.sample_files import sample_png
from nitro_runtime.errors import ViewError
from nitro_runtime.storage import save_bytes, use_storage
from nitro_runtime.views import (
    Card,
    CheckboxesField,
    Column,
    FileField,
    Form,
    HiddenField,
    ImageField,
    ListField,
    ManyField,
    RelationField,
    RowsField,
    Table,
    TextField,
)
from nitro_runtime.web.request import Request


class Label(Entity):
    name: str

    albums = many_to_many("Album", reverse_of="labels")


class Album(Entity):
    name: str
    days: list[date] = Field(default_factory=list[date], max_length=3)
    words: list[str] | None = None
    cover: ImageKey | None = None
    score: FileKey

    labels = many_to_many("Label")
    shop = has_one("Shop")


class Shop(Entity):
    name: str
    album_id: str = Field(foreign_key="album.id", unique=True)


class AlbumForm(Form[Album]):
    entity = Album
    name = TextField()
    days = ListField()
    words = ListField(required=False)
    labels = ManyField(Label)
    cover = ImageField(max_megabytes=0.001, required=False)
    score = FileField(max_megabytes=0.001, accept=(".txt", "audio/*"))


class AlbumTable(Table[Album]):
    entity = Album
    name = Column(link=True)
    days = Column()
    labels = Column()
    cover = Column()
    score = Column()
    shop = Column()
    reactive = True


@pytest.fixture(autouse=True)
def world(tmp_path: Path) -> Iterator[Path]:
    known = dict(schema._entities)
    for entity in (Label, Album, Shop, Choir, Setlist):
        schema.register_entity(entity.__name__, entity)
        schema.register_entity(entity.__entity__.table, entity)
    configure("memory", uploads=tmp_path / "uploads")
    yield tmp_path / "uploads"
    use(MemoryRepository())
    use_storage(None)
    schema._entities.clear()
    schema._entities.update(known)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def post(data: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> Request:
    sent = httpx.Request("POST", "http://localhost/albums", data=data, files=files)
    body = sent.read()

    async def read(limit: int) -> bytes:
        return body

    return Request("POST", "/albums", dict(sent.headers.items()), read=read)


TEXT = ("notes.txt", b"do re mi", "text/plain")
PNG = ("cover.png", sample_png(), "image/png")


async def received(
    data: Mapping[str, Any],
    files: Mapping[str, Any] | None = None,
    original: Album | None = None,
) -> AlbumForm:
    return await AlbumForm.receive(post(data, files), original)


# -- the whole way ------------------------------------------------------------------------------


async def test_a_posted_form_becomes_an_entity_with_its_list_others_and_files(world: Path) -> None:
    rock, jazz = Label.create(name="Rock"), Label.create(name="Jazz")
    form = await received(
        {
            "name": "Blue",
            "days": "2026-01-31\r\n\r\n 2026-02-01 ",
            "words": "",
            "labels": [jazz.id, rock.id],
        },
        {"cover": PNG, "score": TEXT},
    )
    album = await form.save()
    assert album is not None, form.errors
    assert (album.days, album.words) == ([date(2026, 1, 31), date(2026, 2, 1)], None)
    assert {label.name for label in album.labels} == {"Rock", "Jazz"}
    assert album.cover is not None and album.cover.endswith(".png")
    assert (world / album.cover).read_bytes() == sample_png()
    assert (world / album.score).read_bytes() == b"do re mi"
    assert kept(world) == sorted([album.cover, album.score])


async def test_what_is_not_touched_stays_and_a_new_file_replaces_the_old(world: Path) -> None:
    rock = Label.create(name="Rock")
    made: Any = Album
    cover, score = save_bytes(sample_png(), "png"), save_bytes(b"old", "txt")
    album = made.create(name="Blue", cover=cover, score=score, words=["a"], labels=[rock])
    form = await received({"name": "Blue 2"}, None, album)
    assert await form.save() is album, form.errors
    assert (album.name, album.words, album.cover, album.score) == ("Blue 2", ["a"], cover, score)
    assert [label.name for label in await album.labels.aall()] == ["Rock"]
    form = await received({"labels": ""}, {"score": TEXT}, album)
    assert await form.save() is album, form.errors
    assert kept(world) == sorted([cover, album.score])
    assert await album.labels.acount() == 0
    form = await received({"cover-remove": "on", "words": " "}, {}, album)
    assert await form.save() is album, form.errors
    assert (album.cover, album.words) == (None, None)
    assert kept(world) == [album.score]


async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(world: Path) -> None:
    form = await received(
        {"name": "Blue", "days": "2026-01-31\nsomeday", "labels": ["no-such-label"]},
        {"cover": ("x.png", b"<svg/>", "image/png"), "score": ("x.exe", b"MZ", "application/x")},
    )
    assert await form.save() is None
    assert form.http_status == 422
    assert form.errors == {
        "days": ["Value 2: Enter a date."],
        "labels": ["Choose one of the list."],
        "cover": ["Choose a picture: PNG, JPEG, GIF or WebP."],
        "score": ["Choose a file of another kind: .txt, audio/*."],
    }
    assert (kept(world), Album.count()) == ([], 0)


@pytest.mark.parametrize(
    ("files", "errors"),
    [
        ({}, {"score": ["This field is required."]}),
        ({"score": ("a.txt", b"", "text/plain")}, {"score": ["This file is empty."]}),
        ({"score": ("a.txt", b"x" * 1001, "text/plain")}, {"score": ["The file may have at most 0.001 MB."]}),
        ({"score": TEXT, "cover": ("a.png", sample_png() * 9, "image/png")}, {"cover": ["The file may have at most 0.001 MB."]}),
    ],
)  # fmt: skip
async def test_files_have_limits(files: Mapping[str, Any], errors: Mapping[str, Any]) -> None:
    form = await received({"name": "Blue"}, files)
    assert form.errors == errors


async def test_a_save_that_fails_leaves_no_file(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = await received({"name": "Blue"}, {"score": TEXT})
    assert await form.save(name=None) is None
    assert kept(world) == []

    async def broken(self: Album) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(Album, "asave", broken)
    with pytest.raises(RuntimeError, match="the database is gone"):
        await (await received({"name": "Blue"}, {"score": TEXT})).save()
    assert kept(world) == []


async def test_a_required_file_cannot_be_removed(world: Path) -> None:
    album = Album.create(name="Blue", score=save_bytes(b"old"))
    form = await received({"score-remove": "on"}, {}, album)
    assert form.errors == {"score": ["This field is required."]}


async def test_a_list_has_its_limits() -> None:
    form = await received({"name": "Blue", "days": "\n".join(["2026-01-31"] * 4)}, {"score": TEXT})
    assert form.errors == {"days": ["At most 3 values."]}
    assert "2026-01-31\n2026-01-31" in str(form)


# -- how it looks -------------------------------------------------------------------------------


async def test_an_empty_form_sends_files_and_offers_every_label() -> None:
    Label.create_many([{"name": f"L{number:02}"} for number in range(52)])
    html = str(await AlbumForm.new())
    assert 'enctype="multipart/form-data"' in html
    assert re.search(r"<fieldset[^>]*><legend[^>]*>Labels", html)
    assert html.count('<input type="checkbox"') + html.count('type="checkbox"') >= 50
    assert html.count('name="labels"') == 51
    assert "Only the first 50 are listed." in html
    assert re.search(r'<input[^>]*type="file"[^>]*accept="\.txt,audio/\*"', html)
    assert "One value on each line." in html


async def test_the_form_of_an_entity_shows_what_it_has() -> None:
    made: Any = Album
    labels = Label.create_many([{"name": "Rock"}, {"name": "Jazz"}])
    album = made.create(
        name="Blue",
        days=[date(2026, 1, 31)],
        cover=save_bytes(sample_png(), "png"),
        score=save_bytes(b"x"),
        labels=labels[1:],
    )
    html = str(await AlbumForm.edit(album))
    assert html == str(AlbumForm(album))
    assert f'<img src="/uploads/{album.cover}" alt="The present picture"' in html
    assert f'<a href="/uploads/{album.score}">The present file</a>' in html
    assert html.count("Remove it") == 1
    assert [m[1] for m in re.finditer(r"checked[^>]*>\s*(\w+)", html)] == ["Jazz"]
    assert ">\n2026-01-31</textarea>" in html


async def test_a_form_made_from_the_entity_has_all_of_it() -> None:
    album = Album.create(name="Blue", score=save_bytes(b"x"))
    html = str(await Form.from_entity(album).new())
    for name in ("days", "words", "labels", "cover", "score"):
        assert f'name="{name}"' in html
    with pytest.raises(ViewError, match="no field 'tags'"):

        class Wrong(Form[Album]):
            entity = Album
            tags = ManyField(Label)

        str(Wrong())


async def test_a_table_shows_labels_pictures_and_links_with_a_constant_number_of_queries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: Any = Album
    labels = Label.create_many([{"name": "<Rock>"}, {"name": "Jazz"}])
    albums = [
        made.create(
            name=f"Album {number}",
            days=[date(2026, 1, 31), date(2026, 2, 1)],
            cover=save_bytes(sample_png(), "png") if number else None,
            score=save_bytes(b"x"),
            labels=labels,
        )
        for number in range(5)
    ]
    album = albums[-1]
    Shop.create(name="Corner", album_id=album.id)
    asked: list[str] = []
    select = MemoryRepository.select
    monkeypatch.setattr(
        MemoryRepository,
        "select",
        lambda self, mapper, query: asked.append(mapper.info.table) or select(self, mapper, query),
    )
    table = await AlbumTable.read(Request("GET", "/albums"))
    html = str(table)
    assert sorted(asked) == ["album", "album_label", "label", "shop"]
    assert table.view_topics == {"album", "album_label", "label", "shop"}
    assert html.count('<ul class="related"><li>&lt;Rock&gt;</li><li>Jazz</li></ul></td>') == 5
    assert html.count(">2026-01-31, 2026-02-01</td>") == 5
    assert html.count('loading="lazy"') == 4
    assert f'<img src="/uploads/{album.cover}" alt="Album 4"' in html
    assert f'><a href="/uploads/{album.score}">File</a></td>' in html
    assert html.count(">Corner</td>") == 1
    assert '><a href="/albums/' in html


async def test_a_card_shows_them_too() -> None:
    made: Any = Album
    album = made.create(
        name="Blue", words=["a", "b"], score=save_bytes(b"x"), labels=[Label.create(name="Rock")]
    )
    html = str(await Card.from_entity(album).load())
    assert "<dd>a, b</dd>" in html
    assert '<dd><ul class="related"><li>Rock</li></ul></dd>' in html
    assert f'href="/uploads/{album.score}"' in html


async def test_the_other_side_follows_the_same_links() -> None:
    class LabelTable(Table[Label]):
        entity = Label
        albums = Column()

    assert (await LabelTable.read(Request("GET", "/labels"))).view_topics == {
        "label",
        "album",
        "album_label",
    }


async def test_a_link_in_a_cell_that_is_a_link_is_a_word() -> None:
    class Files(Table[Album]):
        entity = Album
        score = Column(link=True)

    album = Album.create(name="Blue", score=save_bytes(b"x"))
    assert f'><a href="/albums/{album.id}">File</a></th>' in str(Files())


class RockForm(Form[Album]):
    entity = Album
    name = TextField()
    labels = ManyField(Label, where={"name__startswith": "R"})


async def test_others_that_nobody_is_offered_stay_as_they_are() -> None:
    made: Any = Album
    rock, reggae, jazz = Label.create_many([{"name": n} for n in ("Rock", "Reggae", "Jazz")])
    album = made.create(name="Blue", score=save_bytes(b"x"), labels=[rock, jazz])

    async def names(*chosen: str) -> list[str]:
        form = await RockForm.receive(post({"name": "Blue", "labels": ["", *chosen]}), album)
        assert await form.save() is album
        return sorted(label.name for label in Album.get(album.id).labels)

    assert await names(rock.id) == ["Jazz", "Rock"]
    assert await names(reggae.id) == ["Jazz", "Reggae"]
    assert await names() == ["Jazz"]
    forged = await RockForm.receive(post({"name": "Blue", "labels": ["", rock.id, jazz.id]}), album)
    assert forged.errors == {"labels": ["Choose one of the list."]}


async def test_a_form_that_is_saved_again_makes_nothing_new() -> None:
    form = await AlbumForm.receive(post({"name": "Blue"}, {"score": TEXT}))
    first = await form.save()
    assert first is not None
    assert await form.save() is first
    assert Album.count() == 1


class Choir(Entity):
    name: str
    label_id: str | None = Field(None, foreign_key="label.id")
    words: list[str] | None = None

    sets = has_many("Setlist")


class Setlist(Entity):
    choir_id: str = Field(foreign_key="choir.id")
    label_id: str | None = Field(None, foreign_key="label.id")
    number: int = 1

    labels = many_to_many("Label")


class SetlistForm(Form[Setlist]):
    entity = Setlist
    number = HiddenField()
    label_id = RelationField(Label, where={"name__startswith": "R"})
    labels = ManyField(Label, where={"name__startswith": "R"})


class ChoirForm(Form[Choir]):
    entity = Choir
    name = HiddenField(max_length=5)
    label_id = RelationField(Label, where={"name__startswith": "R"})
    words = CheckboxesField(choices=["a", "b"])
    sets = RowsField(SetlistForm)


@pytest.mark.parametrize("more", [0, 60])  # in a select, and in a search
async def test_what_rows_and_searches_and_boxes_do_not_offer_stays(more: int) -> None:
    made: Any = Setlist
    rock, jazz = Label.create_many([{"name": name} for name in ("Rock", "Jazz")])
    Label.create_many([{"name": f"R{number}"} for number in range(more)])
    choir = Choir.create(name="Nine", label_id=jazz.id, words=["a", "old"])
    row = made.create(choir_id=choir.id, label_id=jazz.id, labels=[rock, jazz])
    page = str(await ChoirForm.edit(choir))
    typed = "As it is now" if more else None
    assert page.count("As it is now") == 2
    data: dict[str, Any] = {"name": "Nine", "words": ["", "b"], "label_id": jazz.id}
    data |= {"sets-0-_key": row.id, "sets-0-number": "2", "sets-0-label_id": jazz.id}
    data |= {"sets-0-labels": [""]}
    if typed:
        data |= {"label_id-text": typed, "sets-0-label_id-text": typed}
    form = await ChoirForm.receive(post(data), choir)
    assert await form.save() is choir, form.errors
    stored = Choir.get(choir.id)
    assert (stored.label_id, stored.words) == (jazz.id, ["b", "old"])
    kept_row = made.get(row.id)
    assert (kept_row.number, kept_row.label_id) == (2, jazz.id)
    assert [label.name for label in kept_row.labels] == ["Jazz"]
    other = Choir.create(name="Ten")
    forged = await ChoirForm.receive(post({**data, "sets-0-_key": ""}), other)
    assert forged.errors["label_id"] == ["Choose one of the list."]


async def test_what_is_wrong_with_a_hidden_field_is_told_without_a_link() -> None:
    data = {"name": "too long", "sets-0-number": "x"}
    html = str(await ChoirForm.receive(post(data)))
    assert "<li>Name: At most 5 characters.</li>" in html
    assert "<li>Setlist 1, Number: Enter a whole number.</li>" in html
