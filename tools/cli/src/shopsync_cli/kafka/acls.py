"""Permissions on a cluster with access control: what is declared, what is there, and the way from one to the other.

aiokafka has the messages but no methods for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import ClusterAuthorizationFailedError, IncompatibleBrokerVersion, KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from shopsync_cli.errors import CommandFailed
from shopsync_contracts.access import PRINCIPALS

_SECURITY_DISABLED = 54
_ANY = 1
_RESOURCES = {2: "topic", 3: "group", 4: "cluster", 5: "transactional-id", 6: "delegation-token", 7: "user"}
_PATTERNS = {3: "literal", 4: "prefixed"}
_OPERATIONS = {
    2: "All",
    3: "Read",
    4: "Write",
    5: "Create",
    6: "Delete",
    7: "Alter",
    8: "Describe",
    9: "ClusterAction",
    10: "DescribeConfigs",
    11: "AlterConfigs",
    12: "IdempotentWrite",
    13: "CreateTokens",
    14: "DescribeTokens",
    15: "TwoPhaseCommit",
}
_PERMISSIONS = {2: "deny", 3: "allow"}
# Brokers before 3.0 want it of every producer without duplicates.
_HARMLESS = ("cluster", "IdempotentWrite")


class NoAccessControl(CommandFailed):
    """The brokers have no authorizer."""


class NotAllowed(CommandFailed):
    """The user is no administrator of the cluster."""


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """One line of the cluster's list: who may do what with which resource."""

    principal: str
    resource: str
    name: str
    pattern: str
    operation: str
    permission: str = "allow"
    host: str = "*"

    def __str__(self) -> str:
        what = f"{self.resource} {self.name}{'…' if self.pattern == 'prefixed' else ''}"
        where = "" if self.host == "*" else f" from {self.host}"
        return f"{self.principal} {'may' if self.permission == 'allow' else 'must not'} {self.operation} {what}{where}"


@dataclass(frozen=True, slots=True)
class AclsReport:
    """The cluster's permissions against the declared ones.

    `there`: how many are as declared. `more`: of declared users on names of this environment. `wider`: of declared
    users on more than this environment, so that it is for people to decide. `denied`: what takes declared rights away.
    `others`: of users that are not declared, on names of this environment. `granted`, `taken_away`: what was changed
    just now, so that it is neither missing nor more any longer.
    """

    missing: list[Binding] = field(default_factory=list)
    there: int = 0
    more: list[Binding] = field(default_factory=list)
    wider: list[Binding] = field(default_factory=list)
    denied: list[Binding] = field(default_factory=list)
    others: list[Binding] = field(default_factory=list)
    granted: list[Binding] = field(default_factory=list)
    taken_away: list[Binding] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        """Whether the declared users may do what is declared and nothing else, and nobody else may do anything here."""
        return not (self.missing or self.more or self.wider or self.denied or self.others)


Users = Mapping[str, Sequence[str]]
"""Principals of the cluster by the name of the declared user, such as `{"catalog": ["User:catalog"]}`."""

NAMED_ALIKE: Users = {str(one.name): [f"User:{one.name}"] for one in PRINCIPALS}
"""Where the cluster calls every user as the declaration does."""


def declared(prefix: str, users: Users) -> list[Binding]:
    """What the users have to have, in the order of the declaration."""
    return [
        Binding(principal, acl.resource, acl.name, acl.pattern, acl.operation)
        for one in PRINCIPALS
        for principal in users.get(one.name, ())
        for acl in one.acls(prefix)
    ]


def compare(found: Iterable[Binding], prefix: str, users: Users) -> AclsReport:
    """Hold what a cluster has against the declaration."""
    wanted, there = declared(prefix, users), set(found)
    ours = {principal for principals in users.values() for principal in principals}
    missing = [one for one in wanted if one not in there]
    report = AclsReport(missing, there=len(wanted) - len(missing))
    for one in sorted(there - set(wanted)):
        if one.permission == "deny":
            if one.principal in {*ours, "User:*"} and (_is_within(one, prefix) or _reaches(one, prefix)):
                report.denied.append(one)
        elif one.principal not in ours:
            if _is_within(one, prefix):
                report.others.append(one)
        elif _is_within(one, prefix):
            report.more.append(one)
        elif _reaches(one, prefix) and (one.resource, one.operation) != _HARMLESS:
            report.wider.append(one)
    return report


