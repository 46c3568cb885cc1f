from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import Refused
from nitro_runtime.web import Multi, Posted, Request, Upload, Uploads
from nitro_runtime.web.forms import MOST_FIELDS, Values
from nitro_runtime.web.multipart import (
    MEMORY_BYTES,
    MOST_FILES,
    MOST_TEXT_BYTES,
    MultipartReader,
)
from nitro_runtime.web.request import BODY_LIMIT, DISCARDED_BYTES, MEMORY_BODY_BYTES
from nitro_runtime.web.uploads import base_name

KIND = "multipart/form-data; boundary=B"
MB = 1024 * 1024


def posting(body: bytes, kind: str = KIND) -> Request:
    async def read(limit: int) -> bytes:
        return body

    return Request("POST", "/", headers={"content-type": kind}, read=read)


def encoded(fields: list[tuple[str, str]], files: list[tuple[str, str, bytes]]) -> Request:
    """A request as httpx writes it."""
    content = [(name, (filename, data, "text/plain")) for name, filename, data in files]
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    made = httpx.Request("POST", "http://x/", data=data, files=content)
    return posting(made.read(), made.headers["content-type"])


def part(disposition: str, content: str = "", *headers: str) -> bytes:
    lines = ["--B", f"Content-Disposition: {disposition}", *headers, "", content, ""]
    return "\r\n".join(lines).encode()


async def refusal(body: bytes, kind: str = KIND, limit: int = 10 * MB) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await posting(body, kind).files(limit)
    assert str(refused.value).endswith(".")
    return refused.value.status, str(refused.value)


# -- what comes through ---------------------------------------------------------------------------

# httpx writes control characters of names as %XX; browsers never have any in them
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf"], exclude_characters="%"), min_size=1
)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.lists(st.tuples(names, texts), max_size=4),
    st.lists(st.tuples(names, names, st.binary(max_size=200)), min_size=1, max_size=4),
)
async def test_what_httpx_encodes_comes_back(
    fields: list[tuple[str, str]], files: list[tuple[str, str, bytes]]
) -> None:
    request = encoded(fields, files)
    form, uploads = await request.form(10 * MB), await request.files(10 * MB)
    assert form.pairs() == Multi(fields).pairs()
    sent = Values([(name, (base_name(filename), data)) for name, filename, data in files])
    assert [(name, (u.filename, u.read())) for name, u in uploads.pairs()] == sent.pairs()
    assert all(u.size == len(u.read()) for _, u in uploads.pairs())


@given(st.binary(max_size=300), st.integers(1, 40))
def test_content_that_looks_like_a_boundary_comes_back_however_it_is_cut(
    data: bytes, size: int
) -> None:
    content = b"\r\n--A\r\n--" + data + b"\r\n--B-" + data
    body = part('form-data; name="f"; filename="x"')[:-2] + content + b"\r\n--B--\r\n"
    if b"\r\n--B\r\n" in content or b"\r\n--B--" in content or b"\r\n--B " in content:
        return
    reader = MultipartReader(KIND)
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    assert reader.finish().files["f"].read() == content


async def test_a_form_has_texts_and_files() -> None:
    request = encoded([("tag", "a"), ("tag", "b")], [("photo", "Foto ä.png", b"\x89PNG")])
    assert (await request.form()).getlist("tag") == ["a", "b"]
    photo = (await request.files())["photo"]
    assert (photo.filename, photo.content_type, photo.size) == ("Foto ä.png", "text/plain", 4)
    assert photo.read() == photo.read() == b"\x89PNG"


async def test_a_field_may_hold_several_files() -> None:
    files = await encoded([], [("f", "a", b"1"), ("f", "b", b"2")]).files()
    assert [file.read() for file in files.getlist("f")] == [b"1", b"2"]
    assert files["f"].filename == "b"


async def test_an_urlencoded_form_has_no_files() -> None:
    request = posting(b"name=Lamp", "application/x-www-form-urlencoded")
    assert len(await request.files()) == 0
    assert (await request.form())["name"] == "Lamp"


async def test_a_get_has_neither() -> None:
    request = Request("GET", "/", headers={"content-type": KIND})
    assert (len(await request.form()), len(await request.files())) == (0, 0)


async def test_a_file_field_that_was_left_empty_is_absent() -> None:
    kind = "Content-Type: application/octet-stream"
    body = part('form-data; name="f"; filename=""', "", kind) + b"--B--\r\n"
    request = posting(body)
    assert len(await request.files()) == 0
    assert len(await request.form()) == 0


async def test_an_empty_file_with_a_name_is_there() -> None:
    files = await posting(part('form-data; name="f"; filename="a.txt"') + b"--B--").files()
    assert (files["f"].size, files["f"].content_type) == (0, "application/octet-stream")


