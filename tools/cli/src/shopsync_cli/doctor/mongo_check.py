"""MongoDB: whether it answers as a replica set that takes writes of a majority."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, warn
from shopsync_cli.mongo.database import connected
from shopsync_runtime.mongo import hosts_of
from shopsync_runtime.wording import counted

OLDEST = (4, 4)
"""The first MongoDB with `$unionWith`, which a push reads with."""
_USUAL_MEMBERS = 3
_BEHIND = timedelta(seconds=10)


async def check(patient: Patient) -> Sequence[Finding]:
    """Reachable, a replica set with a primary, new enough, its majority not behind."""
    settings = patient.mongo
    assert settings is not None  # noqa: S101 - the runner skips the check otherwise
    async with connected(settings, may_be_empty=True) as database:
        hello = await database.client.admin.command("hello")
        build = await database.client.admin.command("buildInfo")
    return judge(hello, str(build["version"]), hosts_of(settings.mongo_uri.get_secret_value()))


def judge(hello: Mapping[str, Any], version: str, hosts: str) -> list[Finding]:
    """From MongoDB's own answers."""
    is_sharded = hello.get("msg") == "isdbgrid"
    if not hello.get("setName") and not is_sharded:
        text = "no replica set: writes cannot be acknowledged by a majority"
        return [fail(hosts, text, "shopsync mongo apply-users FILE --initiate HOST:PORT, as an administrator")]
    found = []
    if not hello.get("isWritablePrimary") and not hello.get("primary"):
        found.append(fail(hosts, "the replica set has no primary", "start enough members that a majority is there"))
    elif not hello.get("isWritablePrimary"):
        text = f"this member takes no writes, the primary is {hello['primary']}"
        found.append(warn(hosts, text, "name all members and replicaSet=… in SHOPSYNC_MONGO_URI, no directConnection"))
    members = len(hello.get("hosts") or ())
    if not is_sharded and members < _USUAL_MEMBERS:
        found.append(warn(hosts, f"{counted(members, 'member')}: a lost disk loses the state", "run three members"))
    if _numbers(version) < OLDEST:
        found.append(fail("version", f"MongoDB {version} is too old", f"{'.'.join(map(str, OLDEST))} or newer"))
    if (late := _majority_behind(hello)) > _BEHIND:
        text = f"the majority is {late.total_seconds():.0f} s behind the primary: writes wait for it"
        found.append(fail("majority", text, "look at the members that are behind: rs.status()"))
    return found or [
        ok(hosts, f"MongoDB {version}, {hello.get('setName') or 'sharded'} of {counted(members, 'member')}")
    ]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def _majority_behind(hello: Mapping[str, Any]) -> timedelta:
    last = hello.get("lastWrite") or {}
    written, agreed = last.get("lastWriteDate"), last.get("majorityWriteDate")
    if not isinstance(written, datetime) or not isinstance(agreed, datetime):
        return timedelta(0)
    return written - agreed