def _is_within(one: Binding, prefix: str) -> bool:
    """Whether it is about names of this environment and no others."""
    return one.resource in {"topic", "group"} and one.name.startswith(f"{prefix}.")


def _reaches(one: Binding, prefix: str) -> bool:
    """Whether it is about more than this environment, which is in it."""
    if one.resource not in {"topic", "group"}:
        return True
    return one.name == "*" or (one.pattern == "prefixed" and f"{prefix}.".startswith(one.name))


async def read_acls(admin: AIOKafkaAdminClient) -> set[Binding]:
    """Everything that the cluster has. Raises KafkaError, NoAccessControl or NotAllowed."""
    request = DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY)
    answer = await _ask(admin, request)
    _check(answer.error_code, answer.error_message)
    return {
        Binding(
            principal,
            _RESOURCES.get(kind, str(kind)),
            name,
            _PATTERNS.get(pattern, str(pattern)),
            _OPERATIONS.get(operation, str(operation)),
            _PERMISSIONS.get(permission, str(permission)),
            host,
        )
        for kind, name, pattern, acls in answer.resources
        for principal, host, operation, permission in acls
    }


async def create_acls(admin: AIOKafkaAdminClient, bindings: Sequence[Binding]) -> None:
    """Grant them. What is there already stays. Raises KafkaError."""
    if not bindings:
        return
    answer = await _ask(admin, _Create(bindings))
    for code, message in answer.creation_responses:
        _check(code, message)


async def delete_acls(admin: AIOKafkaAdminClient, bindings: Sequence[Binding]) -> None:
    """Take exactly these away. Raises KafkaError."""
    if not bindings:
        return
    answer = await _ask(admin, _Delete(bindings))
    for code, message, matching in answer.filter_responses:
        _check(code, message)
        for each_code, each_message, *_ in matching:
            _check(each_code, each_message)


async def _ask(admin: AIOKafkaAdminClient, request: Any) -> Any:
    try:
        return await admin._send_request(request)  # noqa: SLF001 - aiokafka has no other way to send it
    except (IncompatibleBrokerVersion, NotImplementedError) as error:
        raise CommandFailed("the brokers are too old: permissions are applied from Kafka 2.0 on") from error


def _check(code: int, message: str | None) -> None:
    if code == _SECURITY_DISABLED:
        raise NoAccessControl("this cluster has no access control: its brokers have no authorizer.class.name")
    error: type[KafkaError] = for_code(code)
    if error is ClusterAuthorizationFailedError:
        raise NotAllowed(
            "not allowed: an administrator, with Describe and Alter on the cluster, has to grant permissions"
        )
    if code:
        raise error(message or "")


class _Create(CreateAclsRequest):  # type: ignore[misc] # aiokafka is untyped
    """Several at once; aiokafka's own takes one."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._creations = [_coded(one) for one in bindings]

    def build(self, request_struct_class: Any) -> Any:
        _need_patterns(request_struct_class)
        return request_struct_class(self._creations)


class _Delete(DeleteAclsRequest):  # type: ignore[misc] # aiokafka is untyped
    """Several at once; aiokafka's own takes one."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._filters = [_coded(one) for one in bindings]

    def build(self, request_struct_class: Any) -> Any:
        _need_patterns(request_struct_class)
        return request_struct_class(self._filters)


def _need_patterns(request_struct_class: Any) -> None:
    if request_struct_class.API_VERSION < 1:
        raise IncompatibleBrokerVersion("no patterns")


def _coded(one: Binding) -> tuple[int, str, int, str, str, int, int]:
    return (
        _code(_RESOURCES, one.resource),
        one.name,
        _code(_PATTERNS, one.pattern),
        one.principal,
        one.host,
        _code(_OPERATIONS, one.operation),
        _code(_PERMISSIONS, one.permission),
    )


def _code(names: Mapping[int, str], name: str) -> int:
    return next((code for code, each in names.items() if each == name), 0) or int(name)
