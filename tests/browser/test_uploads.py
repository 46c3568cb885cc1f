"""What a person does with pictures and files in a generated scaffold, on each framework's own server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from bundled import FRAMEWORKS
from playwright.sync_api import FilePayload, Locator, Page, expect
from questions import answer

from nitro_runtime.testing import sample_png

if TYPE_CHECKING:
    from browser.conftest import People, Server

pytestmark = pytest.mark.browser

OWL, FOX = sample_png((120, 90, 60), (230, 220, 200)), sample_png((200, 90, 20), (250, 240, 230))
MANUAL = "Fed at night. Ümläute, too.\n".encode()


@pytest.fixture(scope="module", params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return request.param


def file(name: str, kind: str, content: bytes) -> FilePayload:
    return FilePayload(name=name, mimeType=kind, buffer=content)


def submit(page: Page) -> None:
    page.locator("#photo-form button[type=submit]").click()


def shown(picture: Locator, server: Server) -> bytes:
    """Waits until a browser shows a picture; returns its content."""
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]") == [48, 32]
    answer = httpx.get(server.url + (picture.get_attribute("src") or ""))
    assert answer.headers["content-type"] == "image/png"
    return answer.content


def kept(server: Server) -> list[str]:
    """Returns the extensions of the files that the server keeps."""
    return sorted(path.suffix for path in server.uploads.iterdir())


def test_a_picture_and_a_file_are_uploaded_shown_replaced_and_removed(
    tab: Page, server: Server
) -> None:
    tab.goto(f"{server.url}/photos/new")
    tab.locator("#photo-title").fill("Barn owl")
    tab.locator("#photo-picture").set_input_files(file("owl.png", "image/png", OWL))
    tab.locator("#photo-manual").set_input_files(file("../öwl.TXT", "text/plain", MANUAL))
    submit(tab)
    expect(tab.locator("#notices")).to_contain_text("Barn owl created")
    assert shown(tab.locator("main img"), server) == OWL
    with tab.expect_download() as download:
        tab.locator("main a[href^='/uploads/']").click()
    assert Path(download.value.path()).read_bytes() == MANUAL
    assert re.fullmatch(r"[0-9a-f]{32}\.txt", download.value.suggested_filename)
    assert kept(server) == [".png", ".txt"]

    tab.goto(f"{server.url}/photos")
    assert shown(tab.locator("#photo-table tbody img"), server) == OWL
    first = server.url + (tab.locator("#photo-table img").get_attribute("src") or "")
    tab.get_by_role("link", name="Edit").click()
    assert shown(tab.locator("#photo-form img"), server) == OWL
    tab.locator("#photo-picture").set_input_files(file("fox.png", "image/png", FOX))
    submit(tab)
    expect(tab.locator("#notices")).to_contain_text("Barn owl saved")
    assert shown(tab.locator("main img"), server) == FOX
    assert httpx.get(first).status_code == 404
    assert kept(server) == [".png", ".txt"]

    tab.get_by_role("link", name="Edit").click()
    tab.locator("input[name=picture-remove]").check()
    submit(tab)
    expect(tab.locator("#notices")).to_contain_text("Barn owl saved")
    expect(tab.locator("main img")).to_have_count(0)
    assert kept(server) == [".txt"]

    tab.get_by_role("button", name="Delete").click()
    answer(tab)
    expect(tab.locator("#notices")).to_contain_text("Barn owl deleted")
    assert kept(server) == []


def test_what_is_no_picture_is_refused_at_its_field_and_nothing_is_kept(
    tab: Page, server: Server
) -> None:
    tab.goto(f"{server.url}/photos/new")
    tab.locator("#photo-title").fill("No owl")
    fake = file("owl.png", "image/png", b"<script>alert(1)</script>")
    tab.locator("#photo-picture").set_input_files(fake)
    submit(tab)
    expect(tab.locator("#photo-picture-error")).to_be_visible()
    expect(tab.locator("#photo-title")).to_have_value("No owl")
    tab.locator("#photo-picture").set_input_files(file("owl.png", "image/png", OWL))
    submit(tab)
    expect(tab.locator("#notices")).to_contain_text("No owl created")
    assert shown(tab.locator("main img"), server) == OWL
    assert kept(server) == [".png"]


def test_without_javascript_a_picture_is_uploaded_too_and_others_see_it_at_once(
    people: People, server: Server
) -> None:
    watcher = people.come().new_page()
    with watcher.expect_response(lambda response: "/events" in response.url):
        watcher.goto(f"{server.url}/photos")
    page = people.come(java_script_enabled=False).new_page()
    page.goto(f"{server.url}/photos/new")
    page.locator("#photo-title").fill("Fox")
    page.locator("#photo-picture").set_input_files(file("fox.png", "image/png", FOX))
    submit(page)
    expect(page.locator("#notices")).to_contain_text("Fox created")
    assert shown(watcher.locator("#photo-table tbody img"), server) == FOX
