import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    KafkaTimeoutError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
)

from shopsync_runtime.kafka.refusals import Refusal, is_refusal


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TopicAuthorizationFailedError("t"), True),
        (GroupAuthorizationFailedError("g"), True),
        (KafkaError(repr(TopicAuthorizationFailedError())), True),  # as aiokafka wraps it when offsets are fetched
        (KafkaError(repr(NotLeaderForPartitionError())), False),
        (KafkaTimeoutError("TopicAuthorizationFailedError"), False),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "AuthorizationFailedError"), False),
    ],
)
def test_a_refusal_is_told_from_other_errors(error, expected):
    assert is_refusal(error) == expected


def test_a_refusal_is_told_until_it_works_or_some_time_after_the_last_attempt():
    now = [0.0]
    refusal = Refusal(20.0, clock=lambda: now[0])
    assert refusal.text is None
    assert refusal.note("write p.reports.v1"), "it begins"
    now[0] = 15.0
    assert not refusal.note("write p.reports.v1"), "it is told already"
    now[0] = 34.0
    assert refusal.text is not None
    assert refusal.text.startswith("Kafka does not let us write p.reports.v1; grant it with")
    refusal.works("write p.other.v1")
    assert refusal.text is not None
    now[0] = 35.0
    assert refusal.text is None
    refusal.note("write p.reports.v1")
    refusal.works("write p.reports.v1")
    assert refusal.text is None
