"""Answers the question that a page asks before a deed."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def answer(page: Page, *, agrees: bool = True) -> str:
    """Presses one of the two buttons of the page's own dialog; returns what was asked."""
    asked = page.get_by_role("alertdialog")
    expect(asked).to_be_visible()
    question = asked.locator("p").inner_text()
    asked.locator("button").nth(1 if agrees else 0).click()
    expect(asked).to_be_hidden()
    return question
