"""futureshop's layer: rule A, removals and returns (RA-1 to RA-7, DL-14)."""

from dataclasses import replace
from datetime import datetime

from catalog.rules.model import Record, Removal, Rules, Tombstone, Upstream
from catalog.rules.stock import import_stock
from shopsync_contracts.events import FormerListing, ProductChanged, ProductRemoved, UpstreamProduct
from shopsync_contracts.times import to_the_millisecond


def may_overwrite(current: Upstream, change: ProductChanged, rules: Rules) -> bool:
    """Rule A: [情報を更新する] only with a newer 更新日 (RA-1, RA-6), [一括情報更新] whatever it says (RA-2).

    A sale form that switched by the clock alone may leave 更新日 as it was; a fresher observation of that counts as
    changed too, unless the setting says no (Q8, PR-13).
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


def at_ms(change: ProductChanged) -> ProductChanged:
    """The change with its stamps cut to milliseconds."""
    product = change.product
    stamps = {
        "updated_at": to_the_millisecond(product.updated_at),
        "created_at": None if product.created_at is None else to_the_millisecond(product.created_at),
    }
    return change.model_copy(
        update={"observed_at": to_the_millisecond(change.observed_at), "product": product.model_copy(update=stamps)}
    )


def observe(record: Record, change: ProductChanged, rules: Rules) -> Record:
    """One more observation of a known product. `change` comes from `at_ms`.

    Always moves the latest observation and so ends an older proof of absence; overwrites if rule A permits.
    """
    upstream = replace(record.upstream, observed_at=max(record.upstream.observed_at, change.observed_at))
    if not may_overwrite(record.upstream, change, rules):
        return replace(record, upstream=upstream)
    taken = replace(upstream, product=change.product, taken_at=max(upstream.taken_at, change.observed_at))
    return replace(record, upstream=taken, stock=import_stock(record.stock, change.product))


def is_late(tombstone: Tombstone, change: ProductChanged) -> bool:
    """Observed before the enumeration that proved the absence: no sign that the product is back."""
    return change.observed_at < tombstone.removal.started_at


def first_sight(change: ProductChanged, tombstone: Tombstone | None) -> Record:
    """A product new to the tool (RA-3), also when an earlier one of that number was deleted (DL-13).

    Nothing of the earlier life comes back. Versions go on from it, so that readers who order by `version` and late push
    results, which carry an old `content_version`, cannot mistake one life for the other.
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
    """When futureshop registered it, as far as that is told, and no later than it was read: dates may be wrong."""
    registered = change.product.created_at
    if registered is None:
        return tombstone.deleted_at
    return max(tombstone.deleted_at, to_the_millisecond(min(registered, change.observed_at)))


def prove_absence(record: Record, removed: ProductRemoved) -> Record:
    """The newest enumeration that did not see the product; whether it counts is for `Upstream.removed` to say."""
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
