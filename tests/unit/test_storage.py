"""Uploaded files are kept under names of the storage's own, whole or not at all."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest

from nitro_runtime import storage
from nitro_runtime.storage import (
    FolderStorage,
    Storage,
    current_storage,
    discard,
    image_suffix,
    is_key,
    safe_suffix,
    use_storage,
)

HOSTILE = [
    "",
    ".",
    "..",
    "../secret",
    "/etc/passwd",
    "a/b",
    "a\\b",
    ".hidden",
    "a\n",
    "é",
    "x" * 81,
]


@pytest.fixture(autouse=True)
def unset() -> object:
    yield None
    use_storage(None)


def test_what_is_saved_is_read_again_and_gone_after_delete(tmp_path: Path) -> None:
    kept: Storage = FolderStorage(tmp_path / "new" / "uploads")
    key = kept.save(BytesIO(b"hello"), "txt")
    assert is_key(key) and key.endswith(".txt")
    with kept.open(key) as file:
        assert file.read() == b"hello"
    assert kept.url(key) == f"/uploads/{key}"
    kept.delete(key)
    kept.delete(key)
    with pytest.raises(FileNotFoundError):
        kept.open(key)


def test_no_two_files_get_one_name_and_an_unknown_suffix_is_dropped(tmp_path: Path) -> None:
    kept = FolderStorage(tmp_path)
    keys = {kept.save(BytesIO(b"x"), suffix) for suffix in ("png", "html", "../x", "")}
    assert len(keys) == 4
    assert sorted(key.partition(".")[2] for key in keys) == ["", "", "", "png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(keys)


@pytest.mark.parametrize("key", HOSTILE)
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_text("secret")
    kept = FolderStorage(tmp_path / "uploads")
    kept.save(BytesIO(b"x"))
    assert not is_key(key)
    with pytest.raises(FileNotFoundError):
        kept.open(key)
    kept.delete(key)
    assert (tmp_path / "secret").exists()


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    kept = FolderStorage(tmp_path / "uploads")
    key = kept.save(BytesIO(b"x"))
    (tmp_path / "uploads" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(FileNotFoundError):
        kept.open("link")
    with kept.open(key) as file:
        assert file.read() == b"x"


def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the disk is gone")

    kept = FolderStorage(tmp_path)
    with pytest.raises(OSError, match="the disk is gone"):
        kept.save(Broken())
    assert list(tmp_path.iterdir()) == []


def test_the_folder_comes_from_the_environment_or_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NITRO_UPLOADS", raising=False)
    use_storage(None)
    first = current_storage()
    assert isinstance(first, FolderStorage)
    assert first.folder == tmp_path / "uploads"
    monkeypatch.setenv("NITRO_UPLOADS", str(tmp_path / "elsewhere"))
    assert current_storage() is first
    use_storage(None)
    assert getattr(current_storage(), "folder", None) == tmp_path / "elsewhere"
    use_storage(tmp_path / "chosen")
    assert getattr(current_storage(), "folder", None) == tmp_path / "chosen"


def test_a_file_that_cannot_be_discarded_is_told_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    use_storage(tmp_path)
    (tmp_path / "folder").mkdir()
    key = current_storage().save(BytesIO(b"x"))
    discard(["folder", key])
    assert "the file folder could not be deleted" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_the_address_follows_the_prefix_of_the_installation(tmp_path: Path) -> None:
    storage.serve_below("/live")
    try:
        assert FolderStorage(tmp_path).url("a.png") == "/live/uploads/a.png"
        assert FolderStorage(tmp_path, "https://cdn.example").url("a") == "https://cdn.example/a"
    finally:
        storage.serve_below("")


@pytest.mark.parametrize(
    ("filename", "suffix"),
    [
        ("report.PDF", "pdf"),
        ("archive.tar.gz", "gz"),
        ("page.html", ""),
        ("drawing.svg", ""),
        ("run.sh", ""),
        ("noname", ""),
        (".png", "png"),
        ("x.p\u0131g", ""),
    ],
)
def test_only_a_safe_extension_is_kept(filename: str, suffix: str) -> None:
    assert safe_suffix(filename) == suffix


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_a_picture_is_told_by_its_first_bytes(content: bytes, suffix: str | None) -> None:
    file = BytesIO(content)
    file.seek(0, os.SEEK_END)
    assert image_suffix(file) == suffix
    assert file.tell() == 0
