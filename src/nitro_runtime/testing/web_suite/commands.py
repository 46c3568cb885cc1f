# ruff: noqa: S101 # a suite of tests asserts
"""Commands and queries, sent by Datastar and by plain forms."""

from __future__ import annotations

import json
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

    def test_an_action_is_called_on_the_entity_whose_key_is_sent(self, tab: Tab) -> None:
        """``@action`` on a method of an instance; an unknown key is told as a notice."""
        key = self._new_item(tab, "Acted")
        assert '{"stock":5}' in tab.command("suite_item.restock", {"id": key, "quantity": 5}).text
        assert '{"stock":7}' in tab.command("suite_item.restock", {"id": key, "quantity": "2"}).text
        missing = tab.command("suite_item.restock", {"id": "none", "quantity": 1})
        assert missing.status_code == 200
        assert "There is no such suite item" in missing.text
        wrong = tab.command("suite_item.restock", {"id": key, "quantity": "many"})
        assert wrong.status_code == 422

    def test_who_may_is_asked_of_the_entity(self, tab: Tab) -> None:
        """A rule that names ``entity`` decides by it."""
        key = self._new_item(tab, "ann")
        sent = {"id": key, "name": "Owned"}
        assert tab.command("suite_item.rename", sent).status_code == 403
        assert tab.command("suite_item.rename", sent, x_user="ben").status_code == 403
        done = tab.command("suite_item.rename", sent, x_user="ann")
        assert '<p id="renamed">Owned</p>' in done.text

    def test_classes_are_called_as_functions_are(self, tab: Tab) -> None:
        """A result that a page cannot show is for code alone."""
        counted = tab.command("suite.count", {"by": 3})
        assert '"by":3' in counted.text
        assert tab.command("suite.count", {"by": "x"}).status_code == 422
        asked = tab.client.get(
            f"{tab.path}cmds/suite.stock/{tab.id}",
            params={"datastar": '{"name": "nothing"}'},
            headers={"datastar-request": "true"},
        )
        assert (asked.status_code, asked.content) == (200, b"")

    def test_a_command_that_is_sent_again_with_its_key_runs_once(self, tab: Tab) -> None:
        """The first answer again; another input under the key is refused."""
        first = tab.command("suite.count", {"by": 8}, idempotency_key='"suite-1"')
        again = tab.command("suite.count", {"by": 8}, idempotency_key='"suite-1"')
        assert first.status_code == again.status_code == 200
        assert first.content == again.content != b""
        assert first.headers["content-type"] == again.headers["content-type"]
        other = tab.command("suite.count", {"by": 9}, idempotency_key='"suite-1"')
        assert other.status_code == 422
        assert tab.command("suite.count", {"by": 8}).content != first.content
        assert tab.command("suite.count", {}, idempotency_key="x y").status_code == 400

    def test_a_failed_command_does_not_use_up_its_key(self, tab: Tab) -> None:
        """So that trying again is of use."""
        for _ in range(2):
            assert tab.command("suite.crash", idempotency_key="suite-2").status_code == 500

    def test_a_page_says_where_commands_are(self, tab: Tab) -> None:
        """By two signals, which the expressions of ``call(...)`` read."""
        assert f"&#34;_cmds&#34;: &#34;{tab.path}cmds/&#34;" in tab.page
        assert f"&#34;_tab&#34;: &#34;{tab.id}&#34;" in tab.page

    @staticmethod
    def _new_item(tab: Tab, name: str) -> str:
        response = tab.command("suite.make", {"name": name})
        return str(json.loads(response.text.partition("signals ")[2])["made"])
