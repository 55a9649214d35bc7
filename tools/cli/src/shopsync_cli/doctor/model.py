"""What a check is and what it finds."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from shopsync_cli.errors import WrongCall
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.settings import MongoSettings


class Verdict(StrEnum):
    """How a check ended. Only `fail` makes the exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. `what`: the thing that was looked at; `do`: what helps, a command where there is one."""

    what: str
    verdict: Verdict
    text: str
    do: str = ""


def ok(what: str, text: str) -> Finding:
    """All is well."""
    return Finding(what, Verdict.OK, text)


def warn(what: str, text: str, do: str = "") -> Finding:
    """It works, and somebody should look."""
    return Finding(what, Verdict.WARN, text, do)


def fail(what: str, text: str, do: str = "") -> Finding:
    """It does not work."""
    return Finding(what, Verdict.FAIL, text, do)


def skipped(what: str, because: str, do: str = "") -> Finding:
    """It was not looked at."""
    return Finding(what, Verdict.SKIPPED, because, do)


@dataclass(frozen=True, slots=True)
class Patient:
    """The installation that is looked at: what options and environment name of it.

    `no_kafka`, `no_mongo`: why there is no cluster or database. `replication`: copies of each partition, None: three,
    or as many as there are brokers. `services`: HTTP addresses of running services. `writes`: one empty record may be
    written, to read the broker's clock. `seconds`: how long one check may take.
    """

    cluster: Cluster | None = None
    no_kafka: WrongCall | None = None
    mongo: MongoSettings | None = None
    no_mongo: WrongCall | None = None
    replication: int | None = None
    roles: Path | None = None
    shops_file: Path | None = None
    shops: tuple[str, ...] = ()
    publisher: str | None = None
    services: tuple[str, ...] = ()
    writes: bool = False
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `needs`: what has to be named for it."""

    name: str
    group: str
    run: Callable[[Patient], Awaitable[Sequence[Finding]]]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """A check and what it found."""

    check: str
    group: str
    findings: tuple[Finding, ...]

    def documents(self) -> list[dict[str, Any]]:
        """For JSON."""
        return [{"check": self.check, "group": self.group, **asdict(one)} for one in self.findings]
