"""Files of a form that is not saved leave nothing behind, whatever it was that went wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest

from nitro_runtime import schema
from nitro_runtime.entities import (
    Entity,
    FileKey,
    ImageKey,
    MemoryRepository,
    configure,
    transaction,
    use,
)
from nitro_runtime.entities.sample_files import sample_png
from nitro_runtime.errors import EntityDefinitionError
from nitro_runtime.storage import FolderStorage, discard, fits_suffix, save_bytes, use_storage
from nitro_runtime.views import FileField, Form, ImageField, TextField
from nitro_runtime.web.request import Request


class Report(Entity):
    title: str
    cover: ImageKey | None = None
    paper: FileKey


class ReportForm(Form[Report]):
    title = TextField()
    cover = ImageField(required=False)
    paper = FileField(accept=(".pdf", ".txt"))


@pytest.fixture(autouse=True)
def world(tmp_path: Path) -> Iterator[Path]:
    known = dict(schema._entities)
    schema.register_entity("Report", Report)
    schema.register_entity("report", Report)
    configure("memory", uploads=tmp_path / "uploads")
    yield tmp_path / "uploads"
    use(MemoryRepository())
    use_storage(None)
    schema._entities.clear()
    schema._entities.update(known)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


PDF = ("report.pdf", b"%PDF-1.7 ...", "application/pdf")
PNG = ("cover.png", sample_png(), "image/png")


def post(data: Mapping[str, Any], files: Mapping[str, Any], **headers: str) -> Request:
    sent = httpx.Request("POST", "http://localhost/reports", data=data, files=files)
    body = sent.read()

    async def read(limit: int) -> bytes:
        return body

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/reports", {**dict(sent.headers.items()), **named}, read=read)


async def received(data: Mapping[str, Any], files: Mapping[str, Any], **headers: str) -> ReportForm:
    return await ReportForm.receive(post(data, files, **headers))


# -- when a save comes to nothing ---------------------------------------------------------------


async def test_a_transaction_that_is_rolled_back_later_takes_the_files_with_it(
    world: Path,
) -> None:
    form = await received({"title": "A"}, {"paper": PDF, "cover": PNG})
    with pytest.raises(RuntimeError):
        async with transaction():
            report = await form.save()
            assert report is not None, form.errors
            assert len(kept(world)) == 2
            raise RuntimeError
    assert (kept(world), Report.count()) == ([], 0)


async def test_a_savepoint_takes_only_its_own_files(world: Path) -> None:
    first = await received({"title": "A"}, {"paper": PDF})
    second = await received({"title": "B"}, {"paper": PDF})
    async with transaction():
        saved = await first.save()
        with pytest.raises(RuntimeError):
            async with transaction():
                await second.save()
                assert len(kept(world)) == 2
                raise RuntimeError
    assert saved is not None
    assert kept(world) == [saved.paper]


async def test_a_replaced_file_stays_when_the_transaction_is_rolled_back(world: Path) -> None:
    old = save_bytes(b"%PDF-old", "pdf")
    report = Report.create(title="A", paper=old)
    form = await ReportForm.receive(post({"title": "B"}, {"paper": PDF}), report)
    with pytest.raises(RuntimeError):
        async with transaction():
            assert await form.save() is report, form.errors
            raise RuntimeError
    assert kept(world) == [old]
    assert Report.get(report.id).paper == old


class Full(FolderStorage):
    """Has room for one file only."""

    def save(self, content: BinaryIO, suffix: str = "") -> str:
        if kept(self.folder):
            raise OSError(28, "No space left on device")
        return super().save(content, suffix)


async def test_a_storage_that_is_full_is_told_at_the_field_and_leaves_nothing(
    world: Path, caplog: pytest.LogCaptureFixture
) -> None:
    use_storage(Full(world))
    form = await received({"title": "A"}, {"cover": PNG, "paper": PDF})
    assert await form.save() is None
    assert form.errors == {"paper": ["The file could not be kept. Try again later."]}
    assert form.http_status == 422
    assert (kept(world), Report.count()) == ([], 0)
    assert "No space left" in caplog.text


class Slow(FolderStorage):
    """Waits in the midst of keeping a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def save(self, content: BinaryIO, suffix: str = "") -> str:
        self.begun.set()
        assert self.go_on.wait(10)
        return super().save(content, suffix)


async def test_a_visitor_who_leaves_while_a_file_is_kept_leaves_none(world: Path) -> None:
    storage = Slow(world)
    use_storage(storage)
    form = await received({"title": "A"}, {"paper": PDF})
    saving = asyncio.ensure_future(form.save())
    assert await asyncio.to_thread(storage.begun.wait, 10)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    storage.go_on.set()
    async with asyncio.timeout(10):
        while not (world.exists() and not kept(world)):
            await asyncio.sleep(0.01)
    assert Report.count() == 0


