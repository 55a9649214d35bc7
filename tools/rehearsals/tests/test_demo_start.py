"""What the demo prints while it starts and while it is kept, and the lines that it suggests to try."""

import asyncio
import re
import shlex
from pathlib import Path

import pytest

from shopsync_accounts import Accounts
from shopsync_rehearsals.demo.hints import addresses
from shopsync_rehearsals.demo.keeping import look_after, pid_file, start_file
from shopsync_rehearsals.demo.merchant import Login, make_account
from shopsync_rehearsals.demo.stack import Stack
from shopsync_rehearsals.installation import Installation
from shopsync_rehearsals.reporting import reported
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


async def test_what_takes_long_is_reported_at_once_and_again():
    lines: list[str] = []
    over = asyncio.Event()
    working = asyncio.create_task(reported(lines.append, "starting Kafka", over.wait(), every=0.01))
    await eventually(lambda: len(lines) >= 3, what="the wait reported again")
    assert lines[0] == "starting Kafka …"
    assert re.fullmatch(r"starting Kafka … \d+ s so far", lines[1])
    over.set()
    assert await working is True
    assert re.fullmatch(r"starting Kafka: done in [\d.]+ s", lines[-1])


async def test_what_fails_is_raised():
    async def failing() -> None:
        raise RuntimeError("no Java")

    with pytest.raises(RuntimeError, match="no Java"):
        await reported(lambda _: None, "starting Kafka", failing())


def hint(tmp_path: Path) -> tuple[str, Stack]:
    environment = {"SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "SHOPSYNC_MONGO_URI": "mongodb://h/?a=b&c=d"}
    services = {name: ServiceProcess(name, env={}, folder=tmp_path) for name in ("publisher", "console")}
    installation = Installation("127.0.0.1:9092", "mongodb://h/")
    stack = Stack(installation, tmp_path, {"url": "http://f"}, {"url": "http://t"}, environment, services)
    return addresses(stack, Login("demo@example.jp", "a password")), stack


def test_the_exports_name_all_that_the_command_reads(tmp_path):
    text, stack = hint(tmp_path)
    exports = dict(re.findall(r"^  export (\w+)=(.*)$", text, re.MULTILINE))
    assert {name: shlex.split(value)[0] for name, value in exports.items()} == {
        **stack.environment,
        "SHOPSYNC_PUBLISHER_URL": stack.services["publisher"].url,
        "SHOPSYNC_CONSOLE_URL": stack.services["console"].url,
    }


def test_no_line_does_nothing_and_every_shopsync_line_is_a_command(tmp_path):
    text, _ = hint(tmp_path)
    assert "sed" not in text
    assert text.count(".venv/bin/shopsync") >= 4


def test_the_console_comes_first_with_its_account(tmp_path):
    text, stack = hint(tmp_path)
    line = next(one for one in text.splitlines() if stack.services["console"].url in one)
    assert line.split("   ") == [f"  {stack.services['console'].url}", "e-mail demo@example.jp", "password a password"]
    assert text.index(line) < text.index("MongoDB")


async def test_the_account_of_the_demo_is_good_for_a_log_in(mongo_uri, mongo_client, mongo_database):
    installation = Installation("", mongo_uri, database=mongo_database)
    first = await make_account(installation, "demo")
    second = await make_account(installation, "demo")
    assert first.password != second.password
    accounts = Accounts(mongo_client[mongo_database])
    assert await accounts.log_in(first.email, first.password) is None
    account = await accounts.log_in(second.email, second.password)
    assert account is not None
    assert account.shop_key == "demo"


async def test_a_service_that_dies_while_the_demo_is_kept_is_told_once(tmp_path):
    looks = 0

    class Looked(dict[str, ServiceProcess]):
        def items(self):
            nonlocal looks
            looks += 1
            return super().items()

    services = Looked(catalog=ServiceProcess("catalog", env={}, folder=tmp_path))
    await services["catalog"].start(wait=False)  # without settings it ends at once
    lines: list[str] = []
    stop = asyncio.Event()
    keeping = asyncio.create_task(look_after(services, tmp_path, stop, lines.append, every=0.01))
    await eventually(lambda: lines, what="the line")
    told_at = looks
    await eventually(lambda: looks > told_at + 2, what="further looks")
    stop.set()
    await keeping
    log = tmp_path / "catalog.log"
    again = f"`touch {tmp_path / 'catalog.start'}` starts it again, Ctrl-C ends the demo"
    assert lines == [f"catalog has ended with code 2, the rest goes on; its log: {log}; {again}"]


async def test_a_service_of_a_demo_that_is_kept_is_killed_and_started_by_the_lines_that_it_prints(
    tmp_path, monkeypatch
):
    (tmp_path / "kept_service.py").write_text("import time\ntime.sleep(600)\n")
    env = {"PYTHONPATH": str(tmp_path)}
    services = {"catalog": ServiceProcess("kept_service", env=env, folder=tmp_path, name="catalog")}
    await services["catalog"].start(wait=False)
    text, _ = hint(tmp_path)
    kill, start = re.findall(r"^  ((?:kill -9|touch) .*catalog.*)$", text, re.MULTILINE)
    lines: list[str] = []
    stop = asyncio.Event()
    keeping = asyncio.create_task(look_after(services, tmp_path, stop, lines.append, every=0.01))
    await eventually(pid_file(tmp_path, "catalog").exists, what="the file with its process id")
    first = services["catalog"].child.pid
    await (await asyncio.create_subprocess_shell(kill)).wait()
    await eventually(lambda: lines, what="the line about its end")
    await (await asyncio.create_subprocess_shell(start)).wait()
    await eventually(lambda: services["catalog"].running and len(lines) == 2, what="its start")
    second = services["catalog"].child.pid
    assert second != first
    assert lines[1] == f"catalog runs as process {second}"
    assert pid_file(tmp_path, "catalog").read_text() == f"{second}\n"
    assert not start_file(tmp_path, "catalog").exists()
    stop.set()
    await keeping
    await services["catalog"].kill()
