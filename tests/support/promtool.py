"""Prometheus' own tool, built from its Go module once per machine, by `make test-observability`."""

import subprocess
from collections.abc import Callable

import pytest

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.go_programs import GoProgram, built

PROGRAM = GoProgram(
    "promtool",
    "github.com/prometheus/prometheus/cmd/promtool",
    "v0.316.0",
    # Without the clients of every cloud, which are for service discovery, it is built in a quarter of the time.
    flags=("-trimpath", "-ldflags=-s -w", "-tags=remove_all_sd"),
)


def promtool(*, may_build: bool = False) -> Callable[..., str]:
    """What runs promtool and returns what it prints. Skips the test where it is not built and may or can not be.

    It takes minutes to build, which a run of all tests has no time for.
    """
    if not PROGRAM.is_built and not may_build:
        pytest.skip(f"promtool {PROGRAM.version} is not built here: `make test-observability` does")
    try:
        binary = built(PROGRAM)
    except Unavailable as why:
        pytest.skip(str(why))

    def run(*arguments: str, given: str | None = None, fails: bool = False) -> str:
        done = subprocess.run([binary, *arguments], input=given, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run
