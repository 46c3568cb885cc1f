"""Obtaining the browser file: the sources in order, the hash, whole files only."""

from __future__ import annotations

import hashlib
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner, Result

from nitro_cli import assets
from nitro_cli.assets import (
    CACHE,
    INDEX,
    OFFICIAL,
    Release,
    Source,
    Unobtainable,
    all_sources,
    cache_dir,
    ensure_datastar,
    install_datastar,
    write_whole,
)
from nitro_cli.commands.assets import command
from nitro_cli.tailwind import plain_stylesheet
from nitro_runtime.errors import UsageError

CONTENT = b"/* the browser file */"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    monkeypatch.setenv("NITRO_CACHE_DIR", str(cache))
    return cache


def release(url: str = "http://127.0.0.1:9/datastar.js", wheel: bytes = b"") -> Release:
    return Release(
        version="9.9.9",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        url=url,
        requirement="carrier==1.0",
        wheel_sha256=hashlib.sha256(wheel).hexdigest(),
        member="carrier/datastar.js",
    )


def has(name: str, content: bytes) -> Source:
    return Source(name, lambda _release: content)


def has_not(name: str, sentence: str) -> Source:
    def fetch(_release: Release) -> bytes:
        raise Unobtainable(sentence)

    return Source(name, fetch)


@pytest.fixture
def server() -> Iterator[Callable[[int, bytes], str]]:
    """Serves one answer; gives a function of status and body that returns the address."""
    answer: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer[-1]
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def serve(status: int, body: bytes) -> str:
            answer.append((status, body))
            return f"http://127.0.0.1:{httpd.server_address[1]}/datastar.js"

        yield serve
        httpd.shutdown()
        thread.join()


def test_the_first_source_that_has_the_file_is_used_and_the_failures_are_told(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    sources = [has_not("a", "is empty."), has("b", CONTENT), has_not("c", "is never asked.")]
    result = install_datastar(
        tmp_path / "static", sources=sources, say=said.append, release=release()
    )
    assert (result.source, result.written) == ("b", True)
    assert (tmp_path / "static" / "datastar.js").read_bytes() == CONTENT
    assert said == ["a: is empty."]


def test_a_file_with_another_hash_is_refused_and_the_next_source_is_asked(tmp_path: Path) -> None:
    said: list[str] = []
    sources = [has("a mirror", b"alert(1)"), has("b", CONTENT)]
    install_datastar(tmp_path, sources=sources, say=said.append, release=release())
    assert (tmp_path / "datastar.js").read_bytes() == CONTENT
    assert said[0].startswith("a mirror: this is not Datastar 9.9.9 ")


def test_without_any_source_one_sentence_names_the_way_out_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError) as caught:
        install_datastar(tmp_path / "static", sources=[has_not("a", "no.")], release=release())
    assert str(caught.value) == (
        "Datastar 9.9.9 could not be obtained; download http://127.0.0.1:9/datastar.js on a "
        "machine with a connection, then run: nitro assets --from PATH"
    )
    assert not (tmp_path / "static").exists()


def test_the_licence_notice_lies_beside_the_file(tmp_path: Path) -> None:
    install_datastar(tmp_path, sources=[has("a", CONTENT)], release=release())
    notice = (tmp_path / "datastar.LICENSE.txt").read_text()
    assert "Datastar 9.9.9" in notice
    assert "Star Federation" in notice
    assert "Permission is hereby granted" in notice


def test_a_second_call_writes_nothing(tmp_path: Path) -> None:
    install_datastar(tmp_path, sources=[has("a", CONTENT)], release=release())
    before = (tmp_path / "datastar.js").stat().st_mtime_ns
    result = install_datastar(tmp_path, sources=[], release=release())
    assert (result.source, result.written) == ("present", False)
    assert (tmp_path / "datastar.js").stat().st_mtime_ns == before


def test_install_replaces_a_broken_file_and_ensure_leaves_it_alone(tmp_path: Path) -> None:
    (tmp_path / "datastar.js").write_bytes(b"half a fi")
    assert ensure_datastar(tmp_path, sources=[], release=release()).source == "present"
    assert (tmp_path / "datastar.js").read_bytes() == b"half a fi"
    install_datastar(tmp_path, sources=[has("a", CONTENT)], release=release())
    assert (tmp_path / "datastar.js").read_bytes() == CONTENT


