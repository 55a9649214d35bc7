"""Draws what happens next, from a seed and from the expected state of the shop."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from shopsync_rehearsals.month import products
from shopsync_rehearsals.month.import_scope import FAILING, SHORTENING
from shopsync_rehearsals.month.model.listing import Listing, Sale
from shopsync_rehearsals.month.model.shop import Model
from shopsync_rehearsals.month.operations import Kind, Operation

PRODUCTS = 24
MOST_UNPROVEN = 4
"""So few deletions between two proofs that the shop does not shrink suspiciously (DL-10)."""

Draw = Callable[[], Operation | None]


class Script:
    """`clock` returns the simulated time. The same seed draws the same operations, as long as nothing goes wrong."""

    def __init__(self, seed: int, model: Model, clock: Callable[[], datetime]) -> None:
        self._rng = random.Random(f"month/{seed}")  # noqa: S311 - a repeatable script, no secret
        self._model = model
        self._clock = clock
        self._revision = 0
        self._numbers = 0
        self._gone: dict[str, dict[str, Any]] = {}
        self._draws: list[tuple[float, Draw]] = [
            (5, self._edit_upstream),
            (3, self._change_sale_form),
            (2, self._stock_upstream),
            (1.5, self._delete_upstream),
            (1.2, self._register_again),
            (0.7, self._register),
            (1.5, self._change_variations),
            (4, self._edit),
            (2, self._complete),
            (1, self._clear),
            (2, self._stock),
            (4, self._switch),
            (1, self._bulk_edit),
            (1.5, self._hide),
            (2, self._sell),
            (1, self._retitle),
            (0.25, self._delete_listing),
            (0.5, self._too_late),
            (0.4, self._set_mode),
        ]

    def opening(self) -> Iterator[Operation]:
        """The shop before the first import."""
        for _ in range(PRODUCTS):
            operation = self._register()
            if operation is not None:
                yield operation

    def first_day(self) -> Iterator[Operation]:
        """After the first import: most products are completed, half are switched ON."""
        for number in sorted(self._model.records):
            if self._rng.random() < 0.8:
                yield Operation(Kind.EDIT, number, {"changes": products.COMPLETION})
            if self._rng.random() < 0.55:
                yield Operation(Kind.SWITCH, number, {"on": True})

    def small_operations(self) -> Iterator[Operation]:
        """Some edits and changes, one after the other."""
        weights = [weight for weight, _ in self._draws]
        for _ in range(self._rng.randrange(3, 10)):
            _, draw = self._rng.choices(self._draws, weights)[0]
            operation = draw()
            if operation is not None:
                yield operation

    def action(self) -> Operation:
        """An operation that makes the pipeline run."""
        kind = self._rng.choices((Kind.IMPORT, Kind.SYNC, Kind.REVIEW), (5, 4, 4))[0]
        if kind is Kind.IMPORT:
            return self.import_()
        return self.sync() if kind is Kind.SYNC else self.review()

    def import_(self) -> Operation:
        """An import in either mode; sometimes futureshop fails at a page."""
        mode = self._rng.choice(("changed_only", "changed_only", "overwrite_all"))
        fault = None
        if self._rng.random() < 0.2:
            kinds = FAILING if mode == "changed_only" else (*FAILING, *SHORTENING)
            fault = (self._rng.choice(kinds), self._rng.choice((1, 2, 2)))
        return Operation(Kind.IMPORT, args={"mode": mode, "fault": fault})

    def sync(self) -> Operation:
        """[同期] for every ON product, or for some products, ON or OFF."""
        if self._rng.random() < 0.7:
            return Operation(Kind.SYNC, args={"product_nos": None})
        numbers = sorted(self._model.records)
        some = self._rng.sample(numbers, min(len(numbers), self._rng.randrange(1, 12)))
        return Operation(Kind.SYNC, args={"product_nos": some}, about=frozenset(some))

    def review(self) -> Operation:
        """The reviewer approves, rejects or postpones each waiting product."""
        verdicts = {}
        for number in self._model.reviewing():
            choices = ("approve", "approve", "approve", "reject", "wait")
            verdicts[number] = self._rng.choice(choices)
        decided = {number: verdict for number, verdict in verdicts.items() if verdict != "wait"}
        return Operation(Kind.REVIEW, args={"verdicts": decided}, about=frozenset(decided) or frozenset({"-"}))

    def night(self) -> Operation:
        """The sweep. During one in four, futureshop does not list its products properly."""
        draw, kinds = self._rng.random(), (*FAILING, *SHORTENING)
        fault = (self._rng.choice(kinds), self._rng.choice((1, 2))) if draw < 0.25 else None
        return Operation(Kind.NIGHT, args={"fault": fault, "overlap": draw > 0.85})

    def pause(self) -> timedelta:
        """The time between two operations: more than the one second of 更新日's precision (RA-7)."""
        return timedelta(seconds=self._rng.randrange(61, 400))

    # futureshop ---------------------------------------------------------------------------------------------

    def _register(self) -> Operation | None:
        self._numbers += 1
        return Operation(Kind.REGISTER, f"P{self._numbers:02}", {"members": self._members()})

    def _register_again(self) -> Operation | None:
        """A number whose product was deleted, on the same day or long ago."""
        number = self._pick(self._gone)
        if number is None:
            return None
        kept = self._gone.pop(number)
        return Operation(
            Kind.REGISTER, number, {"members": {**kept, "name": self._name(), "unit_price": self._price()}}
        )

    def _edit_upstream(self) -> Operation | None:
        number = self._pick(self._model.upstream)
        if number is None:
            return None
        changes: dict[str, Any] = self._rng.choice(
            (
                {"name": self._name()},
                {"unit_price": self._price()},
                {"description": f"<p>第{self._next()}版の説明です。</p>"},
                {"name": self._name(), "unit_price": self._price(), "member_price": 99},
                {"list_price": 22_222},
            )
        )
        # RA-5: one in four does not move 更新日.
        return Operation(Kind.EDIT_UPSTREAM, number, {"changes": changes, "touch": self._rng.random() < 0.75})

    def _change_sale_form(self) -> Operation | None:
        unpriced = [
            number for number, each in self._model.upstream.items() if all(sku.price is None for sku in each.skus)
        ]
        number = self._pick(unpriced)
        if number is None:
            return None
        now_preorder = self._model.upstream[number].preorder is not None
        sale = None if now_preorder and self._rng.random() < 0.6 else products.preorder(self._rng, self._clock())
        return Operation(Kind.EDIT_UPSTREAM, number, {"changes": {"preorder": sale}, "touch": self._rng.random() < 0.8})

    def _stock_upstream(self) -> Operation | None:
        number = self._pick(self._model.upstream)
        if number is None:
            return None
        touch = self._rng.random() < 0.3
        return Operation(Kind.STOCK_UPSTREAM, number, {"stock": self._rng.randrange(100), "touch": touch})

    def _delete_upstream(self) -> Operation | None:
        if len(self._model.unproven()) >= MOST_UNPROVEN or len(self._model.upstream) < PRODUCTS * 3 // 4:
            return None
        number = self._pick(self._model.upstream)
        if number is None:
            return None
        kept = self._model.upstream[number].model_dump(exclude={"id", "product_no", "created_at", "updated_at"})
        self._gone[number] = kept
        return Operation(Kind.DELETE_UPSTREAM, number)

    def _change_variations(self) -> Operation | None:
        """Add or remove one choice of an axis. Numbers are never reused."""
        several = [number for number, each in self._model.upstream.items() if each.has_variations]
        number = self._pick(several)
        if number is None:
            return None
        product = self._model.upstream[number]
        skus = [sku.model_dump() for sku in product.skus]
        if len(skus) > 1 and self._rng.random() < 0.4:
            skus.pop(self._rng.randrange(len(skus)))
        elif len(skus) < 12:
            vertical = product.vertical_axis is not None
            skus.append(products.new_sku(self._rng, skus, f"X{self._next()}", vertical=vertical))
        return Operation(Kind.EDIT_UPSTREAM, number, {"changes": {"skus": skus}, "touch": True})

    # The tool -----------------------------------------------------------------------------------------------

    def _edit(self) -> Operation | None:
        number = self._pick(self._model.records)
        if number is None:
            return None
        changes: dict[str, Any] = self._rng.choice(
            (
                {"name": self._name()},
                {"price": self._price()},
                {"description": f"<p>道具で書いた第{self._next()}版です。</p>"},
                {"package_weight_g": self._rng.randrange(100, 900)},
                {"name": self._name(), "package_weight_g": self._rng.randrange(100, 900)},
                {"name": None},
                {"price": None},
            )
        )
        return Operation(Kind.EDIT, number, {"changes": changes})

    def _complete(self) -> Operation | None:
        blank = [number for number, record in self._model.records.items() if len(record.own) < len(products.COMPLETION)]
        number = self._pick(blank)
        return None if number is None else Operation(Kind.EDIT, number, {"changes": products.COMPLETION})

    def _clear(self) -> Operation | None:
        number = self._pick(self._model.records)
        return None if number is None else Operation(Kind.EDIT, number, {"changes": {"package_weight_g": None}})

    def _bulk_edit(self) -> Operation | None:
        numbers = sorted(self._model.records)
        if not numbers:
            return None
        some = self._rng.sample(numbers, min(len(numbers), self._rng.randrange(2, 8)))
        changes: dict[str, Any] = {"package_weight_g": self._rng.randrange(100, 900)}
        return Operation(Kind.BULK_EDIT, None, {"product_nos": some, "changes": changes}, about=frozenset(some))

    def _stock(self) -> Operation | None:
        """Set stock, mostly of SKUs that have none."""
        records = self._model.records
        lacking = [n for n, record in records.items() if any(not number for number in record.stock.values())]
        number = self._pick(lacking if lacking and self._rng.random() < 0.7 else records)
        if number is None:
            return None
        stock = records[number].stock
        keys = [key for key, count in stock.items() if not count] or list(stock)
        return Operation(
            Kind.STOCK, number, {"key": self._rng.choice(keys), "quantity": self._rng.choice((0, *range(1, 30)))}
        )

    def _switch(self) -> Operation | None:
        """Two thirds are switched ON; products gone upstream are more often switched OFF (DL-6)."""
        number = self._pick(self._model.records)
        if number is None:
            return None
        gone = number not in self._model.upstream
        return Operation(Kind.SWITCH, number, {"on": self._rng.random() < (0.3 if gone else 0.65)})

    def _too_late(self) -> Operation | None:
        """The merchant's browser still shows a product that is gone."""
        number = self._pick([number for number in self._model.buried if number not in self._model.upstream])
        if number is None:
            return None
        if self._rng.random() < 0.5:
            return Operation(Kind.SWITCH, number, {"on": True})
        return Operation(Kind.EDIT, number, {"changes": {"name": self._name(), "package_weight_g": 777}})

    def _set_mode(self) -> Operation:
        return Operation(Kind.SETTINGS, args={"mode": self._rng.choice(("manual", "auto", "scheduled"))})

    # Seller Center ------------------------------------------------------------------------------------------

    def _hide(self) -> Operation | None:
        # LY-3 is about products on sale. What a push does to the seller's edit of a hidden one is left out.
        number = self._listed(lambda listing: listing.sale is Sale.LIVE and not listing.retitled)
        return None if number is None else Operation(Kind.HIDE, number)

    def _sell(self) -> Operation | None:
        number = self._listed(lambda listing: listing.on_sale and any(listing.stock.values()))
        if number is None:
            return None
        stock = self._model.listings()[number].stock
        key = self._rng.choice([key for key, count in stock.items() if count])
        return Operation(Kind.SELL, number, {"key": key, "quantity": self._rng.randrange(0, 60)})

    def _retitle(self) -> Operation | None:
        number = self._listed(lambda listing: listing.sale is Sale.LIVE)
        return None if number is None else Operation(Kind.RETITLE, number, {"title": f"店主の題名 {self._next()}"})

    def _delete_listing(self) -> Operation | None:
        number = self._listed(lambda listing: listing.sale in {Sale.LIVE, Sale.HIDDEN})
        return None if number is None else Operation(Kind.DELETE_LISTING, number)

    def _listed(self, wanted: Callable[[Listing], bool]) -> str | None:
        return self._pick([number for number, listing in self._model.listings().items() if wanted(listing)])

    # Chance -------------------------------------------------------------------------------------------------

    def _pick(self, numbers: Any) -> str | None:
        """One of them. Sorted, so that the order of a dict does not matter."""
        known = sorted(numbers)
        return self._rng.choice(known) if known else None

    def _members(self) -> dict[str, Any]:
        return products.new_product(self._rng, self._clock(), self._next())

    def _name(self) -> str:
        return products.name_of(self._rng, self._next())

    def _price(self) -> int:
        return products.price_of(self._rng)

    def _next(self) -> int:
        self._revision += 1
        return self._revision
