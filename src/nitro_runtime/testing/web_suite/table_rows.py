# ruff: noqa: S101 # a suite of tests asserts
"""Rows of a table: something done with several at once, and all of them as a file."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import httpx
import pytest

from nitro_runtime.testing.web_rows import MANY, PATH
from nitro_runtime.testing.web_suite.client import SHOWN
from nitro_runtime.testing.web_suite.server import Suite

OWN = {"sec-fetch-site": "same-origin"}


def filled(client: httpx.Client, count: int, broken: int = -1) -> str:
    """Fills the table and returns its page."""
    client.get(f"{PATH}/fill", params={"count": count, "broken": broken})
    return client.get(PATH).text


def hidden(page: str) -> dict[str, str]:
    """Returns what the form for several rows hides, such as the host's own token."""
    form = page.partition('id="suite-row-table-bulk"')[2].partition("</form>")[0]
    fields = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    return {name: unescape(value) for name, value in fields}


def keys(page: str) -> list[str]:
    """Returns the keys of the rows of a page, by their boxes."""
    return re.findall(r'name="row" value="([^"]+)"', page)


class TableRows(Suite):
    """What a table does with many rows."""

    def test_chosen_rows_are_changed_and_the_list_comes_back(self, client: httpx.Client) -> None:
        """Without JavaScript: a 303 to the list as it was, and what was done on it."""
        page = filled(client, 3)
        data = {**hidden(page), "action": "double", "row": keys(page)[1:]}
        response = client.post(f"{PATH}/bulk", data=data, headers=OWN)
        assert (response.status_code, response.headers["location"]) == (303, PATH), response.text
        page = client.get(PATH).text
        assert "2 doubled" in page
        assert re.findall(r'data-label="Number">(\d+)<', page) == ["0", "2", "4"]

    def test_all_that_match_are_deleted_by_their_search(self, client: httpx.Client) -> None:
        """The rows themselves are not posted."""
        filled(client, 40)
        page = client.get(PATH, params={"search": "Row 1"}).text
        data = {**hidden(page), "action": "delete", "every": "1"}
        assert data["state"] == "search=Row+1"
        response = client.post(f"{PATH}/bulk", data=data, headers=OWN)
        assert response.status_code == 303, response.text
        assert response.headers["location"] == f"{PATH}?search=Row+1"
        page = client.get(PATH).text
        assert "13 suite rows deleted." in page
        assert hidden(page)["total"] == "27"

    def test_datastar_is_led_back_to_the_list(self, client: httpx.Client) -> None:
        """With JavaScript the page stays, and is refreshed in place."""
        page = filled(client, 2)
        data = {**hidden(page), "action": "delete", "row": keys(page)[:1]}
        headers = {**OWN, "datastar-request": "true"}
        response = client.post(f"{PATH}/bulk", data=data, headers=headers)
        assert response.status_code == 200
        assert f"event: {SHOWN}" in response.text
        assert f'"{PATH}"' in unescape(response.text)
        assert len(keys(client.get(PATH).text)) == 1

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            ({"action": "explode"}, "There is no such action"),
            ({"action": "delete"}, "Select at least one row first."),
        ],
    )
    def test_what_cannot_be_done_is_told_and_nothing_is_changed(
        self, client: httpx.Client, data: dict[str, str], told: str
    ) -> None:
        """As a page with its status, or for Datastar as a notice."""
        page = filled(client, 2)
        posted = {**hidden(page), **data}
        headers = {**OWN, "accept": "text/html"}
        response = client.post(f"{PATH}/bulk", data=posted, headers=headers)
        assert response.status_code == 422
        assert told in response.text
        headers["datastar-request"] = "true"
        response = client.post(f"{PATH}/bulk", data=posted, headers=headers)
        assert response.status_code == 200
        assert told in response.text
        assert len(keys(client.get(PATH).text)) == 2

    def test_another_site_cannot_do_it(self, client: httpx.Client) -> None:
        """The gate, or the host's own, stands before it."""
        page = filled(client, 2)
        data = {**hidden(page), "action": "delete", "row": keys(page)}
        headers = {"origin": "http://evil.example"}
        assert client.post(f"{PATH}/bulk", data=data, headers=headers).status_code == 403
        assert len(keys(client.get(PATH).text)) == 2

    def test_all_rows_are_a_file(self, client: httpx.Client) -> None:
        """Read and sent batch by batch, and whole at the end."""
        filled(client, MANY)
        response = client.get(PATH, params={"export": "csv", "sort": "-number"})
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        disposition = response.headers["content-disposition"]
        assert re.fullmatch(r'attachment; filename="suite-rows-[\d-]{10}\.csv"', disposition)
        text = response.content.decode().removeprefix("\ufeff")
        found = list(csv.reader(io.StringIO(text, newline="")))
        assert found[0] == ["Name", "Number"]
        assert [row[1] for row in found[1:]] == [str(n) for n in reversed(range(MANY))]
        head = client.head(PATH, params={"export": "csv"})
        assert (head.status_code, head.content) == (200, b"")

    def test_a_file_that_breaks_off_does_not_look_whole(self, client: httpx.Client) -> None:
        """What was sent is there; the end is not, and neither is the reason."""
        filled(client, MANY, broken=MANY - 1)
        got = b""
        with (
            pytest.raises(httpx.RemoteProtocolError),
            client.stream("GET", PATH, params={"export": "csv"}) as response,
        ):
            assert response.status_code == 200
            for piece in response.iter_bytes():
                got += piece
        assert got.startswith(b"\xef\xbb\xbfName,Number\r\n")
        assert b"secret" not in got
        assert client.get(PATH).status_code == 200
