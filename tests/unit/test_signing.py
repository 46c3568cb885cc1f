"""Signed values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime import signing
from nitro_runtime.errors import BadSignature, ConfigurationError


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_configured", "a key for these tests only")
    monkeypatch.setattr(signing, "_fallbacks", None)
    monkeypatch.delenv("NITRO_SECRET_KEY_FALLBACKS", raising=False)


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


# -- a change of the key --------------------------------------------------------------------------

FIRST, SECOND, THIRD = "the first key of all", "the second key of all", "the third key of all"


def signed_by(key: str) -> str:
    signing.configure_secret(key)
    return signing.sign("view", "stock=1")


def test_what_a_former_key_signed_is_good_and_the_new_key_signs() -> None:
    old, new = signed_by(FIRST), signed_by(SECOND)
    signing.configure_secret(SECOND, fallbacks=[FIRST])
    assert signing.unsign("view", old) == "stock=1"
    assert signing.sign("view", "stock=1") == new


def test_what_a_key_signed_that_is_no_longer_named_is_refused() -> None:
    old = signed_by(FIRST)
    signing.configure_secret(THIRD, fallbacks=[SECOND])
    with pytest.raises(BadSignature):
        signing.unsign("view", old)


def test_the_environment_names_the_former_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = signed_by(FIRST), signed_by(SECOND)
    signing.configure_secret(THIRD)
    monkeypatch.setenv("NITRO_SECRET_KEY_FALLBACKS", f"{SECOND}, {FIRST}")
    assert signing.unsign("view", first) == signing.unsign("view", second) == "stock=1"


@pytest.mark.parametrize("none", ["", ",", " , "])
def test_an_empty_text_is_no_former_key(monkeypatch: pytest.MonkeyPatch, none: str) -> None:
    monkeypatch.setenv("NITRO_SECRET_KEY_FALLBACKS", none)
    forged = signing._signature("", "view", "stock=9")  # pyright: ignore[reportPrivateUsage]
    assert not signing.is_signature("view", "stock=9", forged)


def test_former_keys_that_are_given_replace_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = signed_by(FIRST)
    monkeypatch.setenv("NITRO_SECRET_KEY_FALLBACKS", FIRST)
    signing.configure_secret(SECOND, fallbacks=[])
    with pytest.raises(BadSignature):
        signing.unsign("view", old)


def test_a_short_former_key_is_refused_and_the_key_stays() -> None:
    token = signed_by(FIRST)
    with pytest.raises(ConfigurationError, match="at least 16 characters"):
        signing.configure_secret(SECOND, fallbacks=["short"])
    assert signing.unsign("view", token) == "stock=1"
