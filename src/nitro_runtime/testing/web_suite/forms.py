# ruff: noqa: S101 # a suite of tests asserts
"""Forms as a visitor fills them in: checked field by field, searched, told apart, saved."""

from __future__ import annotations

import re

import httpx

from nitro_runtime.testing.web_suite.client import JSON, SHOWN
from nitro_runtime.testing.web_suite.server import Suite

OWN = {"sec-fetch-site": "same-origin"}
MOST_FOUND = 20


class Forms(Suite):
    """What a form does before and when it is sent, with Datastar and without JavaScript."""

    def test_two_forms_of_a_kind_share_no_id(self, client: httpx.Client) -> None:
        """On one page; and a relation of many rows lists none of them before somebody searches."""
        page = client.get("/bookings").text
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert {"suite-booking-one-form", "suite-booking-two-form"} <= set(ids)
        assert page.count('role="combobox"') == 2
        assert "Gäst 0" not in page

    def test_a_field_is_checked_as_it_is_left(self, client: httpx.Client) -> None:
        """Only its own notes are sent, with the ids of the form that asked."""
        text = _ask(client, "nitro_field", "title", "x")
        assert text.count(f"event: {SHOWN}") == 1
        assert 'id="suite-booking-two-title-notes"' in text
        assert "At least 2 characters." in text
        assert "At least" not in _ask(client, "nitro_field", "title", "long enough")

    def test_related_rows_are_searched_for(self, client: httpx.Client) -> None:
        """Without regard to case or the order of words, never too many, never one that is not offered."""
        client.get("/bookings")
        found = re.findall(r'role="option"', _ask(client, "nitro_search", "guest_id", "GÄST"))
        assert len(found) == MOST_FOUND
        text = _ask(client, "nitro_search", "guest_id", "07 gäst")
        assert len(re.findall(r'role="option"', text)) == 1
        assert 'id="suite-booking-two-guest_id-list"' in text
        assert 'role="option"' not in _ask(client, "nitro_search", "guest_id", "secret")

    def test_what_was_typed_is_found_and_saved(self, client: httpx.Client) -> None:
        """A plain post, answered in the form that was sent when it cannot be."""
        self.needs_one_process()
        client.get("/bookings")
        posted = {"nitro_form": "one", "title": "x", "guest_id-text": "gäst 07", "guest_id": ""}
        answer = client.post("/bookings", data=posted, headers=OWN)
        assert answer.status_code == 422
        assert 'href="#suite-booking-one-title"' in answer.text
        posted |= {"title": "Opera", "at": "2026-07-01T10:00"}
        answer = client.post("/bookings", data=posted, headers=OWN)
        assert answer.status_code == 303, answer.text
        page = client.get(answer.headers["location"]).text
        assert "Opera for Gäst 07 at 2026-07-01 10:00:00+00:00" in page
        posted |= {"guest_id-text": "gäst 1"}
        answer = client.post("/bookings", data=posted, headers=OWN)
        assert answer.status_code == 422
        assert "Several fit" in answer.text


def _ask(client: httpx.Client, what: str, field: str, text: str) -> str:
    asked = {"name": field, "values": [text], "form": "suite-booking-two-form"}
    answer = client.post("/bookings", json={what: asked}, headers=OWN | JSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    return answer.text
