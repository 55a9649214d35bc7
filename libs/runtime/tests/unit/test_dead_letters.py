from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shopsync_runtime.deadletters import OWN_HEADERS, DeadLetter, messages_of

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


def test_a_long_reason_is_cut_between_characters():
    text = dict(message(letter(error=ValueError("価" * 5_000))).headers)["x-error"]
    assert len(text) <= 2_000
    assert set(text.decode()) == {"価"}


def test_a_reason_with_lone_surrogates_can_be_sent():
    assert dict(message(letter(error=ValueError("\ud800"))).headers)["x-error"] == b"?"
