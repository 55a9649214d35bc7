"""The images of this repository, each built at its first use, and how their containers are run."""

import subprocess
from dataclasses import dataclass, field

import pytest
from docker_engine import Engine

HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges:true")
"""As in docker-compose.yml."""

_BUILD_SECONDS = 1800


def build(docker: Engine, program: str, *, lock: str | None = None) -> subprocess.CompletedProcess[str]:
    """`docker build` of one program's image."""
    lock = lock or ("requirements-sandbox.lock" if program == "sandbox" else "requirements.lock")
    arguments = ["build", "--network", "host", "-f", "deploy/Dockerfile", "--build-arg", f"SERVICE={program}"]
    arguments += ["--build-arg", f"LOCK={lock}", "-t", f"shopsync-test-{program or 'none'}", "."]
    return docker.run(*arguments, seconds=_BUILD_SECONDS)


@dataclass
class Images:
    """Names of images that are there."""

    docker: Engine
    _built: set[str] = field(default_factory=set)

    def of(self, program: str) -> str:
        """The image of a program; the test fails with the build's output where it cannot be built."""
        if program not in self._built:
            done = build(self.docker, program)
            if done.returncode != 0:
                pytest.fail(f"docker build of {program}:\n{(done.stdout + done.stderr)[-3000:]}")
            self._built.add(program)
        return f"shopsync-test-{program}"
