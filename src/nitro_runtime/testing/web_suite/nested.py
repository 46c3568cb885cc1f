# ruff: noqa: S101 # a suite of tests asserts
"""Forms with rows: added, removed, saved with what they belong to, refused with it."""

from __future__ import annotations

import re

import httpx

from nitro_runtime.testing.web_suite.client import SHOWN
from nitro_runtime.testing.web_suite.server import Suite

OWN = {"sec-fetch-site": "same-origin"}
ORDER = {"customer": "Ann"}
LAMP = {"lines-0-article": "Lamp <b>", "lines-0-quantity": "2"}
DESK = {"lines-7-article": "Desk", "lines-7-quantity": "1"}


class Nested(Suite):
    """Rows of a form, without JavaScript and with Datastar."""

    def test_rows_are_made_changed_and_removed_with_their_entity(
        self, client: httpx.Client
    ) -> None:
        """One post saves all of it."""
        self.needs_one_process()
        answer = client.post("/orders/new", data=ORDER | LAMP | DESK, headers=OWN)
        assert answer.status_code == 303, answer.text
        page = client.get(answer.headers["location"]).text
        assert "Ann saved" in page
        assert _values(page, "article") == {"0": "Lamp &lt;b&gt;", "1": "Desk"}
        posted = _hidden(page) | {
            "customer": "Ann B",
            "lines-0-_removed": "1",
            "lines-1-article": "Desk",
            "lines-1-quantity": "5",
        }
        address = answer.headers["location"]
        answer = client.post(address, data=posted, headers=OWN)
        assert answer.status_code == 303, answer.text
        page = client.get(address).text
        assert _values(page, "article") == {"0": "Desk"}
        assert _values(page, "quantity") == {"0": "5"}
        assert "Ann B" in page
        # what the first page knew is too old by now
        assert client.post(address, data=posted, headers=OWN).status_code in {409, 422}

    def test_a_button_adds_or_removes_a_row_and_saves_nothing(self, client: httpx.Client) -> None:
        """Without JavaScript the page comes back, with what was typed."""
        posted = ORDER | LAMP | DESK | {"lines-add": "1"}
        answer = client.post("/orders/new", data=posted, headers=OWN)
        assert answer.status_code == 200
        assert _values(answer.text, "article") == {"0": "Lamp &lt;b&gt;", "7": "Desk", "8": ""}
        assert 'value="Ann"' in answer.text
        posted = ORDER | LAMP | DESK | {"lines-0-remove": "1"}
        answer = client.post("/orders/new", data=posted, headers=OWN)
        assert answer.status_code == 200
        assert _values(answer.text, "article") == {"7": "Desk"}

    def test_datastar_is_sent_the_rows_alone(self, client: httpx.Client) -> None:
        """To be morphed in place."""
        answer = client.post(
            "/orders/new",
            data=ORDER | LAMP | {"lines-add": "1"},
            headers={**OWN, "datastar-request": "true"},
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.text.count(f"event: {SHOWN}") == 1
        assert '<fieldset id="suite-order-form-lines"' in answer.text
        assert "customer" not in answer.text
        assert _values(answer.text, "article") == {"0": "Lamp &lt;b&gt;", "1": ""}

    def test_a_field_in_a_row_is_checked_as_it_is_left(self, client: httpx.Client) -> None:
        """Its text alone is sent, as signals, to the address of the form."""
        for name, text, told in (
            ("lines-3-quantity", "0", "At least 1."),
            ("lines-3-quantity", "2", ""),
            ("customer", "x" * 41, "At most 40 characters."),
        ):
            asked = {"nitro_field": {"name": name, "values": [text]}}
            headers = {**OWN, "datastar-request": "true"}
            answer = client.post("/orders/new", json=asked, headers=headers)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert f"{name}-notes" in answer.text
            assert ("-error" in answer.text) == bool(told)
            assert told in answer.text
        asked = {"nitro_field": {"name": "nothing", "values": ["x"]}}
        assert client.post("/orders/new", json=asked, headers=headers).status_code == 415

    def test_what_is_wrong_in_a_row_is_told_there(self, client: httpx.Client) -> None:
        """And nothing is saved; nor are too few, too many or two alike."""
        wrong = LAMP | {"lines-0-quantity": "0"}
        answer = client.post("/orders/new", data=ORDER | wrong, headers=OWN)
        assert answer.status_code == 422
        assert 'href="#suite-order-form-lines-0-quantity"' in answer.text
        assert 'id="suite-order-form-lines-0-quantity-error"' in answer.text
        alike = LAMP | {"lines-1-article": "Lamp <b>"}
        answer = client.post("/orders/new", data=ORDER | alike, headers=OWN)
        assert answer.status_code == 422
        assert 'href="#suite-order-form-lines-1-article"' in answer.text
        many = {f"lines-{number}-article": str(number) for number in range(900)}
        for rows in ({}, many):
            answer = client.post("/orders/new", data=ORDER | rows, headers=OWN)
            assert answer.status_code == 422
            assert 'id="suite-order-form-lines-error"' in answer.text


def _values(page: str, name: str) -> dict[str, str]:
    """Returns what the controls of a name show, by the number of their row."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        row = re.search(rf'name="lines-(\d+)-{name}"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if row:
            found[row[1]] = value[1] if value else ""
    return found


def _hidden(page: str) -> dict[str, str]:
    tags = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = (re.search(r'name="([^"]*)" value="([^"]*)"', tag) for tag in tags)
    return {pair[1]: pair[2] for pair in pairs if pair}