def test_what_was_obtained_once_comes_from_the_cache_the_next_time(tmp_path: Path) -> None:
    install_datastar(tmp_path / "one", sources=[has("a", CONTENT)], release=release())
    result = ensure_datastar(tmp_path / "two", sources=[CACHE], release=release())
    assert result.source == "the cache"
    assert result.path.read_bytes() == CONTENT


def test_a_spoilt_cache_is_not_believed(tmp_path: Path, own_cache: Path) -> None:
    own_cache.mkdir()
    (own_cache / "datastar-9.9.9.js").write_bytes(b"spoilt")
    result = install_datastar(tmp_path, sources=[CACHE, has("b", CONTENT)], release=release())
    assert result.source == "b"
    assert (own_cache / "datastar-9.9.9.js").read_bytes() == CONTENT


def test_a_path_that_is_given_comes_first(tmp_path: Path) -> None:
    (tmp_path / "mine.js").write_bytes(CONTENT)
    sources = all_sources(str(tmp_path / "mine.js"))
    assert sources[1:] == (CACHE, OFFICIAL, INDEX)
    result = install_datastar(tmp_path / "static", sources=sources[:1], release=release())
    assert result.source == str(tmp_path / "mine.js")


def test_a_url_that_is_given_is_downloaded(
    tmp_path: Path, server: Callable[[int, bytes], str]
) -> None:
    sources = all_sources(server(200, CONTENT))[:1]
    install_datastar(tmp_path, sources=sources, release=release())
    assert (tmp_path / "datastar.js").read_bytes() == CONTENT


def test_the_official_release_is_downloaded_from_its_tag(
    tmp_path: Path, server: Callable[[int, bytes], str]
) -> None:
    pinned = release(url=server(200, CONTENT))
    assert install_datastar(tmp_path, sources=[OFFICIAL], release=pinned).source == OFFICIAL.name


def test_a_server_that_refuses_is_told_with_its_status(
    tmp_path: Path, server: Callable[[int, bytes], str]
) -> None:
    said: list[str] = []
    pinned = release(url=server(404, b"gone"))
    with pytest.raises(UsageError):
        install_datastar(tmp_path, sources=[OFFICIAL], say=said.append, release=pinned)
    assert said == ["the official release: the server answered 404."]


def test_an_unreachable_release_is_one_sentence(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(UsageError):
        install_datastar(tmp_path, sources=[OFFICIAL], say=said.append, release=release())
    assert len(said) == 1
    assert said[0].startswith("the official release: cannot be reached (")


def test_a_server_that_never_answers_is_left_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "RELEASE_TIMEOUT", 0.2)
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pinned = release(url=f"http://127.0.0.1:{silent.getsockname()[1]}/datastar.js")
        with pytest.raises(UsageError):
            install_datastar(tmp_path, sources=[OFFICIAL], say=said.append, release=pinned)
    assert len(said) == 1
    assert said[0].startswith("the official release: ")


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "static").write_text("")
    with pytest.raises(UsageError, match="static is not a folder"):
        install_datastar(tmp_path / "static", sources=[has("a", CONTENT)], release=release())


def wheel_with(folder: Path, content: bytes) -> bytes:
    path = folder / "carrier-1.0-py3-none-any.whl"
    metadata = "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\nRequires-Python: >=3.14\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("carrier/datastar.js", content)
        archive.writestr("carrier-1.0.dist-info/METADATA", metadata)
        archive.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("carrier-1.0.dist-info/RECORD", "")
    return path.read_bytes()


@pytest.fixture
def local_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the whole index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_pip_fetches_the_wheel_and_the_file_is_taken_out_of_it(
    tmp_path: Path, local_index: Path
) -> None:
    pinned = release(wheel=wheel_with(local_index, CONTENT))
    result = install_datastar(tmp_path / "static", sources=[INDEX], release=pinned)
    assert result.source == INDEX.name
    assert result.path.read_bytes() == CONTENT


def test_another_wheel_than_the_pinned_one_is_refused(tmp_path: Path, local_index: Path) -> None:
    wheel_with(local_index, CONTENT)
    said: list[str] = []
    with pytest.raises(UsageError):
        install_datastar(tmp_path / "static", sources=[INDEX], say=said.append, release=release())
    assert said == ["the Python index: its carrier==1.0 is not the expected wheel."]


