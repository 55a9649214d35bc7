"""Redirected output: readers that leave early, full disks, and encodings that lack characters.

Known from other command lines: a listing piped into `head` ends with a stack trace or a failure, and on a Japanese
Windows (cp932) redirected output ends with UnicodeEncodeError.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shopsync_contracts.topics import REPORTS
from shopsync_testkit.polling import eventually

COMMAND = str(Path(sys.executable).with_name("shopsync"))


def environment(**more: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith("SHOPSYNC_")}, **more}


def ended(args: list[str], **more: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([COMMAND, *args], capture_output=True, env=environment(**more), check=False, timeout=120)


def without_reader(args: list[str]) -> tuple[int, bytes]:
    """Exit code and stderr of a command whose reader is gone before it writes."""
    outer, inner = os.pipe()
    os.close(outer)
    with subprocess.Popen([COMMAND, *args], stdout=inner, stderr=subprocess.PIPE, env=environment()) as running:
        os.close(inner)
        _, err = running.communicate(timeout=120)
        return running.returncode, err


@pytest.mark.parametrize(
    "args",
    [
        ["topics", "list"],
        ["topics", "list", "--json"],
        ["events", "types"],
        ["--help"],
        ["--version"],
        ["events", "example", "product.snapshot"],
    ],
)
async def test_a_reader_that_leaves_early_is_no_failure(args):
    assert await asyncio.to_thread(without_reader, args) == (0, b"")


@pytest.mark.parametrize("args", [["topics", "list"], ["topics", "list", "--json"], ["--help"], ["events", "types"]])
async def test_output_that_cannot_be_written_is_one_line(args):
    def on_a_full_disk() -> subprocess.CompletedProcess[bytes]:
        with Path("/dev/full").open("wb") as full:
            return subprocess.run(
                [COMMAND, *args], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False, timeout=120
            )

    done = await asyncio.to_thread(on_a_full_disk)
    assert (done.returncode, done.stderr) == (1, b"shopsync: cannot write the output: No space left on device\n")


async def test_a_refusal_is_told_by_the_exit_code_though_nobody_reads(kafka_bootstrap, topic_prefix):
    args = ["--kafka", kafka_bootstrap, "--prefix", topic_prefix, "topics", "check", "--json"]
    code, _ = await asyncio.to_thread(without_reader, args)
    assert code == 1


async def test_tail_ends_when_nobody_reads_any_more(bus):
    for number in range(3):
        await bus.send(REPORTS, b"{}", key=f"demo-{number}".encode())
    running = await asyncio.create_subprocess_exec(
        COMMAND, *bus.options, "tail", "reports", "--from-beginning", stdout=subprocess.PIPE, env=environment()
    )
    stdout: Any = running.stdout
    assert b"demo-" in await stdout.readline()
    stdout._transport.close()

    async def has_ended() -> bool:
        await bus.send(REPORTS, b"{}", key=b"later")
        return running.returncode is not None

    await eventually(has_ended, what="the end of the command", interval=0.2)
    assert running.returncode == 0


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize(
    "args", [["--help"], ["lag", "--help"], ["products", "--help"], ["events", "types"], ["topics", "list"]]
)
async def test_no_encoding_ends_a_command(encoding, args):
    done = await asyncio.to_thread(ended, args, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"Unicode" not in done.stderr
    assert done.stdout


@pytest.mark.parametrize("encoding", ["cp932", "ascii", "utf-8"])
async def test_json_is_json_in_every_encoding(encoding, tool):
    """Also with a character outside of the basic plane, which a replacement would break."""
    await tool.shop("demo")
    await tool.imported("A-1", name="シャツ 😀 – 𠮷")
    done = await asyncio.to_thread(ended, [*tool.where, "products", "--json"], PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode(encoding))["products"][0]["name"] == "シャツ 😀 – 𠮷"
    assert (await asyncio.to_thread(ended, [*tool.where, "products"], PYTHONIOENCODING=encoding)).returncode == 0


async def test_an_error_with_japanese_is_told_in_every_encoding(tool):
    await tool.shop("demo")
    args = [*tool.where, "product", "show", "demo/靴下–1"]
    done = await asyncio.to_thread(ended, args, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)
