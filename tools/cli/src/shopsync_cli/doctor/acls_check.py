"""ACLs: what Kafka's authorizer lets this user do, and with an administrator's rights everybody."""

from collections.abc import Callable, Sequence

from aiokafka.errors import KafkaError

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, skipped, warn
from shopsync_cli.kafka.acls import NAMED_ALIKE, AclsReport, Binding, NoAccessControl, NotAllowed, compare, read_acls
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.group_offsets import members
from shopsync_contracts import TOPICS
from shopsync_contracts.access import GROUPS
from shopsync_runtime.wording import counted

_SHOWN = 3


async def check(patient: Patient) -> Sequence[Finding]:
    """As an administrator the rules against the declared ones; else what this user is let see."""
    cluster = patient.cluster
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    try:
        async with cluster.admin() as admin:
            found = await read_acls(admin)
    except NoAccessControl:
        text = "Kafka has no authorizer: whoever reaches it may read and write everything"
        return [warn("acls", text, "authorizer.class.name of the brokers, then shopsync topics apply --acls")]
    except NotAllowed:
        return await _own(cluster)
    return judge(found, cluster.prefix)


def judge(found: set[Binding], prefix: str) -> list[Finding]:
    """The rules of the cluster against the declared ones."""
    report = compare(found, prefix, NAMED_ALIKE)
    if not report.there:
        text = "no declared user has a right here; the users may have other names"
        return [skipped("acls", text, "shopsync topics check --acls --principal NAME=PRINCIPAL")]
    findings = [
        *_lines("missing", report.missing, fail, "shopsync topics apply --acls"),
        *_lines("taken away by a rule", report.denied, fail, "remove it with kafka-acls.sh --remove --deny-principal"),
        *_lines("more than declared", report.more, warn, "shopsync topics apply --acls --prune-acls"),
        *_lines("reaching beyond this environment", report.wider, warn, "kafka-acls.sh --remove"),
        *_lines("for users that are not declared", report.others, warn, "kafka-acls.sh --remove, unless they belong"),
    ]
    return findings or [ok("acls", _words(report))]


def _lines(what: str, some: Sequence[Binding], finding: Callable[[str, str, str], Finding], do: str) -> list[Finding]:
    if not some:
        return []
    shown = "; ".join(map(str, some[:_SHOWN])) + ("; …" if len(some) > _SHOWN else "")
    return [finding("acls", f"{counted(len(some), 'rule')} {what}: {shown}", do)]


def _words(report: AclsReport) -> str:
    return f"the declared users may do what is declared and nothing else ({counted(report.there, 'rule')})"


async def _own(cluster: Cluster) -> list[Finding]:
    """What a user who is no administrator may see of topics and groups."""
    seen = await cluster.topics()
    hidden = [name for name in map(cluster.name, TOPICS) if name not in seen]
    async with cluster.admin() as admin:
        closed = []
        for one in GROUPS:
            try:
                await members(admin, one.full_name(cluster.prefix))
            except KafkaError:
                closed.append(one.full_name(cluster.prefix))
    findings = []
    do = "shopsync topics apply --acls, as an administrator"
    if hidden:
        shown = ", ".join(hidden[:_SHOWN]) + (", …" if len(hidden) > _SHOWN else "")
        findings.append(warn("topics", f"this user does not see {counted(len(hidden), 'topic')}: {shown}", do))
    if closed:
        shown = ", ".join(closed[:_SHOWN]) + (", …" if len(closed) > _SHOWN else "")
        findings.append(warn("groups", f"this user may not look at {counted(len(closed), 'group')}: {shown}", do))
    told = (
        f"this user sees all {len(TOPICS)} topics and {len(GROUPS)} groups; the rules are for an administrator to see"
    )
    return findings or [ok("acls", told)]