class Elsewhere:
    """A storage behind a network, which must not be waited for in an event loop."""

    def __init__(self) -> None:
        self.deleted: dict[str, str] = {}
        self.done = threading.Event()

    def save(self, content: BinaryIO, suffix: str = "") -> str:
        return f"file-{len(content.read())}"

    def open(self, key: str) -> BinaryIO:
        return BytesIO(key.encode())

    def delete(self, key: str) -> None:
        self.deleted[key] = threading.current_thread().name
        self.done.set()
        raise ConnectionError("the network is down")

    def url(self, key: str) -> str:
        return f"https://files.example/{key}"


async def test_a_storage_of_ones_own_deletes_in_a_thread_and_may_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    use_storage(storage := Elsewhere())
    report = Report.create(title="A", paper="file-1")
    await report.adelete()
    assert await asyncio.to_thread(storage.done.wait, 10)
    assert storage.deleted["file-1"] != threading.main_thread().name
    async with asyncio.timeout(10):
        while "could not be deleted" not in caplog.text:
            await asyncio.sleep(0.01)


def test_without_an_event_loop_it_deletes_at_once() -> None:
    use_storage(storage := Elsewhere())
    discard(["a"])
    assert storage.deleted == {"a": threading.current_thread().name}


# -- what a file is -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.pdf", b"%PDF-1.4", None),
        ("a.PDF", b"\xef\xbb\xbf\n%PDF-1.4", None),
        ("a.pdf", b"<script>alert(1)</script>", "The content of this file is not what its name says."),
        ("a.txt", b"<script>alert(1)</script>", None),  # a text is any text
        ("a.pdf.exe", b"%PDF-1.4", "Choose a file of another kind: .pdf, .txt."),
        ("pdf", b"%PDF-1.4", "Choose a file of another kind: .pdf, .txt."),
    ],
)  # fmt: skip
async def test_a_file_is_what_its_name_says(name: str, content: bytes, error: str | None) -> None:
    form = await received({"title": "A"}, {"paper": (name, content, "application/pdf")})
    assert form.errors == ({} if error is None else {"paper": [error]})


async def test_a_media_type_is_told_by_the_content_too() -> None:
    class Pdfs(Form[Report]):
        title = TextField()
        paper = FileField(accept=("application/pdf", "audio/*"))

    for file, good in (
        (("x", b"%PDF-1.4", "application/pdf"), True),
        (("x.html", b"<p>", "application/pdf"), False),
        (("x.zip", b"%PDF-1.4", "application/pdf"), False),
        (("x.ogg", b"OggS...", "audio/ogg"), True),
        (("x.ogg", b"<p>", "audio/ogg"), False),
    ):
        form = await Pdfs.receive(post({"title": "A"}, {"paper": file}))
        assert bool(form.errors) != good, file


def test_beginnings_of_files() -> None:
    assert fits_suffix(BytesIO(b"PK\x03\x04..."), "docx")
    assert not fits_suffix(BytesIO(b"MZ..."), "docx")
    assert fits_suffix(BytesIO(b"....ftypisom"), "mp4")
    assert not fits_suffix(BytesIO(b"ftypisom"), "mp4")
    assert fits_suffix(BytesIO(b"anything"), "csv")
    content = BytesIO(b"%PDF-1")
    content.read()
    assert fits_suffix(content, "pdf")
    assert content.tell() == 0


async def test_what_may_be_chosen_is_told_below_the_control() -> None:
    html = str(await ReportForm.new())
    told = "Choose a file or drag it here: PDF, TXT, at most 10 MB."
    assert f'<p id="report-paper-help" class="help">{told}</p>' in html
    assert "Choose a file or drag it here: GIF, JPEG, PNG, WEBP, at most 5 MB." in html


async def test_a_good_file_that_a_new_page_has_no_more_is_asked_for_again() -> None:
    files = {"paper": PDF, "cover": ("x.png", b"no picture", "image/png")}
    plain = await received({"title": "A"}, files)
    assert plain.errors == {"cover": ["Choose a picture: PNG, JPEG, GIF or WebP."]}
    assert "Choose the file again: the form was not saved." in str(plain)
    live = await received({"title": "A"}, files, datastar_request="true")
    assert "Choose the file again" not in str(live)  # the control still has it


async def test_a_field_for_several_files_is_refused_with_what_to_do_instead() -> None:
    class Gallery(Entity):
        name: str
        photos: list[ImageKey]

    with pytest.raises(EntityDefinitionError, match="give each file an entity of its own"):
        str(Form.from_entity(Gallery))
