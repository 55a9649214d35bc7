"""Where the seconds of a start go, and how long it waits for what is not there yet."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from shopsync_runtime import startup
from shopsync_runtime.errors import StartError
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
