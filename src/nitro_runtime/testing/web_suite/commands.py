# ruff: noqa: S101 # a suite of tests asserts
"""Commands and queries, sent by Datastar and by plain forms."""

from __future__ import annotations

import re

from nitro_runtime.testing.web_suite.client import Tab
from nitro_runtime.testing.web_suite.server import Suite


class Commands(Suite):
    """What the endpoint for commands answers."""

    def test_a_command_answers_with_signals(self, tab: Tab) -> None:
        """A dict goes out as signals."""
        response = tab.command("suite.restock", {"quantity": 5})
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.text == 'event: datastar-patch-signals\ndata: signals {"stock":5}\n\n'

    def test_a_command_answers_with_every_patch_in_order(self, tab: Tab) -> None:
        """A generator's patches come one after another."""
        text = tab.command("suite.steps").text
        assert re.findall(r'"step": ?(\d)', text) == ["1", "2"]

    def test_a_command_without_a_result_is_an_empty_200(self, tab: Tab) -> None:
        """Nothing to patch is no error."""
        response = tab.command("suite.create", {"name": "Quiet"})
        assert (response.status_code, response.content) == (200, b"")

    def test_a_command_is_sent_as_a_plain_form(self, tab: Tab) -> None:
        """Without JavaScript: back to the page that it came from."""
        origin = str(tab.client.base_url).rstrip("/")
        response = tab.client.post(
            f"/cmds/suite.create/{tab.id}",
            data={"name": "Plain"},
            headers={"origin": origin, "referer": f"{origin}/echo/x?a=1"},
        )
        assert (response.status_code, response.headers["location"]) == (303, "/echo/x?a=1")

    def test_a_command_is_sent_as_a_form_by_datastar(self, tab: Tab) -> None:
        """As with ``contentType: 'form'``."""
        response = tab.client.post(
            f"/cmds/suite.restock/{tab.id}",
            data={"quantity": "7"},
            headers={"datastar-request": "true"},
        )
        assert 'signals {"stock":7}' in response.text

    def test_a_query_may_be_asked_by_get(self, tab: Tab) -> None:
        """An element goes out as a patch."""
        response = tab.client.get(
            f"/cmds/suite.greet/{tab.id}",
            params={"datastar": '{"name": "<Ann>"}'},
            headers={"datastar-request": "true"},
        )
        assert response.status_code == 200
        assert '<p id="greeting">Hello &lt;Ann&gt;</p>' in response.text

    def test_signed_in_users_alone_may_run_a_private_command(self, tab: Tab) -> None:
        """Who acts is the host's user, never the tab."""
        assert tab.command("suite.private").status_code == 403
        assert tab.command("suite.private", x_user="ann").status_code == 200

    def test_a_crash_tells_nothing(self, tab: Tab) -> None:
        """What went wrong inside stays inside."""
        response = tab.command("suite.crash")
        assert response.status_code == 500
        assert "secret inside" not in response.text
