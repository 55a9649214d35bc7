"""The ingestor as a process: wrong settings are one line."""

import asyncio
import sys

import pytest

from shopsync_sandbox.processes import clean_environment

COMMON = {
    "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    "SHOPSYNC_MONGO_URI": "mongodb://127.0.0.1:9",
}


async def last_words(env):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingestor", env={**clean_environment(), **COMMON, **env},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, err.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "shops.yaml: cannot be read: No such file or directory"),
        ("demo:\n  base_url: http://127.0.0.1:1\n  client_id: me\n", "shop 'demo': client_secret: is missing"),
    ],
)
async def test_a_wrong_shops_file_stops_the_start_with_one_line(tmp_path, content, words):
    path = tmp_path / "shops.yaml"
    if content is not None:
        path.write_text(content)
    code, err = await last_words({"INGESTOR_SHOPS_FILE": str(path)})
    assert (code, err.count("\n")) == (2, 1)
    assert "INGESTOR_SHOPS_FILE" in err
    assert words in err


async def test_a_missing_shops_file_setting_is_named():
    code, err = await last_words({})
    assert code == 2
    assert "INGESTOR_SHOPS_FILE is not set" in err
