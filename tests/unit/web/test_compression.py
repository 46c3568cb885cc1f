from __future__ import annotations

import pytest

from nitro_runtime.web import Request, Site, compression
from nitro_runtime.web.compression import chosen, for_stream


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("br, deflate", None),
        ("gzip;q=0", None),
        ("gzip;q=0, zstd", "zstd"),
        ("zstd;q=0, gzip", "gzip"),
        ("zstd;q=0.5, gzip;q=0.8", "gzip"),
        ("zstd;q=0.5 , gzip; q=0.5", "zstd"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("*;q=0, zstd", "zstd"),
        ("gzip;q=0, *", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("gzip;q=high", None),
        ("gzip;q=nan", None),
        ("gzip;level=1", "gzip"),
        (",,;q=1,=", None),
    ],
)
def test_a_client_gets_what_it_likes_best_of_what_is_there(
    accepted: str, coding: str | None
) -> None:
    assert chosen(accepted) == coding


def test_without_zstd_it_is_gzip(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen.cache_clear()
    monkeypatch.setattr(compression, "has_zstd", lambda: False)
    assert chosen("gzip, zstd") == "gzip"
    assert chosen("zstd") is None
    chosen.cache_clear()


def test_the_headers_say_what_was_chosen_and_by_what() -> None:
    coder, headers = for_stream(Request("GET", "/events", {"accept-encoding": "gzip"}))
    assert coder is not None
    assert headers == [("content-encoding", "gzip"), ("vary", "accept-encoding")]
    assert for_stream(Request("GET", "/events")) == (None, [("vary", "accept-encoding")])


def test_what_is_not_to_be_transformed_is_sent_as_it_is() -> None:
    asked = {"accept-encoding": "gzip", "cache-control": "no-cache, No-Transform"}
    assert for_stream(Request("GET", "/events", asked)) == (None, [("vary", "accept-encoding")])


def test_a_site_may_compress_nothing() -> None:
    site = Site(compress=False)
    asked = Request("GET", "/events", {"accept-encoding": "zstd, gzip"}, site=site)
    assert for_stream(asked) == (None, [])
