"""What a contender has left in its database."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shopsync_rehearsals.bench.catalogue.contenders.places import COLLECTION
from shopsync_rehearsals.bench.catalogue.figures import Counts, version_after
from shopsync_rehearsals.bench.catalogue.messages import newest_update, on_the_wire
from shopsync_rehearsals.bench.catalogue.plan import Kind, Phase

_UPDATED_AT = {
    Kind.CATALOGUE: "upstream_updated_at",
    Kind.RAW_LOOP: "product.updated_at",
    Kind.ONE_BY_ONE: "product.updated_at",
    Kind.CONNECT: "data.product.updated_at",
}
_KEEPS_TEXT = {Kind.RAW_LOOP, Kind.CONNECT}


async def counts(database: AsyncDatabase[dict[str, Any]], kind: Kind, phase: Phase, snapshots: int | None) -> Counts:
    """The counts of one contender after a phase."""
    products, newest = database[COLLECTION], newest_update(phase)
    return Counts(
        documents=await products.count_documents({}),
        newest=await products.count_documents(
            {_UPDATED_AT[kind]: on_the_wire(newest) if kind in _KEEPS_TEXT else newest}
        ),
        snapshots=snapshots,
        versions=await products.count_documents({"version": version_after(phase)}) if kind is Kind.CATALOGUE else None,
    )
