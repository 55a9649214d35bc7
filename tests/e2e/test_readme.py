"""The lines for other systems and for operators do what their pages say, typed as they stand."""

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess, clean_environment

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PUBLISHING = ROOT / "docs" / "publishing.md"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed (Debian: apt-get install kcat)"),
]


def block(page: Path, name: str) -> str:
    """The shell block of a page behind `<!-- tested: name -->`."""
    found = re.search(rf"<!-- tested: {name} -->\n```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{page.name} has no block {name!r}"
    return found[1]


@pytest.fixture
async def catalog(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path):
    """Topics and a catalog service; returns what runs a block of a page against them."""
    settings = {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": mongo_database,
        "SHOPSYNC_TOPIC_PREFIX": topic_prefix,
    }
    environment = {**clean_environment(), **settings}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"

    async def run(script: str) -> str:
        """Run lines of a page: the broker's address and the prefix are this test's, the rest is untouched."""
        script = script.replace("localhost:9092", kafka_bootstrap).replace("-t shopsync.", f"-t {topic_prefix}.")
        process = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", script, env=environment, stdout=-1, stderr=-1
        )
        output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return output.decode()

    await run("shopsync topics apply")
    async with ServiceProcess("catalog", env=settings, folder=tmp_path):
        yield run


async def test_another_system_publishes_and_an_operator_looks(catalog):
    await catalog(block(PUBLISHING, "publish"))
    await catalog(
        'echo \'{"no": "event"}\' | kcat -b localhost:9092 -t shopsync.tool-edits.v1 -P -k demo/A-100'
        " -X topic.partitioner=murmur2_random"
    )

    async def seen():
        try:
            text = await catalog(block(README, "look"))
        except AssertionError:
            return None  # grep finds nothing before the first snapshot is out
        return text if 'sync_enabled":true' in text and "x-error" in text else None

    text = await eventually(seen, interval=0.3, what="the snapshot and the dead letter")

    newest = [line for line in text.splitlines() if line.startswith("demo/A-100 ")][-1]
    snapshot = json.loads(newest.removeprefix("demo/A-100 "))["data"]
    assert (snapshot["content"]["name"], snapshot["content"]["price"]) == ("リネンシャツ", 3850)
    assert snapshot["sync_enabled"] is True
    assert snapshot["status"] == "incomplete"
    assert '{"no": "event"}' in text
    assert "x-error-type=NotCloudEvent" in text
