"""futureshop's layer: rule A, proofs of absence, and products that come back (RA-1 to RA-7, DL-14)."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from catalog.rules.model import Members, Record, Removal, Rules, Tombstone, Upstream
from catalog.rules.stock import import_stock
from shopsync_contracts.events import FormerListing, ImportMode, ProductChanged, ProductRemoved, UpstreamProduct
from shopsync_contracts.times import to_the_millisecond


class Observation(Struct, frozen=True):
    """A product as futureshop had it at `observed_at`. All its timestamps are cut to milliseconds."""

    shop_key: str
    product_no: str
    mode: ImportMode
    observed_at: datetime
    updated_at: datetime
    created_at: datetime | None
    read: UpstreamProduct

    def product(self) -> Members:
        """The values to take, in the form in which they are stored."""
        values = self.read.model_dump()
        stamps = {"updated_at": self.updated_at, "created_at": self.created_at}
        return {**values, **stamps, "images": list(values["images"]), "skus": list(values["skus"])}


def observation_of(change: ProductChanged) -> Observation:
    """What the message says."""
    product = change.product
    return Observation(
        shop_key=change.shop_key,
        product_no=change.product_no,
        mode=change.mode,
        observed_at=to_the_millisecond(change.observed_at),
        updated_at=to_the_millisecond(product.updated_at),
        created_at=None if product.created_at is None else to_the_millisecond(product.created_at),
        read=product,
    )


def may_overwrite(current: Upstream, seen: Observation, rules: Rules) -> bool:
    """Rule A: [情報を更新する] overwrites with a newer 更新日 (RA-1, RA-6), [一括情報更新] always (RA-2).

    The sale form may switch at a set time without a new 更新日. A later observation of another sale form overwrites
    too, unless the setting forbids it (Q8, PR-13).
    """
    if seen.mode == "overwrite_all":
        return seen.observed_at >= current.taken_at
    updated_at: datetime = current.product["updated_at"]
    if seen.updated_at > updated_at:
        return True
    return (
        rules.compare_sale_form
        and seen.updated_at == updated_at
        and seen.read.sale_form != current.product["sale_form"]
        and seen.observed_at > current.taken_at
    )


def observe(record: Record, seen: Observation, rules: Rules) -> Record:
    """Apply an observation of a known product. Returns `record` itself when it tells nothing new.

    It always counts as the latest observation, which ends an older proof of absence. It overwrites if rule A permits.
    """
    known = record.upstream
    observed_at = max(known.observed_at, seen.observed_at)
    if not may_overwrite(known, seen, rules):
        if observed_at == known.observed_at:
            return record
        return record.with_upstream(Upstream(known.product, known.taken_at, observed_at, known.removal), record.stock)
    product, taken_at = seen.product(), max(known.taken_at, seen.observed_at)
    taken = Upstream(product, taken_at, observed_at, known.removal)
    return record.with_upstream(taken, import_stock(record.stock, product))


def is_late(tombstone: Tombstone, seen: Observation) -> bool:
    """Whether it was observed before the enumeration that proved the absence, so the product is not back."""
    return seen.observed_at < tombstone.removal.started_at


def new_record(seen: Observation, tombstone: Tombstone | None) -> Record:
    """The record of a product that is new to the tool (RA-3), even if its number belonged to a deleted one (DL-13).

    Nothing of a deleted product comes back. Versions continue from it, so that neither readers who order by `version`
    nor late push results with an old `content_version` confuse the two.
    """
    product = seen.product()
    record = Record(
        shop_key=seen.shop_key,
        product_no=seen.product_no,
        upstream=Upstream(product=product, taken_at=seen.observed_at, observed_at=seen.observed_at),
        stock=import_stock({}, product),
    )
    if tombstone is None:
        return record
    former = tombstone.tiktok_product_id
    return replace(
        record,
        first_version=tombstone.version + 1,
        first_content_version=tombstone.content_version + 1,
        born_after=_born_after(tombstone, seen),
        former_listing=None
        if former is None
        else FormerListing(tiktok_product_id=former, deleted_at=tombstone.deleted_at),
    )


def _born_after(tombstone: Tombstone, seen: Observation) -> datetime:
    """When futureshop registered it, if known, and at the latest when it was read: its dates may be wrong."""
    if seen.created_at is None:
        return tombstone.deleted_at
    return max(tombstone.deleted_at, min(seen.created_at, seen.observed_at))


def prove_absence(record: Record, removed: ProductRemoved) -> Record:
    """Store the newest enumeration that did not see the product. `Upstream.removed` decides whether it counts."""
    proof = removed.enumeration
    removal = Removal(
        enumeration_id=proof.id,
        started_at=to_the_millisecond(proof.started_at),
        completed_at=to_the_millisecond(proof.completed_at),
    )
    current = record.upstream.removal
    if current is not None and removal.started_at < current.started_at:
        return record
    return replace(record, upstream=replace(record.upstream, removal=removal))
