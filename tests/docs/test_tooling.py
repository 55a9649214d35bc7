"""What checks a change calls the same commands everywhere, and everything bears one version."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MANIFESTS = sorted(path for part in ("libs", "services", "tools") for path in ROOT.glob(f"{part}/*/pyproject.toml"))
VERSIONED = ROOT / "libs" / "contracts" / "pyproject.toml"


def targets_of(*commands: str) -> list[str]:
    """The Makefile's targets that these command lines call, in their order."""
    calls = [
        words[1:] for command in commands for line in command.splitlines() if (words := line.split())[:1] == ["make"]
    ]
    return [word for words in calls for word in words if not word.startswith("-")]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def manifest(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_hosted_run_calls_what_the_gate_calls():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"].values()
    steps = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert targets_of(*steps) == targets_of(read(".ci/run")) == ["lint", "types", "imports", "test"]
    assert set(targets_of(*steps)) <= TARGETS


def test_every_hook_calls_a_target_that_exists_and_needs_no_network():
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        (target,) = targets_of(hook["entry"])
        assert target in TARGETS
        assert (hook["id"], hook["language"], hook["pass_filenames"]) == (target, "system", False)


def test_what_coverage_writes_is_ignored_by_git():
    settings = manifest(ROOT / "pyproject.toml")["tool"]["coverage"]
    for written in (settings["run"]["data_file"], settings["html"]["directory"]):
        assert f"{Path(written).parts[0]}/" in read(".gitignore").splitlines()


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_package_has_the_one_version(path):
    """It stands in libs/contracts, which every image copies; what is installed, and so `shopsync --version`, agrees."""
    one, project = manifest(VERSIONED)["project"]["version"], manifest(path)
    if path != VERSIONED:
        assert project["project"]["dynamic"] == ["version"]
        assert (path.parent / project["tool"]["hatch"]["version"]["path"]).resolve() == VERSIONED
    assert version(project["project"]["name"]) == one, "run: make install"
