"""What waits for the broker: in order, until it has come back, and no more than may."""

from __future__ import annotations

from nitro_runtime.brokers.outbox import BATCH_MESSAGES, Outbox


def numbers(outbox: Outbox) -> list[int]:
    return [message.number for message in outbox.batch()[1]]


def test_messages_are_appended_in_order_until_they_were_sent() -> None:
    outbox = Outbox("me")
    for _ in range(3):
        outbox.add("send", ("a",), b"x")
    current, batch = outbox.batch()
    assert [message.number for message in batch] == numbers(outbox) == [1, 2, 3]
    outbox.sent(2, current)
    assert numbers(outbox) == [3]
    outbox.sent(3, current)
    assert not outbox.has_unsent


def test_what_did_not_come_back_is_sent_again_and_an_older_answer_counts_no_more() -> None:
    outbox = Outbox("me")
    for _ in range(3):
        outbox.add("send", ("a",), b"x")
    current, _ = outbox.batch()
    assert outbox.returned(1) is False
    outbox.send_again()
    outbox.sent(3, current)
    assert numbers(outbox) == [2, 3]


def test_what_came_back_before_it_was_sent_again_is_not_waited_for() -> None:
    outbox = Outbox("me")
    outbox.add("send", ("a",), b"x")
    outbox.add("send", ("a",), b"y")
    outbox.send_again()
    outbox.returned(1)
    outbox.returned(2)
    assert numbers(outbox) == []
    assert not outbox.has_unsent


def test_changes_are_told_once_however_often_they_happened() -> None:
    outbox = Outbox("me")
    for _ in range(100):
        outbox.change("updated:product")
    outbox.change("deleted:product")
    [message] = outbox.batch()[1]
    assert (message.kind, message.topics) == ("changes", ("updated:product", "deleted:product"))


def test_a_batch_is_bounded_and_one_large_message_goes_alone() -> None:
    outbox = Outbox("me")
    for _ in range(BATCH_MESSAGES + 5):
        outbox.add("send", ("a",), b"x")
    assert len(outbox.batch()[1]) == BATCH_MESSAGES
    outbox = Outbox("me")
    outbox.add("send", ("a",), b"x" * (2 << 20))
    outbox.add("send", ("a",), b"y")
    assert numbers(outbox) == [1]


def test_what_was_given_up_is_told_as_a_gap_but_ends_of_streams_are_kept() -> None:
    outbox = Outbox("me", most_messages=3)
    outbox.add("end", ("user:ann",), shown=True)
    for _ in range(3):
        outbox.add("send", ("a",), b"x")
    assert outbox.is_full
    assert [message.number for message in outbox.show()] == [2, 3, 4]
    assert outbox.show() == []
    outbox.give_up()
    batch = outbox.batch()[1]
    assert [(message.kind, message.topics) for message in batch] == [
        ("gap", ()),
        ("end", ("user:ann",)),
    ]
    assert outbox.returned(2) is True  # it was shown
