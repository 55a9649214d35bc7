"""Child programs that never outlive this process."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# an error as Kafka, mongod ("s":"E"), noida-db and our services log it
_ERROR = re.compile(r'\b(?:ERROR|FATAL)\b|"s":"[EF]"|^error\b|"level": ?"(?:error|critical)"')
START_SECONDS = 600.0
"""A start is waited for while the program lives, ten minutes at most: Java alone takes one on a busy machine."""
_LAUNCHER = Path(__file__).with_name("_launch.py")

# Linux sends the parent-death signal when the *thread* that forked ends, so all forks happen on one thread that lives
# as long as this process.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawn")


class StartFailed(RuntimeError):
    """A program ended, or did not become ready in time. The text ends with the tail of its log."""


class Child:
    """A running program in a session of its own (Ctrl-C does not reach it), with its output in `log`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal number when a signal ended it."""
        return self._process.poll()

    async def wait(self, seconds: float) -> int | None:
        """The exit code, or None when it still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        # polled: waitpid by thread or SIGCHLD would tie the child to one event loop
        while (code := self.exit_code) is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return code

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program and everything it started. Does nothing when it has ended."""
        if self.exit_code is None:
            os.killpg(self.pid, number)

    async def terminate(self, grace: float) -> int:
        """SIGTERM, and SIGKILL when it has not ended after `grace` seconds. Returns the exit code."""
        self.send(signal.SIGTERM)
        code = await self.wait(grace)
        return await self.kill() if code is None else code

    async def kill(self) -> int:
        """SIGKILL, and wait until it is gone. Returns the exit code."""
        self.send(signal.SIGKILL)
        code = await self.wait(10)
        if code is None:
            raise RuntimeError(f"{self.name} (pid {self.pid}) survives SIGKILL: it hangs in the kernel")
        return code

    def tail(self, lines: int = 20) -> str:
        """The last lines it printed."""
        return tail(self.log, lines)


def spawn(
    name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Child:
    """Start a program whose output is appended to `log`. On Linux it dies with this process, even by SIGKILL."""
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), *command]

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the command is ours
                launcher,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    return Child(name, _SPAWNER.submit(start).result(), log)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file, after the last errors further up."""
    try:
        text = log.read_bytes()[-256_000:].decode(errors="replace").strip()
    except FileNotFoundError:
        return "(no output)"
    every = [line[:600] for line in text.splitlines()]
    last = every[-lines:]
    errors = [line for line in every[:-lines] if _ERROR.search(line)][-5:]
    return "\n".join([*errors, *(["…"] if errors else []), *last]) or "(no output)"
