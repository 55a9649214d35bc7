from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.text import Text

from shopsync_cli.commands.context import AsJson, cluster, optional_mongo
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.kafka.cluster import Cluster, run
from shopsync_cli.kafka.records import one
from shopsync_cli.kafka.topic_names import find_spec
from shopsync_cli.letters.letter import Filter, Letter, Plan, letter_of, newest_per_record, plan
from shopsync_cli.letters.reading import read_letters, send_back
from shopsync_cli.letters.states import LetterState, Standing
from shopsync_cli.moments import read_moment
from shopsync_cli.publishing.events import now
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.messages import headers_of
from shopsync_cli.views.output import out, print_json, print_table, say, show, visible, warn
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime.wording import counted

app = typer.Typer(no_args_is_help=True, help="Messages that no service could accept: look, and send back.")

Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only letters from this topic; repeat for more.")]
EventType = Annotated[str | None, typer.Option("--type", help="Only this event type, such as product.changed.")]
ErrorType = Annotated[str | None, typer.Option("--error", help="Only this reason, such as WrongShape.")]
Since = Annotated[str | None, typer.Option(help="Only letters since then: 30m, 2h, 7d, or a date and time.")]
Shop = Annotated[str | None, typer.Option(help="Only this shop.")]

_COLUMNS = ("place", "state", "failed at", "from", "service", "type", "key", "reason")
_OPEN = LetterState.OPEN

ORDER_WARNING = (
    "order: these messages go to the end of their topics, behind newer messages of the same products. The rules compare"
    " times, so older facts do not overwrite newer ones; commands are carried out again."
)


@app.command("list")
def list_letters(
    ctx: typer.Context,
    *,
    topic: Topics = None,
    event_type: EventType = None,
    error_type: ErrorType = None,
    since: Since = None,
    shop: Shop = None,
    every: Annotated[bool, typer.Option("--all", help="Also those redriven, and records put aside twice.")] = False,
    as_json: AsJson = False,
) -> None:
    """The open dead letters, oldest first; --all also shows those that were redriven, and what became of them."""
    there = cluster(ctx)
    chosen = _filter(there, topics=topic, event_type=event_type, error_type=error_type, since=since, shop=shop)
    found = run(read_letters(there, optional_mongo(ctx)))
    for words in chosen.unmatched(found.letters):
        warn(words)
    letters = sorted(filter(chosen.takes, found.letters), key=lambda letter: (letter.failed_at, letter.origin))
    cases = newest_per_record(letters)
    shown = letters if every else [one for one in cases if found.standing(one).state is LetterState.OPEN]
    if as_json:
        print_json([_as_json(letter, found.standing(letter)) for letter in shown])
        return
    print_table(_COLUMNS, [_row(letter, found.standing(letter)) for letter in shown])
    counts = found.count(cases)
    told = (f"{counts.get(state, 0)} {state.value}" for state in LetterState if state is _OPEN or counts.get(state))
    say(f"{counted(len(cases), 'dead letter')}: {', '.join(told)}")
    if len(cases) < len(letters):
        say(f"{counted(len(letters) - len(cases), 'more is', 'more are')} of records that were put aside before")
    if len(shown) < len(letters):
        say("--all shows the others")


