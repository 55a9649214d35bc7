"""The messages: products of about 2 KB of JSON with four SKUs each. The same seed gives the same bytes."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from shopsync_contracts import Event, new_event
from shopsync_contracts.events import ProductChanged, Tax, UpstreamProduct, UpstreamSku
from shopsync_contracts.events.upstream import Axes
from shopsync_contracts.times import JST
from shopsync_rehearsals.bench.catalogue.plan import VERSIONS_IN_A_ROW, Amount, Phase
from shopsync_sandbox.shop.descriptions import describe
from shopsync_sandbox.shop.vocabulary import CATEGORIES, PREFIXES, SUFFIXES, Category

SHOP = "bench"
_SOURCE = "/shopsync/ingestor"
# Long past on every machine's clock: the catalogue refuses stamps from the future.
_BEGIN = datetime(2025, 1, 6, 9, 0, tzinfo=JST)
_PARAGRAPHS = 2
_PICTURES = 3
_SKUS = 4
_JAN = 4_900_000_000_000

_VERSIONS = {
    Phase.FIRST_IMPORT: range(1, 2),
    Phase.UPDATE: range(2, 3),
    Phase.NOTHING_CHANGED: range(2, 3),
    Phase.RE_DELIVERY: range(0),
    Phase.IN_A_ROW: range(3, 3 + VERSIONS_IN_A_ROW),
}
_LAST_VERSION = {**{phase: versions[-1] for phase, versions in _VERSIONS.items() if versions}, Phase.RE_DELIVERY: 2}


def messages(phase: Phase, amount: Amount, seed: int) -> Iterator[Event[ProductChanged]]:
    """What is published for a phase, warm-up first; nothing for the one that reads the last messages again."""
    some = amount.in_a_row() if phase is Phase.IN_A_ROW else amount
    for product_no in product_numbers(some):
        for version in _VERSIONS[phase]:
            yield _message(product_no, version, _observed_at(phase, version), seed)


def count(phase: Phase, amount: Amount) -> Amount:
    """How many messages a contender works through in a phase."""
    if phase is not Phase.IN_A_ROW:
        return amount
    some = amount.in_a_row()
    return Amount(some.measured * VERSIONS_IN_A_ROW, some.warm_up * VERSIONS_IN_A_ROW)


def product_numbers(amount: Amount) -> Iterator[str]:
    """The products, those of the warm-up first."""
    yield from (f"W-{number:06}" for number in range(amount.warm_up))
    yield from (numbered(place) for place in range(amount.measured))


def numbered(place: int) -> str:
    """The number of a product. All have the same length."""
    return f"P-{place:06}"


def newest_update(phase: Phase) -> datetime:
    """更新日 of the phase's newest version."""
    return _updated_at(_LAST_VERSION[phase])


def on_the_wire(moment: datetime) -> str:
    """A moment as it stands in the messages."""
    return moment.isoformat()


def change(product_no: str, version: int, seed: int, *, shop: str = SHOP) -> Event[ProductChanged]:
    """One version of one product, for who is measured by time: outside the phases, newer with each version."""
    return _message(product_no, version, _updated_at(version) + timedelta(minutes=1), seed, shop=shop)


def product(product_no: str, version: int, seed: int) -> UpstreamProduct:
    """One version of a product: name and price differ from version to version."""
    rng = random.Random(f"{seed}/{product_no}")  # noqa: S311 - a repeatable benchmark, no secret
    category = rng.choice(CATEGORIES)
    first = f"{rng.choice(PREFIXES)}{rng.choice(category.materials)} {rng.choice(category.nouns)}{rng.choice(SUFFIXES)}"
    name = first.strip() if version == 1 else f"{first.strip()} 改{version}"
    price = rng.randint(*category.price) // 10 * 10 + 10
    text = "\n".join(describe(rng, category, name, (), long=False) for _ in range(_PARAGRAPHS))
    return UpstreamProduct(
        updated_at=_updated_at(version),
        created_at=_BEGIN - timedelta(days=rng.randrange(1, 900)),
        name=name,
        description=text,
        images=tuple(f"https://img.example.jp/{product_no.lower()}/{place}.jpg" for place in range(1, _PICTURES + 1)),
        sale_form="regular",
        regular_price=price + 10 * version,
        tax=Tax(included=True, rate_percent=8 if category.reduced_tax else 10, rounding="down"),
        stock_managed=True,
        axes=Axes(vertical=category.vertical[0], horizontal=category.horizontal[0]),
        skus=_skus(rng, category, price + 10 * version),
    )


def _skus(rng: random.Random, category: Category, price: int) -> tuple[UpstreamSku, ...]:
    vertical, horizontal = category.vertical[1][:2], category.horizontal[1][:2]
    pairs = [(one, other) for one in vertical for other in horizontal][:_SKUS]
    return tuple(
        UpstreamSku(
            vertical_no=vertical_no,
            horizontal_no=horizontal_no,
            vertical_name=vertical_name,
            horizontal_name=horizontal_name,
            jan_code=str(_JAN + rng.randrange(10**9)),
            price=price + 100 * place if place else None,
            stock=rng.randrange(200),
        )
        for place, ((vertical_no, vertical_name), (horizontal_no, horizontal_name)) in enumerate(pairs)
    )


def _message(
    product_no: str, version: int, observed_at: datetime, seed: int, *, shop: str = SHOP
) -> Event[ProductChanged]:
    body = ProductChanged(
        shop_key=shop,
        product_no=product_no,
        mode="changed_only",
        observed_at=observed_at,
        import_id=f"import-{observed_at:%Y%m%d%H}",
        product=product(product_no, version, seed),
    )
    return new_event(body, source=_SOURCE, id=f"{observed_at:%d%H%M}-{product_no}", time=observed_at)


def _updated_at(version: int) -> datetime:
    return _BEGIN + timedelta(hours=version)


def _observed_at(phase: Phase, version: int) -> datetime:
    """Each phase on a day of its own, each version after its 更新日."""
    return _BEGIN + timedelta(days=1 + list(Phase).index(phase), minutes=version)
