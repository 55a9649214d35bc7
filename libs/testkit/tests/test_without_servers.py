"""Images install the test kit without its extra `servers`."""

import subprocess
import sys

SCRIPT = """
import asyncio, sys
for name in ("docker", "testcontainers", "noida_db", "fiftyone"):
    sys.modules[name] = None
import shopsync_testkit.up, shopsync_testkit.commands
from shopsync_testkit import kafka, mongo
from shopsync_testkit.backends import Unavailable
for start in (kafka.start_broker, mongo.start_server):
    try:
        asyncio.run(start("docker"))
    except Unavailable as error:
        print(error)
"""


def test_what_is_not_installed_is_only_missed_when_it_is_needed():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["the package testcontainers is not installed"] * 2
