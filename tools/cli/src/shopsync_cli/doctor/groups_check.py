"""Services: every consumer group has members, of one version, and stands where it can go on."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, warn
from shopsync_cli.kafka.group_offsets import members
from shopsync_cli.kafka.lag import GroupLag, read_lag
from shopsync_contracts.access import GROUPS
from shopsync_runtime.wording import counted


async def check(patient: Patient) -> Sequence[Finding]:
    """A line for each group that has no members or lost offsets."""
    cluster = patient.cluster
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    groups = [one for one in await read_lag(cluster, count_up_to=0) if one.expected]
    found = [finding for one in groups for finding in _group(one)]
    if found:
        return found
    return [ok("groups", f"all {len(groups)} groups have members; {sum(one.lag for one in groups)} offsets behind")]


def _group(one: GroupLag) -> list[Finding]:
    service = one.group.rpartition(".")[0].rpartition(".")[2]
    found = []
    if not one.members:
        found.append(fail(one.group, "no members: nobody reads for it", f"start the {service}"))
    if one.lost:
        text = f"retention removed {counted(one.lost, 'offset')} before they were read"
        found.append(warn(one.group, text, "shopsync import SHOP --mode changed-only, for each shop"))
    if one.ahead:
        text = f"{counted(one.ahead, 'offset')} ahead of the end: the topic was made again"
        found.append(fail(one.group, text, "see 'Read a topic again' in docs/operations.md"))
    return found


async def check_versions(patient: Patient) -> Sequence[Finding]:
    """The versions that running services tell in their names, against this command's."""
    cluster = patient.cluster
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    running: dict[str, set[str]] = {}
    async with cluster.admin() as admin:
        for one in GROUPS:
            holders = (await members(admin, one.full_name(cluster.prefix))).clients
            running.setdefault(one.service, set()).update(version_in(client, one.service) for client in holders)
    return versions({name: told for name, told in running.items() if told}, version("shopsync-cli"))


def version_in(client_id: str, service: str) -> str:
    """`0.1.0` of `shopsync.catalog-0.1.0`; a service of an earlier version tells none."""
    match = re.search(rf"\.{re.escape(service)}-(\d[^/]*)$", client_id)
    return match[1] if match else "unknown"


def versions(running: Mapping[str, set[str]], own: str) -> list[Finding]:
    """One line per service that does not run as this command's version alone."""
    if not running:
        return [warn("versions", f"no service runs; this command is {own}", "start the services")]
    found = []
    for service, told in sorted(running.items()):
        if told == {own}:
            continue
        both = " and ".join(sorted(told))
        do = "finish the update: docs/upgrade.md" if len(told) > 1 else "use the command of the services' version"
        found.append(warn(service, f"runs as {both}, this command is {own}", do))
    return found or [ok("versions", f"{', '.join(sorted(running))} run as {own}, like this command")]
