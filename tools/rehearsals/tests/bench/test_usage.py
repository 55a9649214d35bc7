import os
import sys
from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.usage import (
    Load,
    Meter,
    Sample,
    cpu_seconds,
    load,
    machine_seconds,
    most_resident_bytes,
    resident_bytes,
)
from shopsync_testkit.children import spawn
from shopsync_testkit.polling import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processor times come from /proc")


def test_a_living_process_has_used_some_time_and_no_process_none():
    used = cpu_seconds(os.getpid())
    assert used is not None
    assert used > 0
    assert cpu_seconds(2**22 + 1) is None


async def test_time_is_added_up_over_a_kill(tmp_path):
    meter = Meter()
    meter.watch("nobody", None)
    for life in (1, 2):
        child = spawn("busy", [sys.executable, "-c", "while True: pass"], log=tmp_path / f"{life}.log")
        try:
            meter.watch("busy", child.pid, from_birth=True)
            before = meter.read()["busy"]
            await eventually(lambda: meter.read()["busy"] > before + 0.05, what="some work")  # noqa: B023 - called at once
            meter.settle(child.pid)
        finally:
            await child.kill()

    assert meter.read()["busy"] > 0.1
    assert set(meter.read()) == {"busy"}


def test_the_load_is_that_between_two_moments():
    samples = [Sample(0, 0, 0), Sample(10, 5, 90), Sample(20, 17, 109), Sample(30, 17, 109)]
    assert load(samples, 10, 20, 2) == Load(ours=0.6, machine=0.95, cores=2)
    assert load([replace(each, machine=None) for each in samples], 10, 20, 2) == Load(0.6, 0.6, 2)
    assert load(samples, 11, 19, 2) is None


def test_the_whole_machine_has_used_more_than_this_process():
    ours, all_of_it = cpu_seconds(os.getpid()), machine_seconds()
    assert ours is not None
    assert all_of_it is not None
    assert all_of_it > ours


def test_memory_of_a_process():
    resident, most = resident_bytes(os.getpid()), most_resident_bytes(os.getpid())
    assert resident is not None
    assert most is not None
    assert 1024 * 1024 < resident <= most + 1024 * 1024
    assert resident_bytes(2**22 + 1) is None
    assert most_resident_bytes(2**22 + 1) is None
