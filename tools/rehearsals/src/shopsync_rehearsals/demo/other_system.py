"""Another system on the same topics, as unpleasant as Kafka allows. The shop of the story must not be affected."""

import asyncio
import base64
import contextlib
import json
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from shopsync_contracts import Event, ShopBody, new_event, topic_of
from shopsync_contracts.events import ProductChanged, ShopSettingsChanged, SyncTargetSet
from shopsync_contracts.events.upstream import UpstreamProduct, UpstreamSku
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_rehearsals.bus import Follower
from shopsync_rehearsals.demo.stack import SHOP

OTHER_SHOP = "outlet"
TOO_LARGE = "TOO-LARGE"
SOURCE = "/demo/other-system"
_MEMBER = "description"
_PAUSE_SECONDS = 0.2
_PRODUCTS = 12
_ABORTED_OF = 3  # one transaction in three is aborted
_MOST_TARGETS = 20
_ENVELOPE = 4_096  # room for everything but the description in the message that is too large


class OtherSystem:
    """Writes products of its own shop in transactions, which leave their markers at the ends of the partitions.

    The aborted transactions would do harm: they hold products that do not exist, and switch products of the story's
    shop ON. One product, sent between the transactions, is far too large: its description is one big inline image.
    """

    def __init__(self, producer: AIOKafkaProducer, prefix: str, follower: Follower) -> None:
        self._producer = producer
        self._prefix = prefix
        self._follower = follower
        self.committed: set[str] = set()
        self.aborted: set[str] = set()
        self.targets_aborted = 0

    async def run(self) -> None:
        """Write until cancelled. The open transaction is finished first."""
        await self._transaction([ShopSettingsChanged(shop_key=OTHER_SHOP)])
        await self._too_large()
        number = 0
        while True:
            number += 1
            await asyncio.shield(self._write_and_abort(number) if number % _ABORTED_OF == 0 else self._write(number))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _write(self, number: int) -> None:
        names = [f"T-{number}-{count}" for count in range(_PRODUCTS)]
        targets = [SyncTargetSet(shop_key=OTHER_SHOP, product_no=name, sync_enabled=False) for name in names]
        await self._transaction([*map(product, names), *targets])
        self.committed.update(names)

    async def _write_and_abort(self, number: int) -> None:
        names = [f"GHOST-{number}-{count}" for count in range(_PRODUCTS)]
        off = [one.product_no for one in self._follower.snapshots.values() if not one.sync_enabled][:_MOST_TARGETS]
        targets = [SyncTargetSet(shop_key=SHOP, product_no=name, sync_enabled=True) for name in off]
        await self._transaction([*map(product, names), *targets], abort=True)
        self.aborted.update(names)
        self.targets_aborted += len(off)

    async def _too_large(self) -> None:
        """Send a product whose description is one inline image. The contract's classes would refuse to make it."""
        document = json.loads(_event(product(TOO_LARGE)).to_bytes())
        room = PRODUCT_CHANGES.max_message_bytes - _ENVELOPE
        image = base64.b64encode(os.urandom(room * 3 // 4)).decode()
        document["data"]["product"][_MEMBER] = f'<img src="data:image/jpeg;base64,{image}">'
        topic = PRODUCT_CHANGES.full_name(self._prefix)
        async with self._producer.transaction():
            await self._producer.send_and_wait(topic, json.dumps(document).encode(), key=document["subject"].encode())

    async def _transaction(self, bodies: Sequence[ShopBody], *, abort: bool = False) -> None:
        await self._producer.begin_transaction()
        try:
            await asyncio.gather(*[await self._send(body) for body in bodies])
        except BaseException:
            await self._producer.abort_transaction()
            raise
        await (self._producer.abort_transaction() if abort else self._producer.commit_transaction())

    async def _send(self, body: ShopBody) -> "asyncio.Future[object]":
        event = _event(body)
        topic = topic_of(type(body)).full_name(self._prefix)
        queued: asyncio.Future[object] = await self._producer.send(topic, event.to_bytes(), key=event.key())
        return queued

    def findings(self) -> list[str]:
        """What is wrong, one line each; empty when exactly the committed data arrived."""
        known = {subject.partition("/")[2] for subject in self._follower.elsewhere}
        found = []
        if ghosts := known & self.aborted:
            found.append(f"in the catalogue, though of aborted transactions: {len(ghosts)}, {min(ghosts)} first")
        if missing := self.committed - known:
            found.append(f"missing, though of committed transactions: {len(missing)}, {min(missing)} first")
        if TOO_LARGE in known:
            found.append("the product that is too large is in the catalogue")
        if not (self.committed and self.targets_aborted):
            found.append("the other system had no time to write and to take back")
        letters = self._follower.letters_elsewhere
        if len(set(letters)) != 1 or _MEMBER not in letters[0]:
            found.append(f"the dead letters are not the one that names {_MEMBER}: {sorted(set(letters))}")
        return found


def product(number: str) -> ProductChanged:
    """A product of the other shop."""
    now = datetime.now(UTC)
    return ProductChanged(
        shop_key=OTHER_SHOP,
        product_no=number,
        mode="changed_only",
        observed_at=now,
        product=UpstreamProduct(
            updated_at=now,
            name=f"アウトレット {number}",
            sale_form="regular",
            regular_price=980,
            stock_managed=False,
            skus=(UpstreamSku(),),
        ),
    )


def _event(body: ShopBody) -> Event[ShopBody]:
    return new_event(body, source=SOURCE, id=str(uuid.uuid4()), time=datetime.now(UTC))


@contextlib.asynccontextmanager
async def interfering(bootstrap_servers: str, prefix: str, follower: Follower) -> AsyncIterator[OtherSystem]:
    """Let the other system write while the block runs. Its last transaction ends with the block."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        transactional_id=f"{prefix}.other-system",
        max_request_size=2 * PRODUCT_CHANGES.max_message_bytes,
    ) as producer:
        other = OtherSystem(producer, prefix, follower)
        task = asyncio.create_task(other.run(), name="demo-other-system")
        try:
            yield other
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