def test_an_index_without_the_package_is_one_sentence(tmp_path: Path, local_index: Path) -> None:
    said: list[str] = []
    assert list(local_index.iterdir()) == []
    with pytest.raises(UsageError):
        install_datastar(tmp_path / "static", sources=[INDEX], say=said.append, release=release())
    assert len(said) == 1
    assert said[0].startswith("the Python index: carrier==1.0 cannot be had (")


def test_with_neither_pip_nor_uv_the_index_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "_DOWNLOADERS", ())
    said: list[str] = []
    with pytest.raises(UsageError):
        install_datastar(tmp_path, sources=[INDEX], say=said.append, release=release())
    assert said == ["the Python index: neither pip nor uv is here to ask it."]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "datastar.js").write_bytes(b"old")

    def disk_is_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_is_full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "datastar.js", CONTENT)
    assert [path.name for path in tmp_path.iterdir()] == ["datastar.js"]
    assert (tmp_path / "datastar.js").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("environ", "platform", "ending"),
    [
        ({"NITRO_CACHE_DIR": "/c"}, "linux", "/c"),
        ({"XDG_CACHE_HOME": "/x"}, "linux", "/x/nitro"),
        ({}, "linux", "/.cache/nitro"),
        ({}, "darwin", "/Library/Caches/nitro"),
        ({"LOCALAPPDATA": "/l"}, "win32", "/l/nitro"),
    ],
)
def test_the_cache_lies_where_the_system_keeps_caches(
    environ: dict[str, str], platform: str, ending: str
) -> None:
    assert cache_dir(environ, platform).as_posix().endswith(ending)


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def nitro_assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs ``nitro assets`` inside a project, for the small release of these tests."""
    project = SimpleNamespace(static_dir=tmp_path / "shop" / "static")
    monkeypatch.setattr("nitro_cli.project.find_project", lambda _start: project)
    monkeypatch.setattr(assets, "DATASTAR", release())
    monkeypatch.setattr(assets, "OFFICIAL", has_not("the official release", "no network."))
    monkeypatch.setattr(assets, "INDEX", has_not("the Python index", "no network."))
    app = typer.Typer()
    app.command()(command)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_the_command_writes_into_the_project_and_names_the_source(
    tmp_path: Path, nitro_assets: Callable[..., Result]
) -> None:
    (tmp_path / "mine.js").write_bytes(CONTENT)
    done = nitro_assets("--from", str(tmp_path / "mine.js"))
    target = tmp_path / "shop" / "static" / "datastar.js"
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"Datastar 9.9.9 from {tmp_path / 'mine.js'}: {target}",
        f"The plain stylesheet, yours to change: {target.with_name('app.css')}",
    ]
    assert target.read_bytes() == CONTENT
    assert nitro_assets().stdout == f"Datastar 9.9.9 is there already: {target}\n"


def test_the_command_writes_into_the_folder_that_it_is_given(
    tmp_path: Path, nitro_assets: Callable[..., Result]
) -> None:
    (tmp_path / "mine.js").write_bytes(CONTENT)
    assert nitro_assets(str(tmp_path / "www"), "--from", str(tmp_path / "mine.js")).exit_code == 0
    assert (tmp_path / "www" / "datastar.js").read_bytes() == CONTENT
    assert not (tmp_path / "shop").exists()


def test_the_command_tells_each_failure_and_ends_with_the_way_out(
    tmp_path: Path, nitro_assets: Callable[..., Result]
) -> None:
    done = nitro_assets()
    assert done.stderr.splitlines() == [
        f"the cache: no copy in {tmp_path / 'cache'} yet.",
        "the official release: no network.",
        "the Python index: no network.",
    ]
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "shop").exists()


def test_a_folder_without_a_stylesheet_is_given_the_plain_one(tmp_path: Path) -> None:
    made = plain_stylesheet(tmp_path)
    assert made is not None
    assert made == tmp_path / "app.css"
    assert ".btn" in made.read_text()
    made.write_text("mine")
    assert plain_stylesheet(tmp_path) is None
    assert made.read_text() == "mine"


def test_a_projects_own_look_is_the_plain_one_of_its_static_folder(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "components.css").write_text(".btn { color: red }")
    (tmp_path / "static").mkdir()
    plain_stylesheet(tmp_path / "static")
    assert (tmp_path / "static" / "app.css").read_text() == ".btn { color: red }"