async def test_a_form_without_any_part_is_empty() -> None:
    assert len(await posting(b"--B--\r\n").form()) == 0


async def test_what_stands_before_and_after_is_passed_over() -> None:
    body = b"\r\n" + part('form-data; name="a"', "1") + b"--B--\r\nthe end"
    assert (await posting(body).form())["a"] == "1"


async def test_the_body_can_still_be_read_by_the_app() -> None:
    body = part('form-data; name="a"', "1") + b"--B--\r\n"
    request = posting(body)
    await request.form()
    assert await request.body() == body


async def test_what_the_framework_has_parsed_already_is_taken_from_it() -> None:
    known = Posted(Multi([("a", "1")]), Uploads([("f", Upload("x", "a/b", 2, BytesIO(b"hi")))]), 20)
    request = Request("POST", "/", headers={"content-type": KIND}, parsed=lambda: known)
    assert (await request.form())["a"] == "1"
    assert (await request.files())["f"].read() == b"hi"
    with pytest.raises(Refused):
        await request.files(limit=19)


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        ('filename="naïve ☃.txt"', "naïve ☃.txt"),
        ("filename=plain.txt", "plain.txt"),
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="C:\\Users\\ann\\photo.png"', "photo.png"),
        ('filename="/"', "unnamed"),
        ('filename="..\\.."', "unnamed"),
        ('filename=".."', "unnamed"),
        ('filename="a%22b.txt"', 'a"b.txt'),
        ('filename="a\\"b.txt"', 'a"b.txt'),
        ('filename="100%.txt"', "100%.txt"),
        ('filename="x%0D%0Ay"', "xy"),
        ('filename="photo\u202egnp.exe"', "photognp.exe"),
        ("filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"),
        ("filename*=iso-8859-1'en'%A3.txt", "£.txt"),
        ("filename=\"euro.txt\"; filename*=utf-8''%e2%82%ac.txt", "€.txt"),
        ("filename*=utf-8''..%2f..%2fpasswd", "passwd"),
        ("filename=\"a.txt\"; filename*=utf-16''x", "a.txt"),
        ('filename="a;b=c.txt"', "a;b=c.txt"),
        ('filename="first"; filename="second"', "first"),
    ],
)
async def test_a_file_name_is_a_base_name(header: str, filename: str) -> None:
    body = part(f'form-data; name="f"; {header}', "x") + b"--B--"
    assert (await posting(body).files())["f"].filename == filename


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_becomes_one_that_a_file_can_have(name: str) -> None:
    made = base_name(name)
    assert made
    assert len(made.encode()) <= 255
    assert made not in {".", ".."}
    assert not set(made) & set("/\\\0\r\n")
    assert base_name(made) == made


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("é" * 200 + ".tar.gz", "é" * 126 + ".gz"),
        ("a" * 300, "a" * 255),
        ("a." + "b" * 300, "a." + "b" * 253),
        ("." + "b" * 300, "." + "b" * 254),
    ],
)
def test_a_long_name_is_cut_before_its_suffix(name: str, short: str) -> None:
    assert base_name(name) == short


# -- what is refused ------------------------------------------------------------------------------

WHOLE = part('form-data; name="a"', "1") + b"--B--\r\n"


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="a b "',
        "multipart/form-data; boundary=" + "x" * 71,
        "multipart/form-data; boundary=é",
    ],
)
async def test_a_form_without_a_good_boundary_is_refused(kind: str) -> None:
    assert await refusal(WHOLE, kind) == (
        422,
        "The form is not readable: its content type names no boundary.",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        WHOLE[: -len("--B--\r\n")],
        WHOLE[:-5],
        WHOLE[:10],
        WHOLE.replace(b"--B\r\n", b"--C\r\n"),
        WHOLE.replace(b"\r\n", b"\n"),
        b"--B\r\nContent Disposition: form-data\r\n\r\n\r\n--B--",
        b"--B\r\n: x\r\n\r\n\r\n--B--",
    ],
)
async def test_a_broken_or_truncated_body_is_refused(body: bytes) -> None:
    assert await refusal(body) == (
        422,
        "The form is not readable: it is no whole multipart/form-data.",
    )


@pytest.mark.parametrize(
    "disposition", ["form-data", 'form-data; filename="x"', 'attachment; name="a"', ""]
)
async def test_a_part_without_a_name_is_refused(disposition: str) -> None:
    status, sentence = await refusal(part(disposition, "x") + b"--B--")
    assert (status, "has no name" in sentence) == (422, True)


