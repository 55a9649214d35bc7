"""Back-off, failpoints, background tasks, health, logs."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from shopsync_runtime.background import BackgroundTask
from shopsync_runtime.backoff import LONGEST_DELAY, backoff_delay
from shopsync_runtime.errors import StartError
from shopsync_runtime.failpoints import parse_failpoints
from shopsync_runtime.health import Dependencies, Report, readiness
from shopsync_runtime.http_server import HttpServer
from shopsync_runtime.logs import configure_logging
from shopsync_runtime.mongo import hosts_of
from shopsync_testkit.polling import eventually


@given(attempt=st.integers(1, 10_000), jitter=st.floats(0, 1))
def test_the_wait_is_bounded_and_never_shorter_than_half_the_one_before(attempt, jitter):
    delay = backoff_delay(attempt, jitter=jitter)
    assert 0.25 <= delay <= LONGEST_DELAY
    assert backoff_delay(attempt + 1, jitter=jitter) >= delay


async def test_an_address_that_cannot_be_listened_on_names_the_variable_that_helps():
    first = HttpServer(Starlette(), host="127.0.0.1", port=0)
    port = await first.start()
    try:
        with pytest.raises(StartError, match=r"set SHOPSYNC_HTTP_PORT$"):
            await HttpServer(Starlette(), host="127.0.0.1", port=port).start()
        with pytest.raises(StartError, match=r"set SHOPSYNC_HTTP_HOST$"):
            await HttpServer(Starlette(), host="192.0.2.1", port=0).start()
    finally:
        await first.stop()


async def test_a_connection_that_is_kept_open_holds_up_no_stop():
    server = HttpServer(Starlette(), host="127.0.0.1", port=0)
    port = await server.start()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 404
        async with asyncio.timeout(60):
            await server.stop()


async def test_proxies_close_an_idle_connection_before_the_server_does():
    server = HttpServer(Starlette(), host="127.0.0.1", port=0)
    await server.start()
    try:
        assert server._server.config.timeout_keep_alive > 60
    finally:
        await server.stop()


@pytest.mark.parametrize("text", [None, ""])
def test_no_failpoint(text):
    assert parse_failpoints(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("after_commit", [("after_commit", 1, signal.SIGKILL)]),
        ("after_commit:3", [("after_commit", 3, signal.SIGKILL)]),
        ("after_commit:stop", [("after_commit", 1, signal.SIGSTOP)]),
        ("a:2:stop,b", [("a", 2, signal.SIGSTOP), ("b", 1, signal.SIGKILL)]),
    ],
)
def test_failpoints_with_counts_and_signals(text, expected):
    assert [(one.name, one.passages_left, one.send) for one in parse_failpoints(text)] == expected


@pytest.mark.parametrize("text", ["x:0", "x:-1", "x:many", "x:1:halt", "x:"])
def test_a_failpoint_count_must_be_positive(text):
    with pytest.raises(ValueError):
        parse_failpoints(text)


def test_the_process_dies_at_the_counted_passage():
    code = (
        "from shopsync_runtime.failpoints import failpoint\n"
        "for n in range(5):\n print(n, flush=True)\n failpoint('here')"
    )
    env = {**os.environ, "SHOPSYNC_FAILPOINT": "here:3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["0", "1", "2"]


def test_the_process_stands_still_at_a_point_and_goes_on():
    code = "from shopsync_runtime.failpoints import failpoint\nfailpoint('here')\nprint('went on', flush=True)"
    env = {**os.environ, "SHOPSYNC_FAILPOINT": "here:stop"}
    with subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        os.kill(process.pid, signal.SIGCONT)
        assert process.communicate(timeout=60)[0] == "went on\n"
        assert process.returncode == 0


async def test_a_background_task_is_restarted_until_it_is_done():
    attempts = []
    gate = asyncio.Event()

    async def run():
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError(f"attempt {len(attempts)}")
        await gate.wait()

    task = BackgroundTask("worker", run, delay=lambda _: 0.01)
    assert not task.healthy
    task.start()
    await eventually(lambda: len(attempts) == 3 and task.healthy)
    gate.set()
    await eventually(task._task.done)
    assert task.healthy, "done is not failed"
    await task.stop()


async def test_a_failing_background_task_says_why():
    async def run():
        raise ValueError("no work today")

    task = BackgroundTask("worker", run, delay=lambda _: 60)
    task.start()
    await eventually(lambda: task.failure)
    notes = {"shops file": "no longer readable"}
    report = readiness(
        state="running",
        dependencies=Dependencies(),
        subscriptions=[],
        background=[task],
        notes=notes,
        own={"spare": None, "key": "missing"},
    )
    assert report.checks == {
        "started": "ok",
        "mongo": "ok",
        "kafka": "ok",
        "producer": "ok",
        "background worker": "ValueError: no work today",
        "spare": "ok",
        "key": "missing",
    }
    assert not report.ok
    await task.stop()


def test_a_report_is_ok_when_every_check_is():
    assert Report({"a": "ok"}).ok
    assert not Report({"a": "ok", "b": "away"}).ok


def test_hosts_are_shown_without_credentials():
    assert hosts_of("mongodb://user:p%40ss@one:27017,two:27018/?replicaSet=rs0") == "one:27017,two:27018"
    assert hosts_of("mongodb+srv://user:pass@cluster.example/db") == "cluster.example"


@pytest.fixture
def _logging_restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {
        name: logging.getLogger(name).level for name in ("aiokafka", "faststream", "uvicorn", "asyncio", "pymongo")
    }
    yield
    root.handlers, root.level = handlers, level
    for name, kept in levels.items():
        logging.getLogger(name).setLevel(kept)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging_restored")
def test_libraries_log_json_too_and_tracebacks_show_no_locals(capsys):
    configure_logging("INFO", service="catalog")
    logging.getLogger("aiokafka.consumer").info("chatter")
    logging.getLogger("faststream.kafka").error("Kafka error occurred", extra={"topic": "t"})

    def log_in(password):
        raise ValueError(f"wrong length {len(password)}")

    try:
        log_in("hunt" + "er2")  # put together here: the traceback shows source lines
    except ValueError:
        structlog.get_logger("x").exception("it broke", shop_key="demo")
    captured = capsys.readouterr()
    library, own = [json.loads(line) for line in captured.out.splitlines()]
    assert (library["event"], library["topic"], library["level"]) == ("Kafka error occurred", "t", "error")
    assert (own["event"], own["shop_key"], own["service"]) == ("it broke", "demo", "catalog")
    assert "wrong length 7" in own["exception"]
    assert "hunter2" not in captured.out


@pytest.mark.usefixtures("_logging_restored")
@pytest.mark.parametrize("character", ["\n", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\ud800"], ids=ascii)
def test_a_control_character_in_a_number_is_written_out_in_the_log(character, capsys):
    """JSON itself leaves those above 0x7e alone; a lone surrogate cost the line."""
    configure_logging("INFO", service="catalog")
    number = f"A{character}B"
    structlog.get_logger("x").warning("refused", product_no=number)
    logging.getLogger("y").warning("refused %s", number)
    (own, library, last) = capsys.readouterr().out.split("\n")
    assert (character in own + library, last) == (False, "")
    assert json.loads(own)["product_no"] == number
    assert json.loads(library)["event"] == f"refused {number}"


async def test_a_background_task_that_loses_a_cancellation_is_stopped_all_the_same():
    lost = []

    async def stubborn():
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost.append(True)
                if len(lost) > 1:
                    raise

    task = BackgroundTask("stubborn", stubborn)
    task.start()
    await asyncio.sleep(0)

    async with asyncio.timeout(120):
        await task.stop()

    assert len(lost) == 2
