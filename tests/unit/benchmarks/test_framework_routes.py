import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FRAMEWORKS = ("fastapi", "flask", "django", "fasthtml", "sanic", "litestar")


def test_by_hand_and_through_nitro_each_framework_answers_with_the_same_headers_and_bytes() -> None:
    # Django's settings and Sanic's apps are there once in a process, and other tests have theirs
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "framework_routes", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == [
        f"{framework}: the same {kind}: the same work"
        for framework in FRAMEWORKS
        for kind in ("page", "command", "json")
    ]


@pytest.mark.parametrize(
    "other",
    [
        ("200 OK", [("Vary", "cookie")], b"body"),
        ("200 OK", [("Vary", "datastar-request")], b"another body"),
        ("404 Not Found", [("Vary", "datastar-request")], b"body"),
    ],
)
def test_another_header_body_or_status_is_not_the_same(
    other: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    routes = importlib.import_module("benchmarks.framework_routes")
    frame = importlib.import_module("benchmarks.frame")
    by_hand = ("200 OK", [("Vary", "datastar-request")], b"body")
    start = {"status": 200, "headers": [(b"vary", b"datastar-request")]}
    routes.same({"by hand": by_hand, "Nitro": [start, {"body": b"bo"}, {"body": b"dy"}]})
    with pytest.raises(frame.WrongOutput, match="Nitro answered"):
        routes.same({"by hand": by_hand, "Nitro": other})
