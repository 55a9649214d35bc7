"""Programs in Go, built from their modules once per machine. Go's own configuration says from where.

`go install PACKAGE@VERSION` refuses a module whose go.mod replaces or excludes other modules, as those of Prometheus
and Kubernetes do. So each program is built in a module of its own, which says what is replaced.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.cache import cache_folder, locked

_BUILD_SECONDS = 1800  # minutes on two cores that others use as well
_SHOWN_LINES = 15


@dataclass(frozen=True)
class GoProgram:
    """A program at a version. The same values always give the same binary.

    `package`: the main package, or with `main` (the source of a `main.go`) the package that it imports. `replaced`:
    pairs of a module and what takes its place, `("k8s.io/api", "k8s.io/api@v0.34.4")`. `flags`: of `go build`.
    """

    name: str
    package: str
    version: str
    main: str = ""
    replaced: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ("-trimpath", "-ldflags=-s -w")

    @property
    def home(self) -> Path:
        """The folder in the cache that the binary is in: of this program, this version and these values only."""
        digest = hashlib.sha256(repr(self).encode()).hexdigest()[:10]
        return cache_folder() / "go" / f"{self.name}-{self.version}-{digest}"

    @property
    def is_built(self) -> bool:
        """Whether it is in the cache already."""
        return (self.home / self.name).is_file()


def built(program: GoProgram) -> Path:
    """The program's binary. Built when it is not there yet, which may take minutes.

    Several processes may call it at the same time. Raises Unavailable when the binary is missing and Go is too, or when
    Go fails.
    """
    target = program.home / program.name
    if program.is_built:
        return target
    go = shutil.which("go")
    if go is None:
        raise Unavailable(f"{program.name} {program.version} is not in {target.parent} and there is no go to build it")
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.parent / "lock"):
        if not program.is_built:
            _build(go, program, target)
    return target


def _build(go: str, program: GoProgram, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as work:
        module, binary = Path(work) / "module", Path(work) / program.name
        module.mkdir()
        if program.main:
            (module / "main.go").write_text(program.main, encoding="utf-8")
        for arguments in _steps(program, binary):
            _run([go, *arguments], program, module)
        binary.rename(target)


def _steps(program: GoProgram, binary: Path) -> list[list[str]]:
    """The arguments of each call of Go."""
    replaced = [f"-replace={module}={other}" for module, other in program.replaced]
    return [
        ["mod", "init", f"shopsync.invalid/{program.name}"],
        *([["mod", "edit", *replaced]] if replaced else []),
        ["get", f"{program.package}@{program.version}"],
        ["build", "-mod=mod", *program.flags, "-o", str(binary), "." if program.main else program.package],
    ]


def _run(command: Sequence[str], program: GoProgram, folder: Path) -> None:
    # Another version of Go would be downloaded otherwise, where the module asks for one. No workspace of the caller's.
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"go did not build {program.name} within {_BUILD_SECONDS} s") from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_SHOWN_LINES:])
        raise Unavailable(f"go could not build {program.name} {program.version} (code {done.returncode}):\n{tail}")
