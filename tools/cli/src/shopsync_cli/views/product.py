"""One product as tables and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.text import Text

from shopsync_cli.views.output import out, print_table, say, show, visible
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.pricing import price_range
from shopsync_readmodel.products.causes import causes
from shopsync_readmodel.products.fields import SkuRow, field_rows, sku_rows
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.products.sale import sale_of
from shopsync_readmodel.statuses import in_words
from shopsync_runtime.wording import counted

_LONGEST = 48


def print_product(found: StoredProduct, moment: datetime) -> None:
    """Facts of the product, who must act and why, then every field and every SKU in all layers."""
    console = out()
    name = f"  {found.snapshot.content.name}" if found.snapshot is not None else ""
    if found.snapshot is None:
        name = "  (deleted from the tool)" if found.tombstone is not None else "  (not imported yet)"
    console.print(Text(visible(f"{found.shop_key}/{found.product_no}{name}", in_one_line=True), style="bold"))
    print_table(("", ""), _head_rows(found, moment), console=console)
    if reasons := causes(found, moment):
        say("")
        print_table(
            ("who must act", "why", "what helps"), ((one.who, one.what, one.do) for one in reasons), console=console
        )
    elif found.snapshot is not None:
        say("nothing to be done")
    if found.snapshot is None:
        return
    say("")
    fields = [
        (row.field, brief(row.futureshop), brief(row.tool), row.tool_at, row.standing, brief(row.in_force))
        for row in field_rows(found)
    ]
    print_table(("field", "futureshop", "tool", "entered at", "", "in force"), fields, console=console)
    say("")
    columns = (
        "SKU",
        "choice",
        "price futureshop",
        "price",
        "stock imported",
        "stock tool",
        "entered at",
        "stock",
        "stock sent",
        "TikTok SKU",
    )
    print_table(columns, map(_sku_row, sku_rows(found)), console=console)


def _sku_row(row: SkuRow) -> tuple[object, ...]:
    return (
        f"{row.vertical_no}:{row.horizontal_no}",
        row.name if row.is_upstream else "(gone upstream)",
        row.futureshop_price,
        row.price,
        "在庫有り" if row.stock_unmanaged and row.stock_imported is None else row.stock_imported,
        row.stock_edit,
        row.stock_edited_at,
        row.stock,
        row.stock_sent,
        row.tiktok_sku_id,
    )


def _head_rows(found: StoredProduct, now: datetime) -> Iterator[tuple[str, Any]]:
    """Facts of the product as a whole; those that do not apply are left out."""
    snapshot, layers = found.snapshot, found.layers
    if snapshot is not None:
        target = "ON" if snapshot.sync_enabled else "OFF"
        since = f" since {show(layers.target.at)}" if layers.target is not None else " (never set, TG-4)"
        yield "状態", in_words(snapshot.status)
        yield "連携対象", target + since
        if snapshot.missing:
            yield "missing", ", ".join(snapshot.missing)
        yield "version", f"{snapshot.version}, content {snapshot.content_version}, since {show(snapshot.changed_at)}"
        yield "futureshop", _upstream_line(found)
        yield "TikTok Shop", _listing_line(found, snapshot)
        if snapshot.removed_upstream is not None:
            yield (
                "removed",
                f"proven {show(snapshot.removed_upstream.at)} by {snapshot.removed_upstream.enumeration_id}",
            )
        if snapshot.overwritten_edits:
            yield "edits fallen", f"{', '.join(snapshot.overwritten_edits)} (with the last change)"
        if layers.born_after is not None:
            yield "former life", f"a product of this number was deleted {show(layers.born_after)} (DL-13)"
        if (former := snapshot.former_listing) is not None:
            yield "former listing", f"{former.tiktok_product_id}, may still be in Seller Center"
    yield from _tombstone_rows(found)
    yield from _open_rows(found, now)


def _tombstone_rows(found: StoredProduct) -> Iterator[tuple[str, Any]]:
    grave = found.tombstone
    if grave is not None:
        listing = grave.tiktok_product_id or "none"
        yield "deleted", f"{show(grave.deleted_at)} by sweep {grave.sweep_id}, TikTok listing {listing}"
        yield "absence", f"proven {show(grave.proof.completed_at)} by {grave.proof.enumeration_id}"


def _open_rows(found: StoredProduct, now: datetime) -> Iterator[tuple[str, Any]]:
    if (job := found.job) is not None:
        tries = f"{counted(job.attempts, 'failed attempt')}, {counted(job.waits, 'wait')}"
        text = f"{job.state(now)}, next due {show(job.due_at)}, {tries}"
        yield "open push", f"{text}{f', told: {job.reported}' if job.reported else ''}"
    if found.pause is not None:
        yield "pushes", f"of the whole shop {found.pause.line}"
    if (listing := found.listing) is not None:
        facts = [
            f"{listing.tiktok_product_id or 'not listed'}",
            f"pushed content {show(listing.pushed_content_version)}",
        ]
        facts += [f"review {listing.review}"] if listing.review else []
        facts += [f"outcome of a {listing.intent} not known yet"] if listing.intent else []
        facts += [f"{counted(listing.unsent_events, 'event')} not published yet"] if listing.unsent_events else []
        facts += [f"next look {show(listing.review_due_at)}"] if listing.review_due_at else []
        yield "publisher", ", ".join(facts)
    for one in found.held:
        yield "held", f"{one.what}, of {show(one.time)}, held since {show(one.held_at)} ({one.place})"
    if found.unreadable:
        yield "not readable", ", ".join(found.unreadable)


def _upstream_line(found: StoredProduct) -> str:
    layer, product = found.layers.upstream, found.layers.upstream.product
    stamps = f"values taken {show(layer.taken_at)}, last seen {show(layer.observed_at)}"
    if product is None:
        return stamps
    facts = ["予約販売" if product.sale_form == "preorder" else "通常販売"]
    facts += [] if product.visible else ["hidden in the EC site"]
    facts += [] if product.stock_managed else ["在庫管理をしない"]
    if (prices := price_range(product.model_dump(), found.tax)) is not None:
        facts.append(f"SKU prices {prices[0]}–{prices[1]}")
    return f"更新日 {show(product.updated_at)}, {stamps}, {', '.join(facts)}"


def _listing_line(found: StoredProduct, snapshot: ProductSnapshot) -> str:
    layer = found.layers.listing
    if snapshot.tiktok_product_id is None:
        return "never sent"
    review = f", review {layer.review.state}" if layer.review is not None else ""
    sent = f"content {show(snapshot.pushed_content_version)} pushed {show(layer.pushed_at)}"
    sale = sale_of(found, snapshot)
    live = "live with the former content" if sale.is_former else "live" if sale.is_on else "not live"
    return f"{snapshot.tiktok_product_id}, {live}{review}, {sent}"


def document_of(found: StoredProduct, now: datetime) -> dict[str, Any]:
    """For JSON: everything that the tables show, untruncated."""
    layers, snapshot = found.layers, found.snapshot
    return {
        "shop_key": found.shop_key,
        "product_no": found.product_no,
        "status_name": None if snapshot is None else in_words(snapshot.status),
        "causes": [{"who": one.who, "what": one.what, "do": one.do} for one in causes(found, now)],
        "snapshot": None if snapshot is None else snapshot.model_dump(mode="json"),
        "fields": [asdict(row) for row in field_rows(found)] if snapshot is not None else [],
        "skus": [asdict(row) for row in sku_rows(found)],
        "upstream": {
            "product": None if layers.upstream.product is None else layers.upstream.product.model_dump(mode="json"),
            "taken_at": layers.upstream.taken_at,
            "observed_at": layers.upstream.observed_at,
            "removal": _plain(layers.upstream.removal),
        },
        "target": _plain(layers.target),
        "listing": asdict(layers.listing),
        "born_after": layers.born_after,
        "tombstone": _plain(found.tombstone),
        "push_job": None if found.job is None else {**asdict(found.job), "state": found.job.state(now)},
        "publisher_listing": _plain(found.listing),
        "held": [asdict(one) for one in found.held],
        "unreadable": list(found.unreadable),
        "pushes_paused": _plain(found.pause),
    }


def _plain(value: Any) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def brief(value: Any) -> str:
    """A value for a table: of long text and lists the beginning and the size."""
    if isinstance(value, str):
        line = " ".join(value.split())
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(value)} characters)"
    if isinstance(value, tuple | list):
        if not value:
            return "–"
        first = value[0] if isinstance(value[0], str) else ""
        return f"{len(value)}{f': {brief(first)}' if first else ''}{', …' if first and len(value) > 1 else ''}"
    return show(value)
