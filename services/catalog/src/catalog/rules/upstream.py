"""futureshop's layer: rule A, proofs of absence, and products that come back (RA-1 to RA-7, DL-14)."""

from dataclasses import replace
from datetime import datetime

from catalog.rules.model import Record, Removal, Rules, Tombstone, Upstream
from catalog.rules.stock import import_stock
from shopsync_contracts.events import FormerListing, ProductChanged, ProductRemoved, UpstreamProduct
from shopsync_contracts.times import to_the_millisecond


def may_overwrite(current: Upstream, change: ProductChanged, rules: Rules) -> bool:
    """Rule A: [情報を更新する] overwrites with a newer 更新日 (RA-1, RA-6), [一括情報更新] always (RA-2).

    The sale form may switch at a set time without a new 更新日. A later observation of another sale form overwrites
    too, unless the setting forbids it (Q8, PR-13).
    """
    if change.mode == "overwrite_all":
        return change.observed_at >= current.taken_at
    if change.product.updated_at > current.product.updated_at:
        return True
    return (
        rules.compare_sale_form
        and change.product.updated_at == current.product.updated_at
        and change.product.sale_form != current.product.sale_form
        and change.observed_at > current.taken_at
    )


def cut_to_ms(change: ProductChanged) -> ProductChanged:
    """The change with its timestamps cut to milliseconds."""
    product = change.product
    stamps = {
        "updated_at": to_the_millisecond(product.updated_at),
        "created_at": None if product.created_at is None else to_the_millisecond(product.created_at),
    }
    return change.model_copy(
        update={"observed_at": to_the_millisecond(change.observed_at), "product": product.model_copy(update=stamps)}
    )


def observe(record: Record, change: ProductChanged, rules: Rules) -> Record:
    """Apply an observation of a known product. `change` comes from `cut_to_ms`.

    It always counts as the latest observation, which ends an older proof of absence. It overwrites if rule A permits.
    """
    upstream = replace(record.upstream, observed_at=max(record.upstream.observed_at, change.observed_at))
    if not may_overwrite(record.upstream, change, rules):
        return replace(record, upstream=upstream)
    taken = replace(upstream, product=change.product, taken_at=max(upstream.taken_at, change.observed_at))
    return replace(record, upstream=taken, stock=import_stock(record.stock, change.product))


def is_late(tombstone: Tombstone, change: ProductChanged) -> bool:
    """Whether it was observed before the enumeration that proved the absence, so the product is not back."""
    return change.observed_at < tombstone.removal.started_at


def new_record(change: ProductChanged, tombstone: Tombstone | None) -> Record:
    """The record of a product that is new to the tool (RA-3), even if its number belonged to a deleted one (DL-13).

    Nothing of a deleted product comes back. Versions continue from it, so that neither readers who order by `version`
    nor late push results with an old `content_version` confuse the two.
    """
    product: UpstreamProduct = change.product
    record = Record(
        shop_key=change.shop_key,
        product_no=change.product_no,
        upstream=Upstream(product=product, taken_at=change.observed_at, observed_at=change.observed_at),
        stock=import_stock({}, product),
    )
    if tombstone is None:
        return record
    former = tombstone.tiktok_product_id
    return replace(
        record,
        first_version=tombstone.version + 1,
        first_content_version=tombstone.content_version + 1,
        born_after=_born_after(tombstone, change),
        former_listing=None
        if former is None
        else FormerListing(tiktok_product_id=former, deleted_at=tombstone.deleted_at),
    )


def _born_after(tombstone: Tombstone, change: ProductChanged) -> datetime:
    """When futureshop registered it, if known, and at the latest when it was read: its dates may be wrong."""
    registered = change.product.created_at
    if registered is None:
        return tombstone.deleted_at
    return max(tombstone.deleted_at, to_the_millisecond(min(registered, change.observed_at)))


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
