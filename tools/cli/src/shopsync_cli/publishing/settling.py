"""What all commands share that publish edits: publish, wait if wanted, and tell what became of each."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.events import publish_events
from shopsync_cli.publishing.following import follow
from shopsync_cli.publishing.outcomes import Fate, Outcome, Sent
from shopsync_cli.publishing.trail import trail
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say
from shopsync_contracts import Event, ShopBody
from shopsync_readmodel.statuses import in_words

Publish = Callable[[], Awaitable[list[Sent]]]
COLUMNS = ("product", "what", "fate", "version", "状態", "because")


async def publish_and_settle(
    there: Cluster, publish: Publish, *, mongo: MongoSettings | None, seconds: float
) -> list[Outcome]:
    """Publish; with `mongo`, wait until it is known what became of each message, for `seconds` at most."""
    if mongo is None:
        return [Outcome(one, Fate.PUBLISHED) for one in await publish()]
    async with connected(mongo) as database, trail(there) as following:
        # Asked before anything is published: a wrong database or password must not come to light afterwards.
        await database["products"].find_one({}, {"_id": 1})
        sent = await publish()
        return await follow(there, database, following, sent, seconds=seconds)


def publishing(there: Cluster, events: Sequence[Event[ShopBody]]) -> Publish:
    """Publishes these events."""
    return partial(publish_events, there, events)


def tell(outcomes: Sequence[Outcome], *, as_json: bool, shown: Sequence[Outcome] | None = None) -> None:
    """Print them (`shown` alone in the table). Raises CommandFailed when one of them needs somebody."""
    if as_json:
        print_json([one.document() for one in outcomes])
    else:
        print_table(COLUMNS, map(_row, outcomes if shown is None else shown))
    counts = {fate: sum(one.fate is fate for one in outcomes) for fate in Fate}
    bad = {fate: count for fate, count in counts.items() if count and not fate.is_good}
    if bad:
        told = ", ".join(f"{count} {fate.value}" for fate, count in bad.items())
        has_letter = any(one.fate is Fate.REFUSED and one.error_type for one in outcomes)
        hint = "; refused ones: `shopsync dead-letters list`" if has_letter else ""
        raise CommandFailed(f"of {len(outcomes)}: {told}{hint}")
    if not as_json and len(outcomes) > 1:
        say(", ".join(f"{count} {fate.value}" for fate, count in counts.items() if count))


def _row(one: Outcome) -> tuple[object, ...]:
    because = f"{one.error_type}: {one.reason}" if one.error_type else one.reason
    status = None if one.status is None else in_words(one.status)
    return one.subject, one.sent.type, one.fate.value, one.version, status, because
