"""The conformance suite of repositories."""

import pytest

pytest.register_assert_rewrite(
    *(
        f"nitro_runtime.testing.repository_suite.{name}"
        for name in ("verbs", "criteria", "texts", "values")
    )
)

from nitro_runtime.testing.repository_suite.criteria import Criteria  # noqa: E402
from nitro_runtime.testing.repository_suite.suite import Suite, in_threads  # noqa: E402
from nitro_runtime.testing.repository_suite.texts import Texts  # noqa: E402
from nitro_runtime.testing.repository_suite.values import Values  # noqa: E402
from nitro_runtime.testing.repository_suite.verbs import Verbs  # noqa: E402

__all__ = ["RepositorySuite", "Suite", "in_threads"]


class RepositorySuite(Verbs, Criteria, Texts, Values):
    """All of it."""
