"""What the soak takes for growth."""

from typing import Any

import pytest

from shopsync_rehearsals.endurance.soak.samples import Sample, total
from shopsync_rehearsals.endurance.soak.verdict import judge, slope_per_minute


def samples(**grows):
    """A sample every 10 seconds for ten minutes; what is named grows by so much a minute after the warm-up."""
    steady: dict[str, Any] = {"megabytes": 100.0, "descriptors": 40, "threads": 5, "tasks": 30, "lag": 0}
    made = []
    for at in range(0, 600, 10):
        minutes = max(0, at - 150) / 60
        values = {name: value + type(value)(grows.get(name, 0) * minutes) for name, value in steady.items()}
        made.append(Sample(float(at), **values))
    return {"catalog": made}


def failed(lines):
    return [line.what for line in lines if line.good is False]


def test_a_flat_run_is_good():
    assert failed(judge(samples())) == []


@pytest.mark.parametrize(
    ("grows", "what"),
    [
        ({"megabytes": 1.5}, "memory"),
        ({"descriptors": 1}, "descriptors"),
        ({"threads": 1}, "threads"),
        ({"tasks": 2}, "tasks"),
        ({"lag": 100}, "lag"),
    ],
)
def test_what_grows_is_named(grows, what):
    assert failed(judge(samples(**grows))) == [f"catalog: {what}"]


def test_growth_during_the_warm_up_and_single_peaks_do_not_count():
    first, *rest = samples()["catalog"]
    low = Sample(first.at, 20.0, 1, 1, 1, 5000)
    peak = Sample(300.0, 400.0, 400, 50, 400, 5000)
    assert failed(judge({"catalog": [low, *rest[:30], peak, *rest[30:]]})) == []


def test_a_run_that_is_too_short_is_not_called_good():
    assert failed(judge({"catalog": samples()["catalog"][:4]})) == ["catalog: samples"]


def test_the_slope_is_that_of_most_pairs():
    assert slope_per_minute([(0, 0), (60, 2), (120, 4), (180, 100), (240, 8)]) == pytest.approx(2)


def test_a_gauge_is_added_up_over_its_labels():
    text = '# HELP lag x\nlag{topic="a"} 3.0\nlag{topic="b"} 4.0\nlag_other 9.0\nplain 2.0\n'
    assert (total(text, "lag"), total(text, "plain"), total(text, "none")) == (7.0, 2.0, 0)
