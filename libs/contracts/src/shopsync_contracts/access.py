"""Who may do what on Kafka, with nothing to spare: the one source for ACLs, for Strimzi's users and for the pages.

It follows from `TopicSpec.written_by` and `read_by`. What a service's code really does is compared with it by tests.
Names are those of Apache Kafka: `Read` and `Write` include `Describe`, and an idempotent producer needs no right of
its own since Kafka 3.0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shopsync_contracts.topics import TOPICS, Party, TopicSpec

Operation = Literal["Read", "Write", "Describe", "DescribeConfigs"]
Resource = Literal["topic", "group"]
Pattern = Literal["literal", "prefixed"]

SERVICES: tuple[str, ...] = ("ingestor", "catalog", "publisher", "janitor", "console")


def consumer_group(prefix: str, service: str, name: str) -> str:
    """Kafka consumer group of one subscription, `shopsync.catalog.products`.

    Groups carry the topic prefix, so that two environments on one cluster never share a group.
    """
    return f"{prefix}.{service}.{name}"


@dataclass(frozen=True, slots=True)
class Group:
    """The consumer group of one subscription of a service, with what it reads."""

    service: str
    name: str
    topics: tuple[TopicSpec, ...]

    def full_name(self, prefix: str) -> str:
        """Its name on the cluster."""
        return consumer_group(prefix, self.service, self.name)


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One permission on a cluster. `name` is the full name, or what names begin with where the pattern is prefixed."""

    resource: Resource
    name: str
    pattern: Pattern
    operation: Operation


@dataclass(frozen=True, slots=True)
class Principal:
    """One user of the cluster.

    `describes`: topics whose partitions and ends it asks for without reading them. `configures`: topics whose settings
    it reads. `own_groups`: it reads as member of groups named `<prefix>.<name>.…`. `watches`: groups of others whose
    offsets and members it asks for; with `watches_all` those of every group of the environment.
    """

    name: Party
    purpose: str
    writes: tuple[TopicSpec, ...]
    reads: tuple[TopicSpec, ...]
    describes: tuple[TopicSpec, ...] = ()
    configures: tuple[TopicSpec, ...] = ()
    own_groups: bool = True
    watches: tuple[Group, ...] = ()
    watches_all: bool = False

    def group_prefix(self, prefix: str) -> str | None:
        """What the names of its own groups begin with; None when it has none."""
        return f"{prefix}.{self.name}." if self.own_groups else None

    def acls(self, prefix: str) -> tuple[Acl, ...]:
        """Its permissions in an environment: topics first, each once, in a fixed order."""
        topics: tuple[tuple[Operation, tuple[TopicSpec, ...]], ...] = (
            ("Read", self.reads),
            ("Write", self.writes),
            ("Describe", self.describes),
            ("DescribeConfigs", self.configures),
        )
        on_topics = [Acl("topic", spec.full_name(prefix), "literal", each) for each, specs in topics for spec in specs]
        own = self.group_prefix(prefix)
        on_groups = [Acl("group", own, "prefixed", "Read")] if own else []
        on_groups += [Acl("group", one.full_name(prefix), "literal", "Describe") for one in self.watches]
        on_groups += [Acl("group", f"{prefix}.", "prefixed", "Describe")] if self.watches_all else []
        return (*sorted(on_topics), *sorted(on_groups))


def _groups() -> tuple[Group, ...]:
    read: dict[tuple[str, str], list[TopicSpec]] = {}
    for spec in TOPICS:
        for reader in spec.read_by:
            service, _, name = reader.partition(".")
            if name:
                read.setdefault((service, name), []).append(spec)
    by_service = sorted(read.items(), key=lambda one: SERVICES.index(one[0][0]))
    return tuple(Group(service, name, tuple(specs)) for (service, name), specs in by_service)


GROUPS: tuple[Group, ...] = _groups()
"""The consumer groups of all services."""


def readers_of(spec: TopicSpec, prefix: str) -> tuple[str, ...]:
    """Full names of the services' groups that read the topic; empty when no service does."""
    return tuple(one.full_name(prefix) for one in GROUPS if spec in one.topics)


def group_named(service: str, name: str) -> Group:
    """One of `GROUPS`. Raises LookupError."""
    for one in GROUPS:
        if (one.service, one.name) == (service, name):
            return one
    raise LookupError(f"no service has the group {service}.{name}")


_CATALOG_PRODUCTS_GROUP = group_named("catalog", "products")


def _written_by(party: Party) -> tuple[TopicSpec, ...]:
    return tuple(spec for spec in TOPICS if party in spec.written_by)


def _read_by(party: Party) -> tuple[TopicSpec, ...]:
    return tuple(spec for spec in TOPICS if party in (reader.partition(".")[0] for reader in spec.read_by))


def _service(name: Party, purpose: str, *, waits_for: Iterable[Group] = (), own_groups: bool = True) -> Principal:
    """A service asks for the size limit of a topic that refuses a message, so it reads the settings of what it writes.

    `waits_for`: groups of other services that have to have come to the present end of their topics before it goes on.
    """
    watched = tuple(waits_for)
    reads = _read_by(name)
    describes = dict.fromkeys(spec for one in watched for spec in one.topics if spec not in reads)
    writes = _written_by(name)
    return Principal(
        name,
        purpose,
        writes=writes,
        reads=reads,
        describes=tuple(spec for spec in describes if spec not in writes),
        configures=writes,
        own_groups=own_groups,
        watches=watched,
    )


PRINCIPALS: tuple[Principal, ...] = (
    _service("ingestor", "reads futureshop and publishes its products"),
    _service("catalog", "merges all of it into the catalogue"),
    _service("publisher", "talks to TikTok Shop"),
    _service(
        "janitor", "has deleted what is gone, once the catalog has come to it", waits_for=[_CATALOG_PRODUCTS_GROUP]
    ),
    _service("console", "where the merchant does it all; follows topics without a consumer group", own_groups=False),
    Principal(
        "operator",
        "the `shopsync` command in the hands of people and schedulers; no consumer group, commits nothing",
        writes=_written_by("operator"),
        reads=_read_by("operator"),
        configures=TOPICS,
        own_groups=False,
        watches_all=True,
    ),
    Principal(
        "tool", "a tool of others in which products are completed", writes=_written_by("tool"), reads=_read_by("tool")
    ),
    Principal(
        "other-systems",
        "a back office, an ERP, whoever publishes or follows products",
        writes=_written_by("other-systems"),
        reads=_read_by("other-systems"),
    ),
)
"""Every user of the cluster but the administrator, who creates topics and grants all of this."""


def principal_of(name: str) -> Principal | None:
    """The declared user of this name, if there is one."""
    return next((one for one in PRINCIPALS if one.name == name), None)