@pytest.mark.parametrize(
    "body",
    [
        part('form-data; name="a"', "X"),
        part('form-data; name="X"'),
        part('form-data; name="a"; filename="X"'),
    ],
)
async def test_what_is_not_utf_8_is_refused(body: bytes) -> None:
    status, sentence = await refusal(body.replace(b"X", b"\xff") + b"--B--")
    assert (status, "must be UTF-8" in sentence) == (422, True)


async def test_an_extended_name_that_is_not_utf_8_is_refused() -> None:
    body = part("form-data; name=a; filename*=utf-8''%ff") + b"--B--"
    assert (await refusal(body))[0] == 422


@pytest.mark.parametrize(
    "body",
    [
        part('form-data; name="a"') * (MOST_FIELDS + 1),
        part('form-data; name="a"; filename=x') * (MOST_FILES + 1),
        part('form-data; name="a"', "x" * (MOST_TEXT_BYTES + 1)),
        part('form-data; name="a"', "x" * 600_000) * 2,
        part('form-data; name="a"', "", f"X: {'x' * 4096}"),
        part(f'form-data; name="{"a" * 4096}"'),
        part('form-data; name="a"', "", *[f"X-{n}: 1" for n in range(9)]),
    ],
)
async def test_too_much_is_refused_before_the_end(body: bytes) -> None:
    # The very large header may also be one that the parser itself calls broken.
    assert (await refusal(body))[0] in {413, 422}


async def test_as_much_as_is_allowed_comes_through() -> None:
    body = part('form-data; name="a"') * MOST_FIELDS + part('form-data; name="f"; filename=x') * 100
    request = posting(body + b"--B--")
    assert len((await request.form(MB)).getlist("a")) == MOST_FIELDS
    assert len((await request.files(MB)).getlist("f")) == MOST_FILES


async def test_the_limit_is_the_routes() -> None:
    request = encoded([], [("f", "a", b"x" * BODY_LIMIT)])
    with pytest.raises(Refused) as refused:
        await request.files()
    assert refused.value.status == 413
    assert (await request.files(limit=BODY_LIMIT + 1000))["f"].size == BODY_LIMIT


@given(st.binary(max_size=200))
async def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    try:
        await posting(b"--B\r\n" + body).form()
    except Refused as refused:
        assert refused.status in {413, 422}


# -- large ones -----------------------------------------------------------------------------------


def is_on_disk(upload: Upload) -> bool:
    return bool(upload.file._rolled)  # pyright: ignore[reportAttributeAccessIssue] # tempfile's


async def test_a_long_file_goes_to_a_temporary_one(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8192  # 2 MiB
    files = await encoded([], [("long", "a", content), ("short", "b", b"x")]).files(limit=3 * MB)
    assert is_on_disk(files["long"])
    assert not is_on_disk(files["short"])
    assert files["long"].read() == content
    files["long"].save(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == content
    assert len(content) > MEMORY_BYTES
    del files
    gc.collect()  # a temporary file that is not closed would be a warning, and so an error


async def test_a_long_body_is_read_piece_by_piece() -> None:
    content = b"0123456789" * 200_000
    made = httpx.Request("POST", "http://x/", files={"f": ("a", content)})
    body = made.read()
    given: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            given.append(start)
            yield body[start : start + 100_000]

    async def read(limit: int) -> bytes:
        raise AssertionError("it was read whole")

    headers = dict(made.headers)
    request = Request("POST", "/", headers=headers, read=read, pieces=pieces)
    assert len(body) > MEMORY_BODY_BYTES
    assert (await request.files(limit=len(body)))["f"].read() == content
    assert len(given) == 21


@pytest.mark.parametrize(("length", "read"), [(3 * MB, 3), (DISCARDED_BYTES + 1, 0), (10**15, 0)])
async def test_a_body_that_is_refused_for_its_length_is_read_away_within_reason(
    length: int, read: int
) -> None:
    given: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            given.append(number)
            yield b"x" * MB

    headers = {"content-type": KIND, "content-length": str(length)}
    for reading in (Request.files, Request.form, Request.body):
        with pytest.raises(Refused) as refused:
            await reading(Request("POST", "/", headers=headers, pieces=pieces), limit=MB)
        assert refused.value.status == 413
        assert len(given) == read
        given.clear()


async def test_pieces_beyond_the_limit_are_not_read() -> None:
    given: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"--B\r\nContent-Disposition: form-data; name=a; filename=x\r\n\r\n"
        for number in range(1000):
            given.append(number)
            yield b"x" * MB

    headers = {"content-type": KIND, "content-length": str(2 * MB)}  # which is not true
    with pytest.raises(Refused) as refused:
        await Request("POST", "/", headers=headers, pieces=pieces).files(limit=3 * MB)
    assert refused.value.status == 413
    assert given == [0, 1, 2]
