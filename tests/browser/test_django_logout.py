"""A person signs out of a Django project: what their open tabs show from then on, here and elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from mailboxes import SERVERS, mailboxes
from playwright.sync_api import Page, expect
from waiting import until

from nitro_runtime.testing.serving import PLAIN

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=SERVERS)
def address(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the project of `mailboxes_app`, on a real server."""
    scratch = tmp_path_factory.mktemp("accounts")
    with mailboxes(request.param, scratch, project / "shop" / "static") as served:
        yield served.url


def write(address: str, owner: str, text: str) -> int:
    """Writes to somebody, and returns how many pages of theirs got it."""
    answer = httpx.get(f"{address}/mail/{owner}/write/{text}", verify=PLAIN)
    return int(answer.raise_for_status().json()["user"])


def open_mailbox(page: Page, address: str, owner: str) -> None:
    with page.expect_response(lambda response: "/events?" in response.url):
        page.goto(f"{address}/mail/{owner}")


def test_who_signs_out_gets_no_more_mail_here_and_goes_on_getting_it_elsewhere(
    people: People, address: str
) -> None:
    home, work, other = people.come(), people.come(), people.come()
    tab, leaving, there, bens = home.new_page(), home.new_page(), work.new_page(), other.new_page()
    for page, owner in ((tab, "ann"), (there, "ann"), (bens, "ben")):
        page.goto(f"{address}/sign-in/{owner}")
        open_mailbox(page, address, owner)
    leaving.goto(f"{address}/mail/ann")
    until(lambda: write(address, "ann", "first") == 3, "all of Ann's tabs to listen")
    with (
        tab.expect_response(lambda response: "/events?" in response.url),  # both come back
        there.expect_response(lambda response: "/events?" in response.url),
    ):
        leaving.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("status").get_by_text("no longer shows all changes")).to_be_visible()
    until(lambda: write(address, "ann", "second") == 1, "the tab elsewhere to listen again")
    assert write(address, "ben", "yours") == 1
    expect(there.locator("#mail li").last).to_have_text("Now: second")
    expect(bens.locator("#mail li").last).to_have_text("Now: yours")
    expect(tab.locator("#mail")).not_to_contain_text("second")
