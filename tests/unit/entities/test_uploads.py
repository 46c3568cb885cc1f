"""A file goes with what refers to it, after the commit and never before."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import Entity, FileKey, ImageKey, configure, samples, transaction
from nitro_runtime.entities.sample_files import sample_png
from nitro_runtime.storage import save_bytes, use_storage
from nitro_runtime.testing import make

pytestmark = pytest.mark.usefixtures("backend", "folder")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    use_storage(tmp_path / "uploads")
    yield tmp_path / "uploads"
    use_storage(None)


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


class Paper(Entity):
    name: str
    scan: ImageKey | None = None
    text: FileKey


def test_a_replaced_file_is_deleted_and_the_others_stay(folder: Path) -> None:
    scan, text, other = save_bytes(b"1", "png"), save_bytes(b"2", "txt"), save_bytes(b"3")
    paper = Paper.create(name="A", scan=scan, text=text)
    paper.update(name="B")
    assert kept(folder) == {scan, text, other}
    paper.update(text=other)
    assert kept(folder) == {scan, other}
    paper.update(scan=None)
    assert kept(folder) == {other}
    paper.delete()
    assert kept(folder) == set()


def test_a_rollback_keeps_the_files(folder: Path) -> None:
    paper = Paper.create(name="A", text=save_bytes(b"1"))
    before = kept(folder)
    with pytest.raises(RuntimeError), transaction():
        paper.delete()
        assert kept(folder) == before
        raise RuntimeError
    assert kept(folder) == before
    with transaction():
        Paper.get(paper.id).delete()
        assert kept(folder) == before
    assert kept(folder) == set()


def test_changes_of_many_rows_delete_their_files_too(folder: Path) -> None:
    for name in ("A", "B", "C"):
        Paper.create(name=name, scan=save_bytes(b"1", "png"), text=save_bytes(b"2"))
    assert Paper.where(name="A").update(scan=None) == 1
    assert len(kept(folder)) == 5
    assert Paper.where(name__in=["B", "C"]).update(name="D") == 2
    assert len(kept(folder)) == 5
    assert Paper.where(name="D").delete() == 2
    assert len(kept(folder)) == 1


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "a/b", "", "a\n", "x" * 81])
def test_only_what_can_be_a_key_is_taken(key: str) -> None:
    with pytest.raises(ValidationError):
        Paper(name="A", text=key)


def test_the_description_tells_files_from_texts_and_outside_data_has_none() -> None:
    fields = Paper.__entity__.fields
    assert [fields[name].upload for name in ("name", "scan", "text")] == [None, "image", "file"]
    assert (fields["text"].max_length, fields["text"].sort) == (80, False)
    assert list(Paper.Input.model_fields) == list(Paper.PatchInput.model_fields) == ["name"]
    assert str(Paper.table.c.scan.type) == "VARCHAR(80)"


def test_the_search_does_not_look_into_keys() -> None:
    paper = Paper.create(name="A", text=save_bytes(b"1", "txt"))
    assert Paper.all().search("a").count() == 1
    assert Paper.all().search(paper.text[:8]).count() == 0


def test_samples_have_real_files(folder: Path) -> None:
    made = samples(Paper, 12)
    scans = [paper.scan for paper in made if paper.scan]
    assert kept(folder) == {*scans, *(paper.text for paper in made)}
    assert {(folder / scan).read_bytes()[:8] for scan in scans} == {b"\x89PNG\r\n\x1a\n"}
    before = len(kept(folder))
    paper = make(Paper, scan=None)
    assert paper.scan is None
    assert len(kept(folder)) <= before + 2


def test_configure_chooses_the_folder(tmp_path: Path) -> None:
    configure("memory", uploads=tmp_path / "chosen")
    key = save_bytes(b"x")
    assert (tmp_path / "chosen" / key).read_bytes() == b"x"


def test_the_sample_picture_is_a_whole_png() -> None:
    """Reads it as RFC 2083 says: chunks with their checksums, then lines of pixels."""
    content = sample_png((1, 2, 3), (250, 251, 252))
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    rest = content[8:]
    while rest:
        length = int.from_bytes(rest[:4])
        kind, data = rest[4:8], rest[8 : 8 + length]
        assert zlib.crc32(kind + data) == int.from_bytes(rest[8 + length : 12 + length])
        chunks[kind] = data
        rest = rest[12 + length :]
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height = int.from_bytes(chunks[b"IHDR"][:4]), int.from_bytes(chunks[b"IHDR"][4:8])
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert len(pixels) == height * (1 + 3 * width)
    assert (pixels[:4], pixels[-3:]) == (b"\0\1\2\3", bytes([250, 251, 252]))
