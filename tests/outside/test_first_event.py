"""The programs of examples/ publish a product and read its snapshot, each in its language, as their page says."""

import asyncio
import contextlib
import json
import re
import shutil
import sys
import uuid
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient

from shopsync_testkit import maven, npm
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.cache import cache_folder
from shopsync_testkit.kafka import jars
from shopsync_testkit.processes import ServiceProcess, clean_environment

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.e2e


def commands(name):
    """The lines of the page's shell block behind `<!-- tested: name -->`."""
    found = re.search(rf"<!-- tested: {re.escape(name)} -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"publishing.md has no block {name!r}"
    return found[1].splitlines()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def environment(kafka_bootstrap, mongo_uri, mongo_client, tmp_path_factory):
    """Topics and a running catalog, once for all programs. What the programs need to know."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    settings = {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "SHOPSYNC_TOPIC_PREFIX": prefix,
    }
    mongo = {"SHOPSYNC_MONGO_URI": mongo_uri, "SHOPSYNC_MONGO_DATABASE": f"test_{prefix}"}
    everything = {**clean_environment(), **settings}
    shopsync = Path(sys.executable).parent / "shopsync"
    applied = await asyncio.create_subprocess_exec(shopsync, "topics", "apply", env=everything)
    assert await applied.wait() == 0
    async with ServiceProcess("catalog", env={**settings, **mongo}, folder=tmp_path_factory.mktemp("catalog")):
        yield everything
    await mongo_client.drop_database(mongo["SHOPSYNC_MONGO_DATABASE"])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    async with contextlib.AsyncExitStack() as stack:
        await admin.start()
        stack.push_async_callback(admin.close)
        await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(prefix)])


async def run(command, folder, environment):
    """What the program prints, as JSON."""
    program = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=-1, stderr=-1)
    output, errors = await program.communicate()
    assert program.returncode == 0, errors.decode()
    return json.loads(output)


def check(snapshot):
    assert (snapshot["shop_key"], snapshot["product_no"]) == ("demo", "A-100")
    assert snapshot["content"]["name"] == "リネンシャツ"
    assert snapshot["content"]["price"] == 3850
    assert snapshot["skus"][0]["stock"] == 10


@pytest.mark.parametrize("program", ["confluent_first_event.py", "aiokafka_first_event.py"])
async def test_python(environment, program):
    entered, install, *lines = commands("first event in Python")
    assert (entered, install) == ("cd examples/python", "pip install -r requirements.txt")
    assert f"python {program}" in [line.partition("#")[0].strip() for line in lines]
    check(await run([sys.executable, program], EXAMPLES / "python", environment))


def test_the_programs_in_python_are_run_with_the_versions_that_they_pin():
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for line in (EXAMPLES / "python" / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, _, version = line.partition("==")
            pinned = f"{name.partition('[')[0]}=={version}"
            assert re.search(rf"^{re.escape(pinned)} ", locked, re.MULTILINE)


async def test_node(environment, tmp_path):
    entered, install, line = commands("first event in Node")
    assert (entered, install) == ("cd examples/node", "npm ci")
    program, file = line.split()
    assert program == "node"
    try:
        node, folder = npm.node(), await asyncio.to_thread(npm.placed, EXAMPLES / "node", [file], tmp_path)
    except Unavailable as missing:
        pytest.skip(f"not run in Node: {missing}")
    check(await run([node, file], folder, environment))


async def test_java(environment, tmp_path):
    entered, install, line = commands("first event in Java")
    assert (entered, install) == ("cd examples/java", "mvn -q dependency:copy-dependencies")
    program, option, path, file = line.split()
    assert (program, option, path) == ("java", "-cp", "'target/dependency/*'")
    try:
        java, libs = jars.compiling_java(), await asyncio.to_thread(java_packages)
    except Unavailable as missing:
        pytest.skip(f"not run in Java: {missing}")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "dependency").symlink_to(libs)
    shutil.copy(EXAMPLES / "java" / file, tmp_path)
    quick = {**environment, "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}  # a short run
    check(await run([str(java), option, path.strip("'"), file], tmp_path, quick))


def java_packages():
    """The folder with the jars that the pom names."""
    pom = (EXAMPLES / "java" / "pom.xml").read_text(encoding="utf-8")
    found = re.findall(
        r"<dependency><groupId>(.+?)</groupId><artifactId>(.+?)</artifactId><version>(.+?)</version>", pom
    )
    names = [":".join(one) for one in found]
    versions = "_".join(version for _, _, version in found)
    return maven.fetched("the example", names, cache_folder() / f"first-event_{versions}")


def test_every_program_is_on_the_page():
    programs = {path.name for path in EXAMPLES.glob("*/*") if path.suffix in (".py", ".mjs", ".java")}
    assert {name for name in programs if name not in PAGE} == set()
    assert len(programs) == 4
