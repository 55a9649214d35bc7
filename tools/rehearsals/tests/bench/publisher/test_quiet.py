from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.publisher.quiet import MeasuredQuiet, Quiet, as_json, judge

GOOD = MeasuredQuiet(
    shops=2000,
    quiet=Quiet(pushing=3, idle=10.0),
    idle_cpu={"publisher": 0.1, "MongoDB": 0.2},
    idle_asked={"find": 30},
    waits=[0.2, 0.1, 0.05],
    created=3,
)


def test_a_quiet_run_as_promised_is_good():
    assert [line.what for line in judge(GOOD) if line.good is False] == []
    assert '"good": true' in as_json(GOOD, judge(GOOD))


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"idle_cpu": {"publisher": 1.0}}, "processor time of the publisher, 2,000 idle shops"),
        ({"waits": [0.2, 1.2, 0.1]}, "from a command to the first call, longest"),
        ({"waits": [0.2, 0.1]}, "shops called after their command"),
        ({"created": 2}, "products created"),
    ],
)
def test_what_was_not_kept_is_named(changes, failing):
    assert [line.what for line in judge(replace(GOOD, **changes)) if line.good is False] == [failing]
