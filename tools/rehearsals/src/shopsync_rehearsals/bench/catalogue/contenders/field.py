"""All contenders of one round, in their order, with the topics that they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shopsync_contracts.topics import CATALOG_PRODUCTS, PRODUCT_CHANGES, TopicSpec
from shopsync_rehearsals.bench.catalogue.contenders.connect import Sink
from shopsync_rehearsals.bench.catalogue.contenders.connect_worker import ConnectWorker
from shopsync_rehearsals.bench.catalogue.contenders.places import Contender, Places
from shopsync_rehearsals.bench.catalogue.contenders.program import Program
from shopsync_rehearsals.bench.catalogue.contenders.service import Catalogue
from shopsync_rehearsals.bench.catalogue.plan import Amount, Kind, Plan
from shopsync_rehearsals.installation import Installation
from shopsync_testkit.backends import Unavailable, require_package

_NEEDS = {Kind.CATALOGUE: "catalog", Kind.ONE_BY_ONE: "faststream"}


@dataclass(frozen=True, slots=True)
class Field:
    """`sources`: topics with the products that are sent on them. `topics`: those that no command creates."""

    prefix: str
    contenders: Sequence[Contender]
    sources: Mapping[str, Amount]
    topics: Mapping[str, TopicSpec]


def missing_here(kinds: Sequence[Kind]) -> dict[Kind, str]:
    """The contenders whose packages are not installed, and which those are."""
    found = {}
    for kind in kinds:
        try:
            if kind in _NEEDS:
                require_package(_NEEDS[kind])
        except Unavailable as error:
            found[kind] = str(error)
    return found


def field_of(
    plan: Plan, kinds: Sequence[Kind], here: Installation, folder: Path, worker: ConnectWorker | None
) -> Field:
    """The contenders `kinds` on an installation whose declared topics are there.

    All read the topic that the catalogue reads, but the one that gets fewer messages: it has a topic of its own.
    """
    contenders: list[Contender] = []
    sources: dict[str, Amount] = {}
    topics: dict[str, TopicSpec] = {}
    for kind in kinds:
        places = places_of(kind, here)
        sources[places.source] = plan.amount(kind)
        if kind is Kind.ONE_BY_ONE:
            topics[places.source] = PRODUCT_CHANGES
        if kind is not Kind.CATALOGUE and places.snapshots is not None:
            topics[places.snapshots] = CATALOG_PRODUCTS
        if kind is Kind.CATALOGUE:
            contenders.append(Catalogue(places, here.settings(), folder, plan.profiles))
        elif kind is not Kind.CONNECT:
            contenders.append(Program(kind, places, folder))
        elif worker is not None:
            contenders.append(Sink(places, worker))
    return Field(here.topic_prefix, contenders, sources, topics)


def places_of(kind: Kind, here: Installation) -> Places:
    """Where one of them reads and writes."""
    prefix = here.topic_prefix
    mine = Places(
        kafka_bootstrap=here.kafka_bootstrap,
        mongo_uri=here.mongo_uri,
        source=PRODUCT_CHANGES.full_name(prefix),
        group=f"{prefix}.{kind}",
        database=f"{here.database}-{kind}",
        snapshots=f"{prefix}.{kind}.snapshots" if kind.publishes else None,
    )
    match kind:
        case Kind.CATALOGUE:
            group, snapshots = f"{prefix}.catalog.products", CATALOG_PRODUCTS.full_name(prefix)
            return replace(mine, group=group, database=here.database, snapshots=snapshots)
        case Kind.ONE_BY_ONE:
            return replace(mine, source=f"{prefix}.{kind}.changes")
        case Kind.CONNECT:
            return replace(mine, group=f"connect-{mine.group}")  # as Connect names the group of a connector
    return mine
