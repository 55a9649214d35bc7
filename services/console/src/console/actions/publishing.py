"""Publishes what the merchant asked for, once per form: the form's id is the event's id.

The action is stored first, then published, then marked as sent. The same form again publishes again only when it was
not marked; two at once send one event, because only one of them gets the action and the other waits for it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import structlog
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from console.actions.double_clicks import DOUBLE_CLICK, first_click, mode_of
from console.errors import SettingsChanged, WrongForm
from console.metrics import ACTIONS
from console.model import Action, ActionKind
from console.store import ActionStore
from shopsync_contracts import Event, ShopBody, describe, topic_of
from shopsync_contracts.events import (
    EditChanges,
    ImportRequested,
    ProductEdited,
    ProductsBulkEdited,
    ShopSettingsChanged,
    SyncRequested,
    SyncSettings,
    SyncTargetSet,
    TaxDefaults,
)
from shopsync_contracts.times import to_the_millisecond
from shopsync_readmodel.shops.settings import ShopSettings, read_settings
from shopsync_readmodel.stored.effects import EditMarks
from shopsync_runtime import EventPublisher
from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database

log = structlog.get_logger(__name__)

PUBLISHED: tuple[type[ShopBody], ...] = (
    ProductEdited,
    SyncTargetSet,
    ProductsBulkEdited,
    ImportRequested,
    SyncRequested,
    ShopSettingsChanged,
)
ImportMode = Literal["changed_only", "overwrite_all"]

_NOT_ON_THE_SCREEN = frozenset({"category_version"})
_NUMBERS_PER_EVENT = 2_000
_AGAIN_SECONDS = 0.1

Settings = tuple[SyncSettings, TaxDefaults]
"""What the screen of 連携設定 shows."""
Make = Callable[[datetime], Sequence[ShopBody]]
"""The bodies of an action at its time: always the same ones, however often they are made."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an action is, whoever's form it came from. `added`: members that the console adds to what was entered."""

    kind: ActionKind
    make: Make
    product_nos: Sequence[str] | None = None
    marks: EditMarks | None = None
    mode: str | None = None
    chosen: Mapping[str, str] | None = None
    added: frozenset[str] = frozenset()


