import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_contracts.asyncapi.components import DEAD_LETTER_HEADERS
from shopsync_contracts.topics import DEAD_LETTERS, TOPICS
from shopsync_runtime.deadletters import OWN_HEADERS, DeadLetter, messages_of
from shopsync_runtime.kafka.messages import MAX_REQUEST, OutgoingMessage, declared_limit, excess_of, size_of

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

header_names = st.text(max_size=8).filter(lambda name: name.lower() not in OWN_HEADERS)
headers = st.lists(st.tuples(header_names, st.none() | st.binary(max_size=8)), max_size=4)


def letter(**changes):
    values = {
        "topic": "t",
        "partition": 3,
        "offset": 7,
        "key": b"k",
        "value": b"v",
        "headers": (),
        "error": ValueError("no"),
    }
    return DeadLetter(**{**values, **changes})


def message(one):
    return messages_of([one], topic="dead", service="catalog", failed_at=NOW)[0]


@given(key=st.none() | st.binary(max_size=8), value=st.none() | st.binary(max_size=64), foreign=headers)
def test_bytes_stay_as_they_were(key, value, foreign):
    sent = message(letter(key=key, value=value, headers=tuple(foreign)))
    assert sent.key == key
    if value is None and key is None:  # aiokafka cannot send this, Kafka can hold it
        assert (sent.value, dict(sent.headers)["x-null-value"]) == (b"", b"true")
    else:
        assert sent.value == value
    assert [header for header in sent.headers if header[0] not in OWN_HEADERS] == foreign


def test_the_reason_and_the_place_stand_in_headers():
    assert dict(message(letter()).headers) == {
        "x-topic": b"t",
        "x-partition": b"3",
        "x-offset": b"7",
        "x-service": b"catalog",
        "x-error-type": b"ValueError",
        "x-error": b"no",
        "x-failed-at": b"2026-11-23T03:00:00+00:00",
    }


def test_headers_of_an_earlier_dead_lettering_are_replaced():
    before = message(letter(topic="first", headers=(("own", b"1"),)))
    again = message(letter(topic="second", headers=tuple(before.headers)))
    names = [name for name, _ in again.headers]
    assert sorted(names) == sorted(set(names))
    assert dict(again.headers)["x-topic"] == b"second"
    assert dict(again.headers)["own"] == b"1"


def test_every_header_stands_in_the_asyncapi_documents():
    of_redrives = {"x-redriven-from", "x-redriven-to", "x-redriven-at"}  # which the command writes
    assert DEAD_LETTER_HEADERS.keys() - of_redrives == OWN_HEADERS


def test_a_long_reason_is_cut_between_characters():
    text = dict(message(letter(error=ValueError("価" * 5_000))).headers)["x-error"]
    assert len(text) <= 2_000
    assert set(text.decode()) == {"価"}


def test_a_reason_with_lone_surrogates_can_be_sent():
    assert dict(message(letter(error=ValueError("\ud800"))).headers)["x-error"] == b"?"


SOURCES = [spec for spec in TOPICS if spec is not DEAD_LETTERS]


def largest(spec, foreign=()):
    """A record that fills its topic's limit to the last byte and cannot be compressed."""
    key = b"demo/" + b"9" * 32
    room = spec.max_message_bytes - size_of(OutgoingMessage(spec.name, b"", key, foreign))
    return key, os.urandom(room)


@pytest.mark.parametrize("spec", SOURCES, ids=lambda spec: spec.name)
@pytest.mark.parametrize(
    "foreign", [(), (("traceparent", b"0" * 55), ("own", b"x" * 500_000))], ids=["bare", "headers"]
)
def test_every_topic_s_largest_message_fits_the_dead_letters_whole(spec, foreign):
    key, value = largest(spec, foreign)
    one = letter(
        topic=spec.full_name("shopsync"), key=key, value=value, headers=foreign, error=ValueError("価" * 5_000)
    )
    topic = DEAD_LETTERS.full_name("shopsync")
    [sent] = messages_of([one], topic=topic, service="publisher", failed_at=NOW)
    assert excess_of(sent, DEAD_LETTERS.max_message_bytes) is None
    assert (sent.key, sent.value, sent.headers[: len(foreign)]) == (key, value, list(foreign))


@pytest.mark.parametrize("spec", TOPICS, ids=lambda spec: spec.name)
def test_the_producer_takes_what_the_topics_take(spec):
    assert declared_limit(spec.full_name("any.prefix")) == spec.max_message_bytes
    assert spec.max_message_bytes < MAX_REQUEST


@pytest.mark.parametrize(
    ("part", "left_out"),
    [("value", b"value"), ("headers", b"value, headers"), ("key", b"value, headers, key")],
)
def test_what_no_topic_could_hold_is_left_out_and_named(part, left_out):
    """Its publisher compressed it far below the limit; uncompressed it fits nowhere."""
    noise = os.urandom(DEAD_LETTERS.max_message_bytes + 1)
    parts = {"value": noise, "headers": (("own", noise),), "key": noise}
    topic = DEAD_LETTERS.full_name("shopsync")
    [sent] = messages_of([letter(**{part: parts[part]})], topic=topic, service="catalog", failed_at=NOW)
    headers = dict(sent.headers)
    assert excess_of(sent, DEAD_LETTERS.max_message_bytes) is None
    assert (sent.value, headers["x-left-out"]) == (b"", left_out)
    assert headers["x-value-bytes"] == (b"%d" % len(noise) if part == "value" else b"1")
    assert (headers["x-topic"], headers["x-partition"], headers["x-offset"]) == (b"t", b"3", b"7")
