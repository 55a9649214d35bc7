"""The images: what Docker would send to the build, and, where an engine runs, the images themselves."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").is_file())
PROGRAMS = [*SERVICES, "ops", "sandbox"]
HARDENED = ["--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"]


class Ignore:
    """.dockerignore as Docker 20.10 reads it: the last pattern that matches decides, and a folder that is left out is
    looked into only for an exception whose text begins with the folder's path."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._patterns = [line for line in lines if line and not line.startswith("#")]

    def leaves_out(self, path: str) -> bool:
        parts = path.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        out = False
        for pattern in self._patterns:
            if any(re.fullmatch(_expression(pattern.removeprefix("!")), one) for one in above):
                out = not pattern.startswith("!")
        return out

    def looks_into(self, folder: str) -> bool:
        return not self.leaves_out(folder) or any(one.startswith(f"!{folder}/") for one in self._patterns)

    def context(self, root: Path) -> Iterator[str]:
        """The files that are sent."""
        for top, folders, files in os.walk(root):
            at = Path(top).relative_to(root)
            folders[:] = [name for name in folders if self.looks_into((at / name).as_posix())]
            yield from (path for name in files if not self.leaves_out(path := (at / name).as_posix()))


def _expression(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(piece, re.escape(piece)) for piece in pieces)


def ignore() -> Ignore:
    return Ignore((ROOT / ".dockerignore").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sent() -> set[str]:
    return set(ignore().context(ROOT))


def test_everything_that_the_images_are_built_from_is_sent(sent):
    wanted = {
        path.relative_to(ROOT).as_posix()
        for part in ("libs", "services", "tools")
        for path in [*(ROOT / part).glob("*/pyproject.toml"), *(ROOT / part).glob("*/src/**/*.py")]
    }
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    locks = [f"deploy/{name}" for name in ("requirements.lock", "requirements-sandbox.lock")]
    wanted |= {path for path in [*copied, *locks] if not path.endswith("/") and "$" not in path}
    assert wanted <= sent


def test_nothing_else_is_sent(sent):
    strange = {
        path
        for path in sent
        if not re.match(r"(libs|services|tools)/\w+/|deploy/(healthcheck\.py|[\w-]+\.lock)$", path)
    }
    assert not strange
    assert not {path for path in sent if re.search(r"(^|/)(tests|__pycache__|\.\w[^/]*)/|\.env|\.egg-info", path)}


def test_the_exceptions_that_docker_20_10_does_not_find_are_not_found_here_either():
    """A check of this test: with wildcards in the exceptions libs/ is left out."""
    former = Ignore("*\n!libs/*/pyproject.toml\n!libs/*/src\n!deploy/*.lock\n")
    sent = set(former.context(ROOT))
    assert not {path for path in sent if path.startswith("libs/")}
    assert "deploy/requirements.lock" in sent


# With an engine ----------------------------------------------------------------------------------------------------


def docker(*arguments: str, seconds: float = 900) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=seconds, check=False, cwd=ROOT
    )


@pytest.fixture(scope="module")
def base() -> str:
    """The images' base where an engine has it or can pull it; otherwise the test is skipped."""
    if shutil.which("docker") is None:
        pytest.skip("no docker command: the images are not built")
    version = docker("version", "--format", "{{.Server.Version}}", seconds=60)
    if version.returncode != 0:
        pytest.skip(f"no Docker engine answers: {version.stderr.strip().splitlines()[-1:]}")
    found = re.search(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    if docker("image", "inspect", found[1]).returncode != 0 and docker("pull", "-q", found[1]).returncode != 0:
        pytest.skip(f"the Docker engine has no image {found[1]} and cannot pull it")
    return found[1]


def build(program: str, *, lock: str | None = None) -> subprocess.CompletedProcess[str]:
    lock = lock or ("requirements-sandbox.lock" if program == "sandbox" else "requirements.lock")
    arguments = ["build", "--network", "host", "-f", "deploy/Dockerfile", "--build-arg", f"SERVICE={program}"]
    arguments += ["--build-arg", f"LOCK={lock}", "-t", f"shopsync-test-{program or 'none'}", "."]
    return docker(*arguments, seconds=1800)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_image_is_built_and_runs_read_only_without_rights(base, program):
    done = build(program)
    assert done.returncode == 0, done.stderr[-3000:]
    shown = docker("run", "--rm", *HARDENED, f"shopsync-test-{program}", "--help")
    assert shown.returncode == 0, shown.stderr
    name = {"ops": "shopsync", "sandbox": "python -m shopsync_sandbox"}.get(program, f"python -m {program}")
    assert re.search(rf"^\s*usage: {name} \[", shown.stdout, re.IGNORECASE | re.MULTILINE), shown.stdout
    asked = "import os; print(os.getuid(), os.getgid(), os.getpid())"
    who = docker(
        "run", "--rm", *HARDENED, "--entrypoint", "/app/.venv/bin/python", f"shopsync-test-{program}", "-c", asked
    )
    assert who.stdout.split() == ["10001", "10001", "1"]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("program", "lock", "words"),
    [
        ("catalogue", None, f"SERVICE='catalogue' is none of: {' '.join(SERVICES)} ops sandbox"),
        ("", None, "SERVICE='' is none of"),
        ("sandbox", "requirements.lock", "LOCK=requirements-sandbox.lock"),
    ],
)
def test_a_wrong_argument_names_the_right_ones(base, program, lock, words):
    done = build(program, lock=lock)
    assert done.returncode != 0
    assert words in done.stdout + done.stderr


@pytest.mark.timeout(1200)
def test_a_stopped_container_ends_in_time_with_the_services_own_exit_code(base):
    """It is PID 1 and gets the signal itself, here while it waits for Kafka."""
    assert build("janitor").returncode == 0
    settings = ["-e", "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9", "-e", "SHOPSYNC_MONGO_URI=mongodb://127.0.0.1:9"]
    started = docker("run", "-d", *HARDENED, *settings, "shopsync-test-janitor")
    assert started.returncode == 0, started.stderr
    container = started.stdout.strip()
    try:
        for _ in range(600):
            if "waiting" in docker("logs", container).stdout:
                break
            time.sleep(0.2)
        assert docker("stop", "-t", "30", container).returncode == 0
        state = docker("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", container).stdout.split()
        assert state == ["0", "false"], docker("logs", container).stdout[-2000:]
    finally:
        docker("rm", "-f", container)
