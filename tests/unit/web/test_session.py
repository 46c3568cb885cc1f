from __future__ import annotations

import re

import pytest

from nitro_runtime.errors import Refused
from nitro_runtime.views import Notice
from nitro_runtime.web import session
from nitro_runtime.web.request import Request


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")


def browser(*replies: list[tuple[str, str]], scheme: str = "http") -> Request:
    """A request of a browser that was given these cookies before."""
    cookies: dict[str, str] = {}
    for name, value in (header for headers in replies for header in headers):
        assert name == "set-cookie"
        pair = value.partition(";")[0].partition("=")
        cookies[pair[0]] = pair[2]
    return Request("GET", "/", cookies=cookies, scheme=scheme)


def test_a_new_browser_is_given_a_session_that_scripts_cannot_read() -> None:
    request = browser()
    known = session.session_id(request)
    assert session.set_cookies(request) == [
        ("set-cookie", f"nitro_session={known}; Path=/; HttpOnly; SameSite=Lax")
    ]
    assert re.fullmatch(r"[\w-]{22}", known)
    again = browser(session.set_cookies(request))
    assert session.session_id(again) == known
    assert session.set_cookies(again) == []


def test_over_https_the_cookie_is_secure() -> None:
    request = browser(scheme="https")
    session.session_id(request)
    assert session.set_cookies(request)[0][1].endswith("; SameSite=Lax; Secure")


@pytest.mark.parametrize("value", ["", "short", "x" * 23, "a" * 21 + "\n", "a" * 21 + ";"])
def test_a_session_that_nitro_did_not_make_is_replaced(value: str) -> None:
    request = Request("GET", "/", cookies={"nitro_session": value})
    assert session.session_id(request) != value
    assert session.set_cookies(request)


def test_a_tab_is_good_in_its_own_browser_and_no_other() -> None:
    first = browser()
    tab = session.new_tab(first)
    again = browser(session.set_cookies(first))
    assert session.check_tab(again, tab) == tab
    other = browser()
    session.session_id(other)
    for request in (browser(), browser(session.set_cookies(other))):
        with pytest.raises(Refused) as refused:
            session.check_tab(request, tab)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    "spoil", [str.upper, str.lower, lambda tab: tab + "a", lambda tab: tab[1:]]
)
def test_a_changed_tab_is_refused(spoil: type[str]) -> None:
    first = browser()
    tab = session.new_tab(first)
    with pytest.raises(Refused):
        session.check_tab(browser(session.set_cookies(first)), spoil(tab))


@pytest.mark.parametrize("tab", ["", ".", "a.b", "é.é", "a" * 22, "." + "a" * 22])
def test_what_is_no_tab_is_refused(tab: str) -> None:
    first = browser()
    session.session_id(first)
    with pytest.raises(Refused):
        session.check_tab(browser(session.set_cookies(first)), tab)


def test_a_notice_waits_for_the_next_page_and_is_shown_once() -> None:
    posted = browser()
    session.add_notice(posted, "Käse & <b> created")
    session.add_notice(posted, Notice("No", kind="error"))
    first = session.set_cookies(posted)
    shown = browser(first)
    assert [(n.text, n.kind) for n in session.take_notices(shown)] == [
        ("Käse & <b> created", "success"),
        ("No", "error"),
    ]
    session.clear_notices(shown)
    cookie = session.set_cookies(shown)
    assert cookie[0][1].endswith("; Max-Age=0")
    assert session.take_notices(browser(first, cookie)) == []


def test_a_notice_that_nitro_did_not_sign_is_not_shown() -> None:
    request = Request("GET", "/", cookies={"nitro_notices": "W1siaGkiLCAiZXJyb3IiXV0.AAAA"})
    assert session.take_notices(request) == []


def test_a_cookie_of_notices_stays_small() -> None:
    request = browser()
    for number in range(20):
        session.add_notice(request, f"{number} " + "ü" * 5_000)
    assert len(session.set_cookies(request)[0][1]) < 4_096
    kept = session.take_notices(browser(session.set_cookies(request)))
    assert [notice.text[:3].strip() for notice in kept] == ["15", "16", "17", "18", "19"]
