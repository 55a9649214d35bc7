import os
import sys

import pytest

from shopsync_sandbox.bench.usage import Meter, cpu_seconds
from shopsync_sandbox.children import spawn
from shopsync_sandbox.polling import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processor times come from /proc")


def test_a_living_process_has_used_some_time_and_no_process_none():
    assert cpu_seconds(os.getpid()) > 0
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
            meter.leave(child.pid)
        finally:
            await child.kill()

    assert meter.read()["busy"] > 0.1
    assert set(meter.read()) == {"busy"}
