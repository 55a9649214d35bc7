"""The ingestor as a process: wrong settings are one line."""

import asyncio
import sys

import pytest

from shopsync_testkit.processes import clean_environment

COMMON = {
    "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    "SHOPSYNC_MONGO_URI": "mongodb://127.0.0.1:9",
}


async def last_words(env):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ingestor",
        env={**clean_environment(), **COMMON, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
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
    for given in (path, tmp_path):
        code, err = await last_words({"INGESTOR_SHOPS_FILE": str(given)})
        assert (code, err.count("\n")) == (2, 1)
        assert "INGESTOR_SHOPS_FILE" in err
        assert words in err


async def test_a_missing_shops_file_setting_is_named():
    code, err = await last_words({})
    assert code == 2
    assert "INGESTOR_SHOPS_FILE is not set" in err


async def test_a_variable_that_the_shops_file_names_is_no_mistake_and_a_misspelt_one_is(tmp_path):
    path = tmp_path / "shops.yaml"
    path.write_text(
        "demo:\n  base_url: http://127.0.0.1:1\n  client_id: me\n  client_secret: ${INGESTOR_DEMO_SECRET}\n"
    )
    known = {"INGESTOR_SHOPS_FILE": str(path), "INGESTOR_DEMO_SECRET": "s3cret", "SHOPSYNC_START_TIMEOUT": "1s"}
    code, err = await last_words({**known, "INGESTOR_REQUEST_PER_SECOND": "3"})
    assert code == 2
    assert "INGESTOR_REQUEST_PER_SECOND is not read by anything; did you mean INGESTOR_REQUESTS_PER_SECOND?" in err
    assert "INGESTOR_DEMO_SECRET" not in err
    code, err = await last_words({**known, "SHOPSYNC_HTTP_PORT": "0"})
    assert (code, "cannot be reached" in err) == (1, True), "it came as far as Kafka"
