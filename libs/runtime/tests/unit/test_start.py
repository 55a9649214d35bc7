"""Where the seconds of a start go, and how long it waits for what is not there yet."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from aiokafka.errors import NodeNotReadyError
from pymongo.errors import NotPrimaryError, OperationFailure

from shopsync_runtime import lifecycle, startup
from shopsync_runtime.errors import PermanentError, StartError
from shopsync_runtime.phases import Phases
from shopsync_runtime.startup import Problem


def test_a_phase_begins_where_the_last_one_ended():
    ages = iter([0.5, 0.75, 2.0])
    phases = Phases(age=lambda: next(ages))
    for name in ("imports", "build", "hooks"):
        phases.ended(name)
    assert phases.seconds == {"imports": 0.5, "build": 0.25, "hooks": 1.25}
    assert phases.total == 2.0


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_age_counts_what_came_before_the_import():
    program = "import time; time.sleep(0.3); from shopsync_runtime.phases import process_age as a; print(a())"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(shown.stdout) >= 0.29


async def test_what_comes_soon_is_noticed_soon_and_what_does_not_is_asked_for_rarely(monkeypatch):
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)

    async def never():
        return None if len(pauses) == 8 else Problem("not there")

    # Not asyncio's own: what else runs in this loop would never let go of it.
    monkeypatch.setattr(startup, "asyncio", SimpleNamespace(sleep=sleep))
    await startup._wait("topics", never, patience=60.0)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0]
    pauses.clear()
    with pytest.raises(StartError, match="not there"):
        await startup._wait("topics", never, patience=0.0)


async def test_what_only_people_can_help_with_ends_the_start_sooner(monkeypatch):
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)

    clock = SimpleNamespace(monotonic=lambda: sum(pauses))
    monkeypatch.setattr(startup, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(startup, "time", clock)

    def asked(*, until):
        async def ask():
            return Problem("refused", needs_people=sum(pauses) >= until)

        return ask

    with pytest.raises(StartError, match="refused"):
        await startup._wait("kafka", asked(until=0), patience=60.0)
    assert sum(pauses) == pytest.approx(20.0)
    pauses.clear()
    with pytest.raises(StartError, match="refused"):
        await startup._wait("kafka", asked(until=50), patience=60.0)
    assert sum(pauses) == pytest.approx(60.0)


@pytest.fixture
def begun(monkeypatch):
    """`await begun(*errors)`: a start whose hook fails with these before it works; how often it was called."""

    async def begin(*errors, patience=60.0):
        pauses, left, calls = [], list(errors), 0

        async def sleep(seconds):
            pauses.append(seconds)

        async def hook():
            nonlocal calls
            calls += 1
            if left:
                raise left.pop(0)

        monkeypatch.setattr(lifecycle, "asyncio", SimpleNamespace(sleep=sleep))
        monkeypatch.setattr(lifecycle, "time", SimpleNamespace(monotonic=lambda: sum(pauses)))
        await lifecycle._patiently(hook, patience)
        return calls

    return begin


async def test_a_broker_or_a_primary_that_is_lost_during_the_start_does_not_end_it(begun):
    assert await begun(NodeNotReadyError("node id 1"), NotPrimaryError("stepped down"), NodeNotReadyError()) == 4


@pytest.mark.parametrize("error", [PermanentError("wrong"), OperationFailure("not authorized", 13), OSError("no file")])
async def test_what_nobody_but_people_can_mend_ends_the_start_at_once(begun, error):
    with pytest.raises(type(error)):
        await begun(error)


async def test_a_start_does_not_wait_for_ever(begun):
    with pytest.raises(NodeNotReadyError):
        await begun(*(NodeNotReadyError() for _ in range(100)), patience=5.0)
