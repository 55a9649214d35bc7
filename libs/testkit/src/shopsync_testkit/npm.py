"""Packages for Node as a committed lock pins them, installed once per machine. npm's settings say from where."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.cache import cache_folder, locked

_NPM_SECONDS = 300
_MANIFESTS = ("package.json", "package-lock.json")


def node() -> str:
    """The node of PATH. Raises Unavailable when there is none."""
    found = shutil.which("node")
    if found is None:
        raise Unavailable("there is no node; install Node.js 20 or newer")
    return found


def installed(project: Path) -> Path:
    """A folder outside the project with the packages that its `package-lock.json` pins (`node_modules`).

    npm installs them when they are not there yet. Raises Unavailable when there is no npm, or when it fails.
    """
    lock = b"".join((project / name).read_bytes() for name in _MANIFESTS)
    home = cache_folder() / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}"
    home.mkdir(exist_ok=True)
    with locked(home / "lock"):
        if not (home / "complete").exists():
            _install(project, home)
            (home / "complete").touch()
    return home


def placed(project: Path, names: Iterable[str], target: Path) -> Path:
    """`target` with these files of the project beside its packages, as after `npm ci` in it. Raises Unavailable."""
    packages = installed(project) / "node_modules"
    for name in (*_MANIFESTS, *names):
        shutil.copy(project / name, target / name)
    (target / "node_modules").symlink_to(packages)
    return target


def _install(project: Path, home: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable(f"the packages of {project.name} are not installed and there is no npm to fetch them")
    for name in _MANIFESTS:
        shutil.copy(project / name, home / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=home, capture_output=True, text=True, timeout=_NPM_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"npm did not install {project.name} within {_NPM_SECONDS} s") from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Unavailable(f"npm could not install {project.name} (code {done.returncode}):\n{tail}")
