"""The programs of examples/ as the user `other-systems` on a Kafka that grants nothing but what is declared."""

import asyncio
import sys
import uuid
from pathlib import Path

import pytest
import pytest_asyncio

from shopsync_testkit import npm
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.kafka import jars
from shopsync_testkit.processes import ServiceProcess, clean_environment

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PREFIX = "first"

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def environment(grant, mongo_uri, mongo_client, tmp_path_factory):
    """Topics with the declared rights, and a catalog as its own user. What a program of another system knows."""
    cluster = await grant(PREFIX)
    database = f"test_{uuid.uuid4().hex[:10]}"
    mongo = {"SHOPSYNC_MONGO_URI": mongo_uri, "SHOPSYNC_MONGO_DATABASE": database}
    catalog = {**cluster.as_user("catalog"), **mongo}
    async with ServiceProcess("catalog", env=catalog, folder=tmp_path_factory.mktemp("catalog")):
        yield {**clean_environment(), **cluster.as_user("other-systems")}
    await mongo_client.drop_database(database)


async def run(command, folder, environment):
    program = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=-1, stderr=-1)
    output, errors = await program.communicate()
    return program.returncode, output.decode(), errors.decode()


def command_of(name, folder):
    """How to run the program, and where. Raises Unavailable."""
    match name:
        case "first-event.mjs":
            return [npm.node(), name], npm.placed(EXAMPLES / "node", [name], folder)
        case "FirstEvent.java":
            java = [str(jars.compiling_java()), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # a short run
            return [*java, "-cp", f"{jars.libs()}/*", name], EXAMPLES / "java"
    return [sys.executable, name], EXAMPLES / "python"


@pytest.mark.parametrize(
    "name", ["confluent_first_event.py", "aiokafka_first_event.py", "first-event.mjs", "FirstEvent.java"]
)
async def test_another_system_logs_in_publishes_and_reads(environment, tmp_path, name):
    try:
        command, folder = await asyncio.to_thread(command_of, name, tmp_path)
    except Unavailable as missing:
        pytest.skip(f"{name} is not run: {missing}")
    code, output, errors = await run(command, folder, environment)
    assert code == 0, errors
    assert '"product_no"' in output


# librdkafka goes on trying, until its limit of a minute.
PATIENT = pytest.param("confluent_first_event.py", marks=pytest.mark.secured)


@pytest.mark.parametrize("name", [PATIENT, "aiokafka_first_event.py", "first-event.mjs"])
async def test_with_a_wrong_password_it_says_so_in_its_last_line_and_ends(environment, tmp_path, name):
    try:
        command, folder = await asyncio.to_thread(command_of, name, tmp_path)
    except Unavailable as missing:
        pytest.skip(f"{name} is not run: {missing}")
    code, _, errors = await run(command, folder, {**environment, "SHOPSYNC_KAFKA_PASSWORD": "wrong"})
    assert code == 1
    assert errors.splitlines()[-1].startswith("not published: ")
    assert "uthentication" in errors
    assert "Traceback" not in errors
    assert "Unclosed" not in errors
