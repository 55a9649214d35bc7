"""What happened to a product, as far as it is stored, newest first; in English and Japanese. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shopsync_readmodel.products.field_names import field_name
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import TOOL_FIELDS, UPSTREAM_FIELDS, Stamped
from shopsync_readmodel.words import Words


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened."""

    at: datetime
    what: Words


_ORDER: Final = {name: place for place, name in enumerate((*UPSTREAM_FIELDS, *TOOL_FIELDS, "stock"))}
_IMPORTED: Final = Words("values taken from futureshop", "futureshopの値を取り込みました")
_GONE: Final = Words("proven to be gone from futureshop", "futureshopから削除されたことを確認しました")
_EDITED: Final = Words("edited: {fields}", "編集しました：{fields}")
_ON: Final = Words("連携対象 switched ON", "連携対象をONにしました", "switched ON")
_OFF: Final = Words("連携対象 switched OFF", "連携対象をOFFにしました", "switched OFF")
_PUSHED: Final = Words("accepted by TikTok Shop", "TikTok Shopへ送信しました")
_REQUESTED: Final = Words("a push was asked for", "TikTok Shopへの送信を受け付けました")
_BORN: Final = Words("an earlier product of this number was deleted", "同じ商品番号の以前の商品を削除しました")
_REVIEWS: Final = {
    "approved": Words("review: approved", "審査：承認されました"),
    "live": Words("review: approved", "審査：承認されました"),
    "pre_approved": Words("review: approved, not on sale yet", "審査：承認されましたが、販売の開始に条件があります"),
    "rejected": Words("review: rejected", "審査：承認されませんでした"),
    "deactivated": Words("taken off sale at TikTok Shop", "TikTok Shopで非公開になりました"),
    "frozen": Words("frozen by TikTok Shop", "TikTok Shopで凍結されました"),
    "deleted": Words("deleted in Seller Center", "Seller Centerで削除されました"),
}


def timeline(found: StoredProduct, limit: int = 20) -> tuple[Happening, ...]:
    """At most `limit`; of each kind the last one only is stored."""
    happened = sorted(_all(found), key=lambda one: one.at, reverse=True)
    return tuple(happened[:limit])


def _all(found: StoredProduct) -> Iterator[Happening]:
    layers = found.layers
    moments = [
        (layers.upstream.taken_at, _IMPORTED),
        (layers.upstream.removal.completed_at if layers.upstream.removal is not None else None, _GONE),
        (layers.listing.pushed_at, _PUSHED),
        (found.job.requested_at if found.job is not None else None, _REQUESTED),
        (layers.born_after, _BORN),
    ]
    review = layers.listing.review
    if review is not None and review.state in _REVIEWS:
        moments.append((review.occurred_at, _REVIEWS[review.state]))
    if layers.target is not None:
        moments.append((layers.target.at, _ON if layers.target.value else _OFF))
    yield from (Happening(at, what) for at, what in moments if at is not None)
    yield from _edits(found)


def _edits(found: StoredProduct) -> Iterator[Happening]:
    """Those of one moment together: they were one form."""
    together: defaultdict[datetime, list[str]] = defaultdict(list)
    stamps: list[tuple[str, Stamped | None]] = [*found.layers.edits.items(), *found.layers.tool.items()]
    stamps += [("stock", stock.edit) for stock in found.layers.stock.values()]
    for name, stamp in stamps:
        if stamp is not None and stamp.at is not None and name not in together[stamp.at]:
            together[stamp.at].append(name)
    for at, entered in together.items():
        names = sorted(entered, key=lambda name: _ORDER.get(name, len(_ORDER)))
        called = [field_name(name) for name in names]
        named = Words(
            ", ".join(names),
            "、".join(one.japanese for one in called),
            ", ".join(one.plain for one in called),
        )
        what = _EDITED.fill(fields=named)
        yield Happening(at, what)
