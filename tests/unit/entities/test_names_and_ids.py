"""Names made by rule, and ids that sort."""

import threading
from uuid import UUID

import pytest

from nitro_runtime.entities.ids import IdSource, new_id
from nitro_runtime.naming import pluralize, sentence_case, snake_case


@pytest.mark.parametrize(
    ("name", "table", "plural"),
    [
        ("Product", "product", "products"),
        ("OrderItem", "order_item", "order_items"),
        ("APIKey", "api_key", "api_keys"),
        ("HTTPServer2Log", "http_server2_log", "http_server2_logs"),
        ("Category", "category", "categories"),
        ("Day", "day", "days"),
        ("Box", "box", "boxes"),
        ("SalesPerson", "sales_person", "sales_people"),
        ("News", "news", "news"),
        ("Status", "status", "statuses"),
    ],
)
def test_a_class_name_gives_table_and_plural(name: str, table: str, plural: str) -> None:
    assert snake_case(name) == table
    assert pluralize(table) == plural


def test_names_are_written_as_people_do() -> None:
    assert sentence_case("order_item") == "Order item"


def test_ids_are_uuids_of_version_7_and_sort_in_the_order_they_were_made() -> None:
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert {UUID(one).version for one in ids} == {7}
    assert {UUID(one).variant for one in ids} == {"specified in RFC 4122"}
    assert all(str(UUID(one)) == one for one in ids)


def test_ids_grow_when_the_clock_stands_still_or_goes_back() -> None:
    times = iter([1000, 1000, 1000, 500, 1001])
    source = IdSource(clock=lambda: next(times), randbits=lambda bits: (1 << bits) - 1)
    ids = [source() for _ in range(5)]
    assert ids == sorted(set(ids))


def test_an_id_begins_with_its_moment() -> None:
    source = IdSource(clock=lambda: 0x0123456789AB, randbits=lambda bits: 0)
    assert source() == "01234567-89ab-7000-8000-000000000000"


def test_ids_made_in_many_threads_differ() -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(new_id() for _ in range(500))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4000
