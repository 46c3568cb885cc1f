"""The conformance suite of repositories: what a backend of entities does, whatever keeps its rows.

A backend of your own is tested in a few lines; what it cannot do, it does not declare::

    class TestMine(RepositorySuite):
        @pytest.fixture(scope="class")
        @classmethod
        def repository(cls, tmp_path_factory):
            return MyRepository(tmp_path_factory.mktemp("rows"))

The rows of the tables whose names begin with ``suite_`` are deleted before each test: by the method
``clear`` of the repository if it has one, otherwise by its own ``delete_where``. `Suite` says what else
a subclass may define. The suite needs pytest and hypothesis.
"""

import pytest

# Before they are imported, so that what they assert is explained when it does not hold.
pytest.register_assert_rewrite(
    *(
        f"nitro_runtime.testing.repository_suite.{name}"
        for name in (
            "agreement", "bulk", "criteria", "histories", "keys", "links", "orders", "refusals", "relations", "sharing", "spoiled", "tasks",
            "texts", "uniques", "units", "values", "verbs",
        )
    )
)  # fmt: skip

from nitro_runtime.testing.coroutines import in_a_loop  # noqa: E402 # after the above
from nitro_runtime.testing.repository_suite.agreement import Agreement  # noqa: E402
from nitro_runtime.testing.repository_suite.bulk import Bulk  # noqa: E402
from nitro_runtime.testing.repository_suite.criteria import Criteria  # noqa: E402
from nitro_runtime.testing.repository_suite.histories import Histories  # noqa: E402
from nitro_runtime.testing.repository_suite.keys import Keys  # noqa: E402
from nitro_runtime.testing.repository_suite.links import Links  # noqa: E402
from nitro_runtime.testing.repository_suite.orders import Orders  # noqa: E402
from nitro_runtime.testing.repository_suite.refusals import Refusals  # noqa: E402
from nitro_runtime.testing.repository_suite.relations import References, Relations  # noqa: E402
from nitro_runtime.testing.repository_suite.sharing import Sharing  # noqa: E402
from nitro_runtime.testing.repository_suite.spoiled import Spoiled  # noqa: E402
from nitro_runtime.testing.repository_suite.suite import (  # noqa: E402
    Suite,
    in_threads,
    lacks,
    needs,
)
from nitro_runtime.testing.repository_suite.tasks import Races, Tasks, Twins  # noqa: E402
from nitro_runtime.testing.repository_suite.texts import Texts  # noqa: E402
from nitro_runtime.testing.repository_suite.uniques import Uniques  # noqa: E402
from nitro_runtime.testing.repository_suite.units import (  # noqa: E402
    Announcements,
    Hooks,
    Transactions,
)
from nitro_runtime.testing.repository_suite.values import Values  # noqa: E402
from nitro_runtime.testing.repository_suite.verbs import Verbs  # noqa: E402

__all__ = ["RepositorySuite", "Suite", "in_a_loop", "in_threads", "lacks", "needs"]


class RepositorySuite(
    Verbs, Criteria, Texts, Values, Orders, Bulk, Keys, Uniques, References, Relations, Links,
    Announcements, Hooks, Transactions, Twins, Tasks, Races, Spoiled, Sharing, Refusals, Agreement, Histories,
):  # fmt: skip
    """All of it."""
