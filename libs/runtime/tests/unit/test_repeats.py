import logging

import pytest
import structlog

from shopsync_runtime.outage import Outage
from shopsync_runtime.repeats import Repeats


@pytest.fixture
def written(clock):
    """Log as a library would; returns the lines that come through, with how many were held back before each."""
    repeats, lines = Repeats(["aiokafka", "faststream"], interval=60, clock=clock), []

    def say(name, text, *values, level=logging.ERROR):
        record = logging.LogRecord(name, level, "f.py", 1, text, values, None)
        if repeats.filter(record):
            lines.append((record.getMessage(), getattr(record, "repeated", 0)))
        return lines

    return say


def test_what_a_library_repeats_is_one_line_an_interval_with_a_count(written, clock):
    """An outage of two minutes: ten lines a second from each of five consumers, each with another value."""
    for tick in range(1_000):
        clock.now += 0.125
        for group in range(5):
            written("aiokafka.consumer.group_coordinator", "Group Coordinator Request failed: %s %s", group, tick)
    lines = written("aiokafka", "another line")
    assert [repeated for _, repeated in lines] == [0, 2_399, 2_399, 0]
    assert lines[-1] == ("another line", 0)


def test_another_level_logger_or_text_is_another_kind(written):
    written("aiokafka", "a")
    written("aiokafka", "a", level=logging.WARNING)
    written("aiokafka.conn", "a")
    assert len(written("faststream.kafka", "a")) == 4


def test_our_own_lines_are_all_written(written):
    for _ in range(3):
        lines = written("shopsync_runtime.consuming.subscription", "dead letter")
    assert len(lines) == 3


def test_memory_is_bounded(written, clock):
    for number in range(5_000):
        written("aiokafka", f"a text with its value in it: {number}")
    assert len(written("aiokafka", "a text with its value in it: 0")) == 5_001, "the oldest kinds are forgotten"


def test_an_outage_is_a_line_at_its_start_and_end_and_one_an_interval(clock):
    outage = Outage("Kafka", "broker:9092", interval=60, clock=clock)
    with structlog.testing.capture_logs() as logs:
        for answers in [True, True, *[False] * 40, True, True]:
            clock.now += 5
            outage.note_result(answers)
            assert (outage.reason is None) is answers
    assert [(line["event"], line.get("for_s"), line.get("after_s")) for line in logs] == [
        ("does not answer", None, None),
        ("still does not answer", 60, None),
        ("still does not answer", 120, None),
        ("still does not answer", 180, None),
        ("answers again", None, 200),
    ]