class Actions:
    """One shop's actions. What sends one returns the id under which it is followed.

    That is the form's own id, or another one when the form was sent before with other values. Raises KafkaError when
    Kafka does not take an action: the same form may be sent again.
    """

    def __init__(
        self,
        events: EventPublisher,
        store: ActionStore,
        database: Database,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._events = events
        self._store = store
        self._database = database
        self._clock = clock
        self._listeners: list[Callable[[Action], None]] = []

    def on_sent(self, listener: Callable[[Action], None]) -> None:
        """Tell this one of every action that is sent from here."""
        self._listeners.append(listener)

    async def edit(self, shop_key: str, product_no: str, changes: EditChanges, *, action_id: str) -> str:
        """Edit one product (ED-1, ED-2). Raises WrongForm when nothing is changed."""
        if not changes.model_fields_set:
            raise WrongForm("nothing is changed")

        def make(at: datetime) -> Sequence[ShopBody]:
            return [ProductEdited(shop_key=shop_key, product_no=product_no, edited_at=at, changes=changes)]

        return await self._send(shop_key, _Asked("edit", make, [product_no], EditMarks.of(changes)), action_id)

    async def switch(self, shop_key: str, product_no: str, sync_enabled: bool, *, action_id: str) -> str:
        """Switch 連携対象 of one product. The second click of a double click sends nothing, and has the first one's id.

        The first click's answer may have put the other switch under the pointer.
        """
        now = self._clock()
        latest = await self.latest(shop_key, now - DOUBLE_CLICK)
        first = first_click(latest, product_no, sync_enabled, action_id=action_id, now=now)
        if first is not None:
            return first.id

        def make(_at: datetime) -> Sequence[ShopBody]:
            return [SyncTargetSet(shop_key=shop_key, product_no=product_no, sync_enabled=sync_enabled)]

        asked = _Asked("switch", make, [product_no], EditMarks(target=True), mode_of(sync_enabled))
        return await self._send(shop_key, asked, action_id)

    async def bulk_edit(
        self,
        shop_key: str,
        product_nos: Sequence[str],
        changes: EditChanges,
        sync_enabled: bool | None,
        *,
        action_id: str,
        chosen: Mapping[str, str] | None = None,
    ) -> str:
        """The same changes for many products (ED-2, ED-6). `chosen`: the list's filter that takes them, if it is one.

        Raises WrongForm when there is nothing to do.
        """
        numbers = list(dict.fromkeys(product_nos))
        if not numbers or (not changes.model_fields_set and sync_enabled is None):
            raise WrongForm("no products, or nothing is changed")

        def make(at: datetime) -> Sequence[ShopBody]:
            return [
                ProductsBulkEdited(
                    shop_key=shop_key, edited_at=at, product_nos=some, changes=changes, sync_enabled=sync_enabled
                )
                for some in map(tuple, batched(numbers, _NUMBERS_PER_EVENT))
            ]

        marks = EditMarks.of(changes, target=sync_enabled is not None)
        return await self._send(shop_key, _Asked("bulk_edit", make, numbers, marks, chosen=chosen), action_id)

    async def request_import(self, shop_key: str, mode: ImportMode, *, action_id: str) -> str:
        """[情報を更新する] or [一括情報更新] (RA-1, RA-2)."""

        def make(_at: datetime) -> Sequence[ShopBody]:
            return [ImportRequested(shop_key=shop_key, mode=mode)]

        return await self._send(shop_key, _Asked("import", make, mode=mode), action_id)

    async def request_sync(self, shop_key: str, product_nos: Sequence[str] | None, *, action_id: str) -> str:
        """[同期] (RB-2): these products, or None for every ON product. Raises WrongForm for an empty list."""
        numbers = None if product_nos is None else list(dict.fromkeys(product_nos))
        if numbers == []:
            raise WrongForm("no products")

        def make(_at: datetime) -> Sequence[ShopBody]:
            if numbers is None:
                return [SyncRequested(shop_key=shop_key)]
            parts = map(tuple, batched(numbers, _NUMBERS_PER_EVENT))
            return [SyncRequested(shop_key=shop_key, product_nos=some) for some in parts]

        return await self._send(shop_key, _Asked("sync", make, numbers), action_id)

    async def save_settings(
        self, shop_key: str, sync: SyncSettings, tax: TaxDefaults, *, action_id: str, seen: Settings | None = None
    ) -> str:
        """連携設定. `seen`: what they replace; raises SettingsChanged when that is not what is stored by now.

        The message holds all settings of the shop, so what the screen does not show is read at the last moment. It is
        no part of what was asked for: the same form is the same action, also when an operator has changed it meanwhile.
        """
        stored = await read_settings(self._database, shop_key) or ShopSettings(SyncSettings(), TaxDefaults())
        if seen is not None and (stored.sync, stored.tax) not in (seen, (sync, tax)):
            raise SettingsChanged("others were stored meanwhile")

        def make(_at: datetime) -> Sequence[ShopBody]:
            return [
                ShopSettingsChanged(shop_key=shop_key, sync=sync, tax=tax, category_version=stored.category_version)
            ]

        return await self._send(shop_key, _Asked("settings", make, [], added=_NOT_ON_THE_SCREEN), action_id)

    async def recent(self, shop_key: str, limit: int = 50) -> list[Action]:
        """Newest first."""
        return await self._store.recent(shop_key, limit, self._clock())

    async def latest(self, shop_key: str, since: datetime) -> list[Action]:
        """Those whose end is not known yet, and those asked for since then, newest first."""
        return await self._store.latest(shop_key, since, self._clock())

    async def open_of(self, shop_key: str) -> list[Action]:
        """Those whose end is not known yet, newest first."""
        return [one for one in await self.latest(shop_key, self._clock()) if one.is_open]

    async def get(self, shop_key: str, action_id: str) -> Action | None:
        """One action of the shop."""
        return await self._store.get(shop_key, action_id, self._clock())

    async def is_sent(self, shop_key: str, action_id: str) -> bool:
        """Whether this form was sent, or is being sent now. For forms whose products are looked up again each time."""
        known = await self.get(shop_key, action_id)
        return known is not None and known.state != "unknown"

    # Sending ------------------------------------------------------------------------------------------------

    async def _send(self, shop_key: str, asked: _Asked, action_id: str) -> str:
        now = to_the_millisecond(self._clock())
        count, digest, id_ = len(_made(asked.make, now)), _digest(asked), _uuid(action_id)
        numbers = asked.product_nos
        while True:
            action = Action(
                id=id_,
                shop_key=shop_key,
                kind=asked.kind,
                product_nos=None if numbers is None else tuple(numbers),
                count=None if numbers is None else len(numbers),
                sent_at=now,
                state="sent",
                event_ids=tuple(_event_ids(id_, count)),
                marks=asked.marks,
                mode=asked.mode,
                chosen=asked.chosen,
                is_confirmed=False,
            )
            claim = await self._store.claim(action, digest, self._clock())
            if claim.digest != digest:
                # The same form with other values, sent after "back": another fact, so it has another id.
                id_ = str(uuid5(UUID(id_), digest))
            elif claim.is_sent:
                return id_
            elif claim.is_mine:
                await self._publish(action, _made(asked.make, claim.sent_at), claim.sent_at)
                return id_
            else:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _publish(self, action: Action, bodies: Sequence[ShopBody], at: datetime) -> None:
        events: list[Event[ShopBody]] = [
            self._events.event(body, id=one, time=at) for one, body in zip(action.event_ids, bodies, strict=True)
        ]
        try:
            await self._events.publish_all([(topic_of(type(event.data)), event) for event in events])
        except BaseException as error:
            # Also when the merchant's browser is gone: the next one with this form must not wait for the lease.
            await asyncio.shield(self._store.release(action.shop_key, action.id))
            if isinstance(error, KafkaError):
                log.warning("an action could not be published", shop_key=action.shop_key, action_id=action.id)
            raise
        await self._store.mark_sent(action.shop_key, action.id)
        ACTIONS.labels(bodies[0].TYPE).inc()
        log.info("action sent", shop_key=action.shop_key, action_id=action.id, kind=action.kind)
        for listener in self._listeners:
            listener(action)


def _made(make: Make, at: datetime) -> Sequence[ShopBody]:
    try:
        return make(at)
    except ValidationError as error:
        raise WrongForm(describe(error)) from None


def _uuid(action_id: str) -> str:
    """As a UUID is written. Raises WrongForm for anything else: the id comes from a form."""
    try:
        return str(UUID(action_id))
    except ValueError:
        raise WrongForm("the form has no id of its own") from None


def _event_ids(action_id: str, count: int) -> list[str]:
    """The first event has the action's own id."""
    return [action_id, *(str(uuid5(UUID(action_id), str(number))) for number in range(1, count))]


_ANY_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _digest(asked: _Asked) -> str:
    """Of what was entered, without the time."""
    bodies = asked.make(_ANY_TIME)
    text = "\n".join(f"{body.TYPE} {body.model_dump_json(exclude=set(asked.added))}" for body in bodies)
    return hashlib.sha256(text.encode()).hexdigest()
