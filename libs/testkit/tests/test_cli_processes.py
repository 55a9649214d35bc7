"""Child processes and commands: they end with their parent, and say what is wrong."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import yaml
from pymongo import AsyncMongoClient

from shopsync_testkit import processes
from shopsync_testkit.children import StartFailed, spawn, tail
from shopsync_testkit.kafka.server import answers
from shopsync_testkit.nodes import ProcessNode, Program
from shopsync_testkit.polling import NeverHappened, eventually
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess, start_announced
from shopsync_testkit.scratch import FOLDER, new_folder

SERVICE = """
import http.server, json, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        self.send_response(200 if Handler.asked > 2 else 503); self.end_headers()
    def log_message(self, *_): pass
print(json.dumps({"event": "started", "colour": os.environ.get("COLOUR"), "leak": os.environ.get("SHOPSYNC_LEAK")}))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(("127.0.0.1", int(os.environ["SHOPSYNC_HTTP_PORT"])), Handler).serve_forever()
"""


def alive(pid):
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def command(*arguments):
    return [sys.executable, "-m", "shopsync_sandbox", *arguments]


@pytest.fixture
def service(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text(SERVICE)
    monkeypatch.setenv("SHOPSYNC_LEAK", "from the shell")
    return ServiceProcess("toy", env={"COLOUR": "red", "PYTHONPATH": str(tmp_path)}, folder=tmp_path)


async def test_a_service_is_started_crashed_and_started_again(service):
    async with service:
        first = service.child.pid
        await service.kill()
        assert not service.running
        await service.restart()
        assert service.child.pid != first
        assert await service.terminate() == 0
    assert service.log_lines() == [{"event": "started", "colour": "red", "leak": None}] * 2


async def test_a_start_is_waited_for_as_long_as_the_program_lives(tmp_path, monkeypatch):
    """It answers once five minutes have passed, by a clock of which each look takes two seconds."""
    passed, go = iter(range(0, 10_000, 2)), tmp_path / "go"

    def monotonic():
        seconds = next(passed)
        if seconds > 300:
            go.touch()
        return float(seconds)

    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=monotonic))
    script = f'while [ ! -e {go} ]; do sleep 0.01; done; echo \'{{"event": "ready"}}\'; exec sleep 600'
    child, facts = await start_announced("late", ["sh", "-c", script], log=tmp_path / "log")
    await child.kill()
    assert facts == {"event": "ready"}


async def test_a_service_that_ends_while_starting_is_reported_with_its_log(tmp_path):
    service = ServiceProcess("no_such_module", env={}, folder=tmp_path)
    with pytest.raises(StartFailed, match="No module named no_such_module"):
        await service.start()


def children_of(pid):
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
@pytest.mark.parametrize("part", ["kafka", "mongo"])
async def test_kill_9_of_the_parent_leaves_no_child(part, tmp_path):
    parent, _ = await start_announced(part, command(part), log=tmp_path / "log")
    (server,) = children_of(parent.pid)
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait(5)
    await eventually(lambda: not alive(server), what=f"the end of {part} {server}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_server_and_removes_its_data(number, tmp_path):
    (tmp_path / "tmp").mkdir()
    env = {**os.environ, FOLDER: str(tmp_path / "tmp"), "SHOPSYNC_KAFKA": "embedded"}
    parent, facts = await start_announced("kafka", command("kafka"), log=tmp_path / "log", env=env)
    assert facts["backend"] == "embedded"
    assert len(list((tmp_path / "tmp").glob("shopsync-sandbox-*"))) == 1
    parent.send(number)
    assert await parent.wait(10) == 0
    assert list((tmp_path / "tmp").glob("shopsync-sandbox-*")) == []


async def test_data_of_a_dead_process_is_removed_by_the_next(tmp_path):
    env = {**os.environ, FOLDER: str(tmp_path), "SHOPSYNC_KAFKA": "embedded"}
    first, _ = await start_announced("kafka", command("kafka"), log=tmp_path / "first.log", env=env)
    left = set(tmp_path.glob("shopsync-sandbox-*"))
    assert len(left) == 1
    await first.kill()
    assert set(tmp_path.glob("shopsync-sandbox-*")) == left
    second, _ = await start_announced("kafka", command("kafka"), log=tmp_path / "second.log", env=env)
    assert not left & set(tmp_path.glob("shopsync-sandbox-*"))
    assert await second.terminate(10) == 0


def test_the_command_says_what_is_wrong_in_one_line():
    done = subprocess.run(
        command("kafka", "--backend", "zookeeper"), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "SHOPSYNC_KAFKA='zookeeper' is not known; choose one of: external, docker, apache, embedded, auto\n"
    )


def read_yaml(path):
    return yaml.safe_load(Path(path).read_text())


async def test_up_runs_all_parts_with_an_environment_for_the_services(tmp_path):
    env = {**os.environ, "TMPDIR": str(tmp_path), FOLDER: str(tmp_path)}
    child, facts = await start_announced("up", command("up"), log=tmp_path / "log", env=env, seconds=60)
    try:
        settings = facts["environment"]
        shops = read_yaml(settings["INGESTOR_SHOPS_FILE"])
        assert set(shops["demo"]) == {"base_url", "client_id", "client_secret"}
        assert await answers(settings["SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"])
        async with AsyncMongoClient(settings["SHOPSYNC_MONGO_URI"]) as client:
            assert (await client.admin.command("ping"))["ok"] == 1
        async with httpx.AsyncClient(trust_env=False) as client:
            for url in (shops["demo"]["base_url"], settings["PUBLISHER_TIKTOK_API_URL"]):
                assert (await client.get(url)).status_code < 500
        parts = children_of(child.pid)
        assert len(parts) >= 2
    finally:
        assert await child.terminate(15) == 0
    assert not any(alive(part) for part in parts)
    assert list(tmp_path.glob("shopsync-sandbox-*")) == []


async def test_eventually_gives_the_value_and_reports_the_last_one():
    values = iter([0, 0, 7])
    assert await eventually(lambda: next(values)) == 7
    with pytest.raises(NeverHappened, match=r"a miracle did not happen within 0\.05 s; last: 0"):
        await eventually(lambda: 0, timeout=0.05, what="a miracle")
    with pytest.raises(NeverHappened, match="no answer yet"):
        await eventually(lambda: asyncio.sleep(30), timeout=0.05)


async def test_eventually_waits_out_assertions_but_no_other_error():
    seen = []

    async def check():
        seen.append(1)
        assert len(seen) > 2
        return True

    assert await eventually(check)
    with pytest.raises(ZeroDivisionError):
        await eventually(lambda: 1 / 0)


async def test_a_server_that_ends_while_starting_is_reported_with_its_log():
    async def never():
        return False

    command = ["sh", "-c", "echo out of cheese; exit 3"]
    node = ProcessNode(Program("the toy", command, new_folder("toy"), free_port()), never)
    with pytest.raises(StartFailed, match=r"the toy ended with code 3 while starting:\nout of cheese"):
        await node.start()
    await node.dispose()


def test_ports_are_reserved_among_processes():
    mine = {free_port() for _ in range(20)}
    assert len(mine) == 20
    script = "import sys, pathlib, shopsync_testkit.scratch as s; print(s.lock_file(pathlib.Path(sys.argv[1])))"
    path = Path(tempfile.gettempdir()) / "shopsync-ports" / str(mine.pop())
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "None\n"


async def test_the_tail_of_a_log_keeps_the_error_further_up(tmp_path):
    log = tmp_path / "log"
    child = spawn("echo", ["sh", "-c", "echo ERROR disk full; seq 100"], log=log)
    assert await child.wait(5) == 0
    assert tail(log, 2).splitlines() == ["ERROR disk full", "…", "99", "100"]
