from __future__ import annotations

import pytest

from nitro_runtime.errors import ConfigurationError, Refused
from nitro_runtime.web.stream_limits import StreamLimit


def test_streams_are_limited_for_each_user_and_in_all() -> None:
    limit = StreamLimit(per_user=1, in_process=2)
    with limit.held("one"):
        with pytest.raises(Refused, match="close a tab") as refused:
            limit.check("one")
        assert refused.value.status == 503
        assert ("retry-after", "5") in refused.value.headers
        with pytest.raises(Refused, match="close a tab"), limit.held("one"):
            pass
        with limit.held("two"), pytest.raises(Refused, match="no room") as refused:
            limit.check("three")
        assert refused.value.status == 503
        limit.check("three")
    limit.check("one")
    assert limit.open_count == 0


def test_limits_are_set_one_by_one() -> None:
    limit = StreamLimit(per_user=1, in_process=2)
    limit.set(per_user=3)
    assert (limit.per_user, limit.in_process) == (3, 2)
    limit.set(in_process=4)
    assert (limit.per_user, limit.in_process) == (3, 4)


@pytest.mark.parametrize("limits", [{"per_user": 0}, {"in_process": -1}])
def test_a_limit_that_lets_nobody_in_is_a_mistake(limits: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        StreamLimit().set(**limits)
