"""The images themselves: built, run read-only without any right, and stopped in time."""

import re
from pathlib import Path

import pytest
from image_builds import HARDENED, build

from shopsync_testkit.polling import eventually

pytestmark = [pytest.mark.images, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").is_file())
PROGRAMS = [*SERVICES, "ops", "sandbox"]
ALONE = ["--network=none", *HARDENED]


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_image_is_built_and_runs_read_only_without_rights(docker, images, program):
    shown = docker.run("run", "--rm", *ALONE, images.of(program), "--help")
    assert shown.returncode == 0, shown.stderr
    name = {"ops": "shopsync", "sandbox": "python -m shopsync_sandbox"}.get(program, f"python -m {program}")
    assert re.search(rf"^\s*usage: {name} \[", shown.stdout, re.IGNORECASE | re.MULTILINE), shown.stdout
    asked = "import os; print(os.getuid(), os.getgid(), os.getpid())"
    python = ["--entrypoint", "/app/.venv/bin/python", images.of(program), "-c", asked]
    who = docker.run("run", "--rm", *ALONE, *python)
    assert who.stdout.split() == ["10001", "10001", "1"]


@pytest.mark.parametrize(
    ("program", "lock", "words"),
    [
        ("catalogue", None, f"SERVICE='catalogue' is none of: {' '.join(SERVICES)} ops sandbox"),
        ("", None, "SERVICE='' is none of"),
        ("sandbox", "requirements.lock", "LOCK=requirements-sandbox.lock"),
    ],
)
def test_a_wrong_argument_names_the_right_ones(docker, program, lock, words):
    done = build(docker, program, lock=lock)
    assert done.returncode != 0
    assert words in done.stdout + done.stderr


@pytest.mark.parametrize("program", SERVICES)
async def test_a_stopped_container_ends_in_time_with_the_services_own_exit_code(docker, images, program):
    """It is PID 1 and gets the signal itself, here while it waits for Kafka."""
    shops = ["-v", f"{ROOT}/deploy/sandbox:/config/shops:ro"]
    own = {
        "ingestor": [
            "INGESTOR_SHOPS_FILE=/config/shops",
            *(f"FUTURESHOP_DEMO_{one}=http://x" for one in ("URL", "CLIENT_ID", "CLIENT_SECRET")),
        ],
        "publisher": [
            "PUBLISHER_TIKTOK_APP_KEY=a",
            "PUBLISHER_TIKTOK_APP_SECRET=b",
            f"PUBLISHER_TOKEN_KEY={'A' * 43}=",
        ],
    }.get(program, [])
    given = ["SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9", "SHOPSYNC_MONGO_URI=mongodb://127.0.0.1:9", *own]
    settings = [word for one in given for word in ("-e", one)]
    started = docker.run("run", "-d", *ALONE, *shops, *settings, images.of(program))
    assert started.returncode == 0, started.stderr
    container = started.stdout.strip()
    try:
        await eventually(lambda: "waiting" in docker.run("logs", container).stdout, interval=0.2, what="its wait")
        assert docker.run("stop", "-t", "30", container).returncode == 0
        state = docker.run("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", container).stdout.split()
        assert state == ["0", "false"], docker.run("logs", container).stdout[-2000:]
    finally:
        docker.run("rm", "-f", container)
