"""Carries operations out, on the sandboxes and over Kafka, and tells them to the model."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from shopsync_contracts.events import (
    EditChanges,
    ImportRequested,
    ProductEdited,
    ProductsBulkEdited,
    ShopSettingsChanged,
    StockEdit,
    SyncRequested,
    SyncSettings,
    SyncTargetSet,
)
from shopsync_contracts.topics import IMPORT_COMMANDS, SYNC_COMMANDS
from shopsync_rehearsals.month.idle import PATIENCE, IdleWatch, NotIdle
from shopsync_rehearsals.month.import_scope import Fault, listed, window_of
from shopsync_rehearsals.month.model.shop import Model
from shopsync_rehearsals.month.operations import Kind, Log, Operation
from shopsync_rehearsals.month.world import SHOP, Services, World
from shopsync_sandbox.shop import JST, Product
from shopsync_sandbox.tiktok.state.model import Product as Listed
from shopsync_testkit.polling import eventually

_MOST_TRIES = 20
AUTO_MINUTES = 720
SCHEDULED_TIME = "18:00"


class Executor:
    """After `do`, the model knows the operation, and the pipeline is idle again if it had work."""

    def __init__(self, world: World, services: Services, model: Model, idle: IdleWatch) -> None:
        self._world = world
        self._services = services
        self._model = model
        self._idle = idle
        self.log = Log()
        self._methods: dict[Kind, Callable[[Operation], Awaitable[str | None]]] = {
            Kind.REGISTER: self._register,
            Kind.EDIT_UPSTREAM: self._edit_upstream,
            Kind.STOCK_UPSTREAM: self._stock_upstream,
            Kind.DELETE_UPSTREAM: self._delete_upstream,
            Kind.EDIT: self._edit,
            Kind.BULK_EDIT: self._bulk_edit,
            Kind.STOCK: self._stock,
            Kind.SWITCH: self._switch,
            Kind.IMPORT: self._import,
            Kind.SYNC: self._sync,
            Kind.REVIEW: self._review,
            Kind.HIDE: self._hide,
            Kind.SELL: self._sell,
            Kind.RETITLE: self._retitle,
            Kind.DELETE_LISTING: self._delete_listing,
            Kind.NIGHT: self._night,
            Kind.TIMING: self._timing,
            Kind.SETTINGS: self._set_mode,
        }

    async def do(self, operation: Operation, pause: timedelta) -> None:
        """Let `pause` pass, then carry the operation out."""
        self._world.clock.forward(pause)
        at = self._world.clock()
        self.log.add(at, operation)
        outcome = await self._methods[operation.kind](operation)
        if outcome:
            self.log.lines[-1] = (at, operation, outcome)

    # futureshop ---------------------------------------------------------------------------------------------

    async def _register(self, operation: Operation) -> None:
        self._model.registered(self._upsert(operation, operation.args["members"], touch=True))

    async def _edit_upstream(self, operation: Operation) -> None:
        self._model.registered(self._upsert(operation, operation.args["changes"], touch=operation.args["touch"]))

    def _upsert(self, operation: Operation, changes: dict[str, Any], *, touch: bool) -> Product:
        return self._world.futureshop.upsert(_number(operation), shop_key=SHOP, touch=touch, changes=changes)

    async def _stock_upstream(self, operation: Operation) -> None:
        args = operation.args
        product = self._world.futureshop.set_stock(
            _number(operation), args["stock"], shop_key=SHOP, touch=args["touch"]
        )
        self._model.registered(product)

    async def _delete_upstream(self, operation: Operation) -> None:
        self._world.futureshop.delete([_number(operation)], shop_key=SHOP)
        self._model.unregistered(_number(operation))

    # The tool. Nothing answers these, so nothing waits for them ---------------------------------------------

    async def _edit(self, operation: Operation) -> None:
        changes = EditChanges.model_validate(operation.args["changes"], strict=False)
        await self._publish_edit(operation, changes)
        if _number(operation) in self._model.records:  # an edit of a deleted product brings nothing back (DL-13)
            self._model.edited(_number(operation), operation.args["changes"])

    async def _stock(self, operation: Operation) -> None:
        key, quantity = operation.args["key"], operation.args["quantity"]
        stock = (StockEdit(vertical_no=key[0], horizontal_no=key[1], quantity=quantity),)
        await self._publish_edit(operation, EditChanges(stock=stock))
        self._model.stocked(_number(operation), key, quantity)

    async def _publish_edit(self, operation: Operation, changes: EditChanges) -> None:
        edit = ProductEdited(
            shop_key=SHOP, product_no=_number(operation), edited_at=self._world.clock(), changes=changes
        )
        await self._world.publish([edit])

    async def _bulk_edit(self, operation: Operation) -> None:
        numbers, changes = operation.args["product_nos"], operation.args["changes"]
        body = ProductsBulkEdited(
            shop_key=SHOP,
            edited_at=self._world.clock(),
            product_nos=tuple(numbers),
            changes=EditChanges.model_validate(changes, strict=False),
        )
        await self._world.publish([body])
        # It is split into edits that go through Kafka again: they must be there before the next operation.
        await self._idle.until_idle()
        for number in numbers:
            self._model.edited(number, changes)

    async def _switch(self, operation: Operation) -> None:
        on = operation.args["on"]
        await self._world.publish([SyncTargetSet(shop_key=SHOP, product_no=_number(operation), sync_enabled=on)])
        if _number(operation) in self._model.records:
            self._model.switched(_number(operation), on=on)

    # Actions ------------------------------------------------------------------------------------------------

    async def _import(self, operation: Operation) -> str:
        mode = operation.args["mode"]
        at, asked = self._world.clock(), self._asked()
        with Fault(self._world, operation.args["fault"]) as fault:
            await self._world.publish([ImportRequested(shop_key=SHOP, mode=mode)])
            await self._idle.until_idle()
        return self._read(mode, at, asked, fault)

    def _asked(self) -> int:
        return len(self._world.futureshop.journal.entries(kind="products"))

    def _read(self, mode: str, at: datetime, asked: int, fault: Fault) -> str:
        """Tell the model what an import has read."""
        window = window_of(self._world.futureshop.journal.entries(kind="products")[asked:])
        seen, whole = fault.visible(listed(self._model.upstream.values(), window))
        proves: bool | None = whole and window is None
        if whole and mode == "changed_only" and window is None:
            proves = None  # the rules do not say whether this mode also proves absence
        self._model.imported(seen, at, overwrite_all=mode == "overwrite_all", proves=proves)
        read = "the shop" if window is None else f"changes since {window.astimezone(JST):%m-%d %H:%M}"
        return f"read {len(seen)} of {read}"

    async def _sync(self, operation: Operation) -> None:
        numbers = operation.args["product_nos"]
        wanted = None if numbers is None else tuple(numbers)
        await self._world.publish([SyncRequested(shop_key=SHOP, product_nos=wanted, reason="manual")])
        await self._idle.until_idle()
        self._model.synced(numbers, by_hand=True)
        await self._learn_links()

    async def _review(self, operation: Operation) -> None:
        for number, verdict in operation.args["verdicts"].items():
            listing = self._model.listings()[number]
            product = self._product(number)
            if verdict == "approve":
                self._world.tiktok.reviews.approve(product)
                listing.approve()
            else:
                self._world.tiktok.reviews.reject(product, "説明が足りません")
                listing.reject()
        await self._idle.until_idle()

    async def _timing(self, operation: Operation) -> str:
        """連携設定: 自動連携 imports and sends (Q2), 任意の時間に連携 only sends. The catalog's own clock starts it."""
        auto = self._model.mode == "auto"
        topic = (IMPORT_COMMANDS if auto else SYNC_COMMANDS).full_name(self._world.prefix)
        before = await self._idle.published(topic)
        self._world.clock.until(operation.args["at"] + timedelta(seconds=1))
        at, asked = self._world.clock(), self._asked()

        async def started() -> bool:
            return await self._idle.published(topic) > before

        await eventually(started, timeout=PATIENCE, what="the timed sync")
        await self._idle.until_idle()
        outcome = self._read("changed_only", at, asked, Fault(self._world, None)) if auto else ""
        self._model.synced(None, by_hand=False)  # RB-1
        await self._learn_links()
        return outcome

    async def _set_mode(self, operation: Operation) -> None:
        mode = operation.args["mode"]
        sync = SyncSettings(mode=mode, interval_minutes=AUTO_MINUTES, times=(SCHEDULED_TIME,))
        await self._world.publish([ShopSettingsChanged(shop_key=SHOP, sync=sync)])
        await self._idle.until_idle()
        self._model.mode = mode

    async def _night(self, operation: Operation) -> str:
        """03:30. The janitor's own clock starts the sweep. Time moves on for a sweep that waits to try again."""
        fault = operation.args["fault"]
        at, asked = self._world.clock(), self._asked()
        with Fault(self._world, fault) as active:
            if operation.args["overlap"]:  # scenario 74
                await self._world.publish([ImportRequested(shop_key=SHOP, mode="overwrite_all")])
            await self._start_sweep()
            await self._finish_sweep()
        if operation.args["overlap"]:
            self._read("overwrite_all", at, asked, active)
        gone = self._model.night(proven=fault is None)
        return f"deleted {', '.join(gone) or 'nothing'}"

    async def _start_sweep(self) -> None:
        sweeps = self._world.database["sweeps"]
        before = await sweeps.count_documents({})
        await self._services.trigger_night()

        async def started() -> bool:
            return bool(await sweeps.count_documents({}) > before)

        await eventually(started, timeout=PATIENCE, what="the nightly sweep")

    async def _finish_sweep(self) -> None:
        for _ in range(_MOST_TRIES):
            await self._idle.until_idle()
            again = await self._idle.sweep_waits_until()
            if again is None:
                return
            self._world.clock.until(again + timedelta(seconds=1))
        raise NotIdle("the sweep did not end during the night")

    # Seller Center ------------------------------------------------------------------------------------------

    async def _hide(self, operation: Operation) -> None:
        self._world.tiktok.lifecycle.hide(self._product(_number(operation)))
        self._model.listings()[_number(operation)].hide()
        await self._idle.until_idle()

    async def _sell(self, operation: Operation) -> None:
        number, key, quantity = _number(operation), operation.args["key"], operation.args["quantity"]
        listing = self._model.listings()[number]
        [sku_id] = [sku_id for sku_id, each in listing.ids.items() if each == key]
        self._world.tiktok.set_stock(self._product(number), sku_id, quantity)
        listing.stock[key] = quantity

    async def _retitle(self, operation: Operation) -> None:
        number, title = _number(operation), operation.args["title"]
        product = self._product(number)
        self._world.tiktok.edit_title(product, title)
        await self._idle.until_idle()
        self._world.tiktok.reviews.approve(product)
        self._model.retitled(number, title)
        await self._idle.until_idle()

    async def _delete_listing(self, operation: Operation) -> None:
        self._world.tiktok.lifecycle.delete(self._product(_number(operation)))
        self._model.listings()[_number(operation)].delete()
        await self._idle.until_idle()

    def _product(self, number: str) -> Listed:
        return self._world.tiktok.product(self._model.listings()[number].tiktok_id)

    async def _learn_links(self) -> None:
        """Record TikTok's ids of new listings, for `compare` to check that they never change."""
        for number, listing in self._model.listings().items():
            document = await self._world.database["products"].find_one({"_id": f"{SHOP}/{number}"})
            if document is not None and document["tiktok_product_id"] is not None:
                listing.tiktok_id = listing.tiktok_id or document["tiktok_product_id"]
                skus = {sku["tiktok_sku_id"]: (sku["vertical_no"], sku["horizontal_no"]) for sku in document["skus"]}
                listing.ids |= {sku_id: key for sku_id, key in skus.items() if sku_id is not None}


def _number(operation: Operation) -> str:
    if operation.product_no is None:
        raise ValueError(f"{operation.kind} needs a product")
    return operation.product_no
