"""Which broker a process has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nitro_runtime.brokers import MemoryBroker, RedisBroker, current_broker, use_broker
from nitro_runtime.brokers.settings import _current, use_environment
from nitro_runtime.sse import hub


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NITRO_BROKER_URL", raising=False)
    _current.is_chosen = False
    yield
    use_broker(None)
    _current.is_chosen = False


def test_without_a_setting_there_is_none() -> None:
    use_environment()
    assert current_broker() is None
    assert hub.relay is None


def test_the_environment_names_one_and_nothing_is_connected_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NITRO_BROKER_URL", "redis://:hidden@127.0.0.1:1/0?prefix=shop")
    use_environment()
    broker = current_broker()
    assert isinstance(broker, RedisBroker)
    assert broker.place == "127.0.0.1:1"
    assert hub.relay is not None
    assert _current.relay is not None
    assert _current.relay.state == "starting"


def test_what_the_app_chose_counts_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NITRO_BROKER_URL", "redis://127.0.0.1:1/0")
    chosen = use_broker(MemoryBroker())
    use_environment()
    assert current_broker() is chosen
    use_broker(None)
    use_environment()
    assert current_broker() is None
