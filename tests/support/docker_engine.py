"""A Docker engine for the tests of the images: the one that answers, else one of this machine's packages."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from shopsync_testkit.cache import cache_folder, locked
from shopsync_testkit.children import Child, spawn

ROOT = Path(__file__).parents[2]
_START_SECONDS = 60
_RELEASE = "bookworm"  # the Debian of the Dockerfile's base, with the same Python
_PACKAGES = "ca-certificates,python3,python3-venv"
_HOME = Path("~root").expanduser()  # builds run as root, and read what root's files say
# What this machine says about package registries and certificates holds in its own builds too.
_MACHINE = (
    "/etc/pip.conf",
    f"{_HOME}/.config/pip/pip.conf",
    f"{_HOME}/.pip/pip.conf",
    f"{_HOME}/.config/uv/uv.toml",
    "/etc/uv/uv.toml",
)
_VARIABLES = (
    "PIP_INDEX_URL",
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_NATIVE_TLS",
)
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers at `host`, an address or empty for the client's own."""

    host: str

    def run(
        self, *arguments: str, seconds: float = 900, given: bytes | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`docker ARGUMENTS` in the repository's root."""
        done = subprocess.run(
            ["docker", *arguments],
            input=given,
            capture_output=True,
            timeout=seconds,
            check=False,
            cwd=ROOT,
            env={**os.environ, **({"DOCKER_HOST": self.host} if self.host else {})},
        )
        texts = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        return subprocess.CompletedProcess(done.args, done.returncode, *texts)

    def has(self, image: str) -> bool:
        """Whether the image is there."""
        return self.run("image", "inspect", image).returncode == 0


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine that answers now, or one that is started and stopped. Skips the test where there can be none."""
    if shutil.which("docker") is None:
        pytest.skip("no docker command")
    there = Engine("")
    if there.run("version", seconds=60).returncode == 0:
        yield there
        return
    daemon = shutil.which("dockerd")
    if daemon is None or os.geteuid() != 0:
        pytest.skip("no Docker engine answers, and there is no dockerd that this user could start")
    with tempfile.TemporaryDirectory(prefix="engine-") as folder, locked(cache_folder() / "docker.lock"):
        own, child = _start(daemon, Path(folder))
        try:
            _wait(own, child)
            yield own
        finally:
            _end(child)
            unmount(Path(folder))


def _start(daemon: str, folder: Path) -> tuple[Engine, Child]:
    socket = f"unix://{folder / 'docker.sock'}"
    command = [daemon, "--host", socket, "--data-root", str(cache_folder() / "docker")]
    command += ["--exec-root", str(folder / "exec"), "--pidfile", str(folder / "pid")]
    # No network of its own: builds and containers take the host's or none.
    command += ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    return Engine(socket), spawn("dockerd", command, log=folder / "dockerd.log")


def _wait(own: Engine, child: Child) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while own.run("version", seconds=30).returncode != 0:
        if child.exit_code is not None or time.monotonic() > deadline:
            pytest.skip(f"dockerd cannot be started here:\n{child.tail(8)}")
        time.sleep(0.2)


def _end(child: Child) -> None:
    asyncio.run(child.terminate(30))


def unmount(folder: Path) -> None:
    """What an engine, or a kubelet, has left mounted in a folder, the deepest first."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for path in sorted((one for one in mounts if one.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", path], capture_output=True, check=False)


def base_name() -> str:
    """The image that the Dockerfile builds on."""
    found = re.search(r"^ARG PYTHON=(\S+)$", (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise LookupError("deploy/Dockerfile has no ARG PYTHON")
    return found[1]


def base(own: Engine) -> str:
    """The Dockerfile's base: there, pulled, or made of Debian's packages under its name. Else the test is skipped."""
    name = base_name()
    if not own.has(name) and own.run("pull", "--quiet", name, seconds=120).returncode != 0:
        if shutil.which("debootstrap") is None or os.geteuid() != 0:
            pytest.skip(f"{name} cannot be pulled, and there is no debootstrap to make it: apt-get install debootstrap")
        make_base(own, name)
    return name


def make_base(own: Engine, name: str, packages: str = _PACKAGES) -> None:
    """An image of Debian's packages, with this machine's way to package registries."""
    with tempfile.TemporaryDirectory(prefix="base-", dir=cache_folder()) as folder:
        made = Path(folder) / "base"
        _sh(
            ["debootstrap", "--variant=minbase", f"--include={packages}", _RELEASE, str(made), *_mirror()], seconds=1800
        )
        (made / "usr/bin/python").symlink_to("python3")
        for path in [*_MACHINE, _CERTIFICATES]:
            if Path(path).is_file():
                (made / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, made / path.lstrip("/"))
        changes = [f"ENV {one}={os.environ[one]}" for one in _VARIABLES if os.environ.get(one)]
        archive = _sh(["tar", "-C", str(made), "-c", "."], seconds=300)
        options = [word for change in changes for word in ("--change", change)]
        done = own.run("import", *options, "-", name, given=archive, seconds=600)
        if done.returncode != 0:
            pytest.fail(f"docker import: {done.stderr}")


def _mirror() -> list[str]:
    """The mirror that this machine's apt asks; debootstrap has no settings of its own."""
    listed = [path for kind in ("*.sources", "*.list") for path in Path("/etc/apt/sources.list.d").glob(kind)]
    files = [path for path in (Path("/etc/apt/sources.list"), *sorted(listed)) if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    found = re.search(r"^(?:deb +(?:\[[^]]*\] +)?|URIs: *)(https?://\S+)", text, re.MULTILINE)
    return [found[1]] if found else []


def _sh(command: list[str], *, seconds: float) -> bytes:
    done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command[:3])} …: {(done.stdout + done.stderr)[-2000:].decode(errors='replace')}")
    return done.stdout
