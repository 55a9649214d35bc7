"""docker-compose.yml as Compose 2 reads it. Compose is built from its Go module; no engine is needed."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.go_programs import GoProgram, built

pytestmark = [pytest.mark.images, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
COMPOSE = GoProgram("docker-compose", "github.com/docker/compose/v2/cmd", "v2.40.3")
SERVICES = {"ingestor", "catalog", "publisher", "janitor", "console"}
SANDBOX = {"futureshop", "tiktok", "demo-shop"}


@pytest.fixture(scope="module")
def compose(tmp_path_factory):
    try:
        program = built(COMPOSE)
    except Unavailable as error:
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("home")

    def run(*arguments):
        return subprocess.run(
            [program, "--project-directory", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
        )

    return run


def test_the_file_is_taken_with_the_values_of_the_sandbox(compose):
    done = compose("--env-file", "sandbox.env", "--profile", "sandbox", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower(), done.stderr
    told = json.loads(done.stdout)["services"]
    assert told.keys() == yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"].keys()
    for name, service in told.items():
        if name not in {"kafka", "mongo"}:
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
    # A range of ports: the replicas of `--scale` take one each.
    for name in SERVICES:
        (port,) = told[name]["ports"]
        first, last = map(int, port["published"].split("-"))
        assert last - first >= 4, name
        assert told[name].get("container_name") is None


def test_the_sandbox_is_left_out_without_its_profile(compose, tmp_path):
    values = [
        line for line in (ROOT / "sandbox.env").read_text().splitlines() if not line.startswith("COMPOSE_PROFILES")
    ]
    (tmp_path / "env").write_text("\n".join(values))
    done = compose("--env-file", str(tmp_path / "env"), "config", "--services")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == SERVICES | {"kafka", "mongo", "mongo-users", "topics"}
    assert not set(done.stdout.split()) & SANDBOX


def test_a_value_that_is_missing_is_named(compose, tmp_path):
    (tmp_path / "env").write_text("MONGO_ROOT_PASSWORD=x\n")
    done = compose("--env-file", str(tmp_path / "env"), "config")
    assert done.returncode != 0
    assert "see .env.example" in done.stderr
