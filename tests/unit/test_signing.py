"""Signed values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime import signing
from nitro_runtime.errors import BadSignature, ConfigurationError


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_configured", "a key for these tests only")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_signed_comes_back(text: str) -> None:
    assert signing.unsign("view", signing.sign("view", text)) == text


@given(st.text())
def test_no_text_that_was_not_signed_passes(token: str) -> None:
    with pytest.raises(BadSignature):
        signing.unsign("view", token)


def test_every_changed_character_is_noticed() -> None:
    token = signing.sign("view", "stock=1")
    for place, old in enumerate(token[:-1]):
        changed = token[:place] + ("A" if old != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadSignature):
            signing.unsign("view", changed)


def test_a_token_for_one_purpose_is_refused_for_another() -> None:
    with pytest.raises(BadSignature):
        signing.unsign("tab", signing.sign("view", "x"))


def test_a_token_of_another_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    token = signing.sign("view", "x")
    monkeypatch.setattr(signing, "_configured", "another key, as after a change")
    with pytest.raises(BadSignature):
        signing.unsign("view", token)


def test_a_token_is_safe_in_addresses_and_cookies() -> None:
    token = signing.sign("view", "ü?&=;,/ \n\0")
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_the_environment_names_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_configured", None)
    monkeypatch.setenv("NITRO_SECRET_KEY", "the environment's key")
    token = signing.sign("view", "x")
    monkeypatch.setenv("NITRO_SECRET_KEY", "a new key of the environment")
    with pytest.raises(BadSignature):
        signing.unsign("view", token)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 16 characters"):
        signing.configure_secret("short")
