"""The services of an older commit, in an environment of their own that is made once per machine."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from shopsync_testkit.cache import cache_folder, locked
from shopsync_testkit.processes import ServiceProcess

ROOT = Path(__file__).parents[2]
OLDER = "cc92ddd9fa1b7db2298d94e0dd89f090784b8dbb"
"""The commit whose services stand for the former release: the last one before secured links, traces and the chart."""


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)


def tree_of(commit: str) -> Path:
    """The sources of a commit with their own environment, made once per machine. Skips when they cannot be had."""
    if git("cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
        pytest.skip(f"commit {commit[:12]} is not in this history: a shallow clone?")
    folder = cache_folder() / "upgrade" / commit[:12]
    folder.mkdir(parents=True, exist_ok=True)
    tree = folder / "tree"
    with locked(folder / "lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir()
            archive = folder / "sources.tar"
            assert git("archive", "-o", str(archive), commit).returncode == 0
            subprocess.run(["tar", "-xf", str(archive), "-C", str(tree)], check=True)
            tool = ROOT / ".cache" / "tools" / "bin" / "uv"
            uv = [] if shutil.which("uv") or not tool.exists() else [f"UV={tool}"]
            made = subprocess.run(
                ["make", "-s", "-C", str(tree), "install", *uv],
                capture_output=True, text=True, check=False, env={**os.environ, "MAKEFLAGS": ""},
            )  # fmt: skip
            if made.returncode != 0:
                pytest.skip(f"the older version cannot be installed: {made.stderr.strip()[-500:]}")
            (folder / "complete").touch()
    return tree


def replicas_of(
    services: Mapping[str, ServiceProcess], python: str, *, in_their_place: bool = False
) -> dict[str, ServiceProcess]:
    """One replica of the older version for each service, beside it or, on its port, in its place."""
    return {
        name: one.replica(
            f"{name}-older",
            python=python,
            env={"SHOPSYNC_INSTANCE_ID": f"{name}-1", "SHOPSYNC_UNKNOWN_VARIABLES": "warn"},
            http_port=one.http_port if in_their_place else None,
        )
        for name, one in services.items()
        if name != "console"  # younger than that version
    }