@app.command("show")
def show_letter(
    ctx: typer.Context,
    place: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` shows; or PARTITION OFFSET.")],
    offset: Annotated[str | None, typer.Argument(metavar="[OFFSET]")] = None,
    as_json: AsJson = False,
) -> None:
    """One dead letter whole: reason, headers, key and value."""
    there = cluster(ctx)
    letter = run(_read_one(there, *_place(place if offset is None else f"{place}:{offset}")))
    standing = run(read_letters(there, optional_mongo(ctx))).standings.get(letter.full_place, Standing(_OPEN))
    if as_json:
        print_json(_as_json(letter, standing))
        return
    console = out()
    value = letter.record.value
    print_table(
        ("", ""),
        [("place", letter.full_place), ("state", _state(standing)), *headers_of(letter.record).items()],
        console=console,
    )
    console.print(Text(visible(f"key    {_text(letter.record.key)}", in_one_line=True)))
    console.print(Text(f"value  {'null' if value is None else counted(len(value), 'byte')}"))
    console.print(Text(visible(_text(value))), soft_wrap=True)


@app.command("redrive")
def redrive(
    ctx: typer.Context,
    *,
    places: Annotated[
        list[str] | None, typer.Argument(metavar="[PARTITION:OFFSET]...", help="As `list` shows.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    topic: Topics = None,
    event_type: EventType = None,
    error_type: ErrorType = None,
    since: Since = None,
    shop: Shop = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were redriven before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send dead letters back to where they came from: value, key and headers unchanged.

    The letters stay in the dead-letter topic and are marked: a second run leaves them out, unless --again is given.
    """
    there = cluster(ctx)
    chosen = _filter(
        there, topics=topic, event_type=event_type, error_type=error_type, since=since, shop=shop, places=places or ()
    )
    if chosen.empty is not every:
        raise WrongCall("say which: --all, or filters or PARTITION:OFFSET (one or the other)")
    warn(ORDER_WARNING)
    made, sent = run(_redrive(there, chosen, optional_mongo(ctx), again=again, dry_run=dry_run))
    _tell(made, sent=sent, dry_run=dry_run, as_json=as_json)
    if chosen.places and len(made.send) + len(made.left_out) < len(chosen.places):
        raise CommandFailed("some of the given places hold no dead letter")


def _tell(made: Plan, *, sent: int, dry_run: bool, as_json: bool) -> None:
    counts = made.count_by_topic()
    if as_json:
        print_json({"dry_run": dry_run, "sent": sent, "to_send": counts, "left_out": made.count_left_out()})
        return
    rows = [*counts.items(), *((f"left out: {why}", count) for why, count in made.count_left_out().items())]
    print_table(("topic", "messages"), rows)
    say(f"{len(made.send)} would be redriven; nothing was sent" if dry_run else f"{sent} redriven")


def _filter(
    there: Cluster,
    *,
    topics: list[str] | None,
    event_type: str | None,
    error_type: str | None,
    since: str | None,
    shop: str | None,
    places: Iterable[str] = (),
) -> Filter:
    return Filter(
        # A topic that is not declared (any more) may still have letters: then the name is taken as it is.
        topics=tuple(there.name(spec) if (spec := find_spec(t, there.prefix)) else t for t in topics or ()),
        event_type=event_type,
        error_type=error_type,
        shop_key=shop,
        since=read_moment(since, now=now()) if since else None,
        places=frozenset(map(_place, places)),
    )


def _place(text: str) -> tuple[int, int]:
    partition, _, offset = text.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise WrongCall(f"{text!r}: write PARTITION:OFFSET, as `shopsync dead-letters list` shows it")
    return int(partition), int(offset)


async def _read_one(there: Cluster, partition: int, offset: int) -> Letter:
    name = there.name(DEAD_LETTERS)
    found = [part for part in (await there.partitions([name]))[name] if part.partition == partition]
    if not found:
        raise CommandFailed(f"{name} has no partition {partition}")
    async with there.consumer() as consumer:
        return letter_of(await one(consumer, found[0], offset))


async def _redrive(
    there: Cluster, chosen: Filter, mongo: MongoSettings | None, *, again: bool, dry_run: bool
) -> tuple[Plan, int]:
    found = await read_letters(there, mongo)
    for words in chosen.unmatched(found.letters):
        warn(words)

    def settled(letter: Letter) -> str:
        state = found.standing(letter).state
        if state is LetterState.FAILED_AGAIN:
            return "redriven before and failed again: the newer letter counts"
        return "" if again or state is _OPEN else f"redriven before ({state.value}); --again sends it once more"

    made = plan(filter(chosen.takes, found.letters), settled, existing_topics=await there.topics(), prefix=there.prefix)
    if dry_run or not made.send:
        return made, 0
    return made, await send_back(there, made.send)


def _state(standing: Standing) -> str:
    if standing.place is None:
        return standing.state.value
    return f"{standing.state.value}: sent back {show(standing.at)} to {standing.place}"


def _row(letter: Letter, standing: Standing) -> tuple[Any, ...]:
    topic, partition, offset = letter.source
    reason = f"{letter.error_type}: {letter.error}"
    return (
        letter.place,
        standing.state.value,
        letter.failed_at,
        f"{topic}/{partition}@{offset}",
        letter.service,
        letter.event_type or None,
        _text(letter.record.key),
        f"{reason} (redriven from {letter.redriven_from})" if letter.redriven_from else reason,
    )


def _as_json(letter: Letter, standing: Standing) -> dict[str, Any]:
    record = letter.record
    return {
        "place": letter.place,
        "state": standing.state.value,
        "redriven_to": standing.place,
        "redriven_at": standing.at,
        "failed_at": letter.failed_at,
        "topic": letter.topic,
        "partition": letter.source[1],
        "offset": letter.source[2],
        "service": letter.service,
        "error_type": letter.error_type,
        "error": letter.error,
        "redriven_from": letter.redriven_from or None,
        "event_type": letter.event_type or None,
        "shop_key": letter.shop_key or None,
        "key": None if record.key is None else _text(record.key),
        "value": None if record.value is None else _text(record.value),
        "headers": headers_of(record),
    }


def _text(value: bytes | None) -> str:
    return "null" if value is None else value.decode(errors="backslashreplace")
