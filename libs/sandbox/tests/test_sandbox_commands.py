import socket
import subprocess
import sys
from importlib.metadata import version

import pytest


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shopsync_sandbox", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("command", ["futureshop", "tiktok"])
def test_a_port_that_is_taken_is_one_line(command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ended(command, "--port", str(port))
    assert (done.returncode, done.stderr) == (1, f"cannot listen on 127.0.0.1:{port}: Address already in use\n")


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("futureshop", "--port", "70000"),
        ("tiktok", "--port", "70000"),
        ("tiktok", "--requests-per-second", "-1"),
        ("tiktok", "--burst", "0"),
        ("tiktok", "--latency", "-1"),
    ],
)
def test_a_number_out_of_bounds_is_refused_with_its_option(command, option, value):
    done = ended(command, option, value)
    assert (done.returncode, option in done.stderr) == (2, True)


def test_the_version_is_the_one_of_shopsync():
    done = ended("--version")
    assert (done.returncode, done.stdout) == (0, f"shopsync_sandbox {version('shopsync-cli')}\n")


def test_the_help_page_keeps_servers_and_rehearsals_apart():
    shown = ended("--help").stdout
    assert "--version" in shown
    places = [shown.index(f" {words} ") for words in ("Servers, until Ctrl-C", "up", "mongo", "Rehearsals,", "demo")]
    assert places == sorted(places)
