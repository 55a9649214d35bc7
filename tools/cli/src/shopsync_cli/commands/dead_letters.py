from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from shopsync_cli.commands.context import cluster_of, optional_mongo_of, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.records import read_record
from shopsync_cli.kafka.topic_names import find_spec
from shopsync_cli.letters.filter import LetterFilter, newest_per_record
from shopsync_cli.letters.letter import Letter, letter_of
from shopsync_cli.letters.reading import read_letters
from shopsync_cli.letters.redriving import RedrivePlan, plan_redrive, send_back
from shopsync_cli.letters.states import LetterOutcome, LetterState
from shopsync_cli.moments import now, read_moment
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.letters import LETTER_COLUMNS, letter_document, letter_row, print_letter
from shopsync_cli.views.output import print_json, print_table, say, warn
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime.wording import counted

app = typer.Typer(no_args_is_help=True, help="Messages that no service could accept: look, and send back.")

Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only letters from this topic; repeat for more.")]
EventType = Annotated[str | None, typer.Option("--type", help="Only this event type, such as product.changed.")]
ErrorType = Annotated[str | None, typer.Option("--error", help="Only this reason, such as WrongShape.")]
Since = Annotated[str | None, typer.Option(help="Only letters since then: 30m, 2h, 7d, or a date and time.")]
Shop = Annotated[str | None, typer.Option(help="Only this shop.")]

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
    cluster = cluster_of(ctx)
    chosen = LetterFilter(
        topics=_topics(cluster, topic), event_type=event_type, error_type=error_type, shop_key=shop, since=_since(since)
    )
    found = run(read_letters(cluster, optional_mongo_of(ctx)))
    for words in chosen.unmatched(found.letters):
        warn(words)
    letters = sorted(filter(chosen.takes, found.letters), key=lambda letter: (letter.failed_at, letter.origin))
    cases = newest_per_record(letters)
    shown = letters if every else [one for one in cases if found.outcome(one).state is LetterState.OPEN]
    if as_json:
        print_json([letter_document(letter, found.outcome(letter)) for letter in shown])
        return
    print_table(LETTER_COLUMNS, [letter_row(letter, found.outcome(letter)) for letter in shown])
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
    """One dead letter: reason, headers, key and value."""
    cluster = cluster_of(ctx)
    letter = run(_read_one(cluster, *_place(place if offset is None else f"{place}:{offset}")))
    outcome = run(read_letters(cluster, optional_mongo_of(ctx))).outcomes.get(letter.full_place, LetterOutcome(_OPEN))
    if as_json:
        print_json(letter_document(letter, outcome))
    else:
        print_letter(letter, outcome)


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
    cluster = cluster_of(ctx)
    chosen = LetterFilter(
        topics=_topics(cluster, topic),
        event_type=event_type,
        error_type=error_type,
        shop_key=shop,
        since=_since(since),
        places=frozenset(map(_place, places or ())),
    )
    if chosen.empty is not every:
        raise WrongCall("say which: --all, or filters or PARTITION:OFFSET (one or the other)")
    warn(ORDER_WARNING)
    made, sent = run(_redrive(cluster, chosen, optional_mongo_of(ctx), again=again, dry_run=dry_run))
    _print_plan(made, sent=sent, dry_run=dry_run, as_json=as_json)
    if chosen.places and len(made.send) + len(made.left_out) < len(chosen.places):
        raise CommandFailed("some of the given places hold no dead letter")


def _print_plan(made: RedrivePlan, *, sent: int, dry_run: bool, as_json: bool) -> None:
    counts = made.count_by_topic()
    if as_json:
        print_json({"dry_run": dry_run, "sent": sent, "to_send": counts, "left_out": made.count_left_out()})
        return
    rows = [*counts.items(), *((f"left out: {why}", count) for why, count in made.count_left_out().items())]
    print_table(("topic", "messages"), rows)
    say(f"{len(made.send)} would be redriven; nothing was sent" if dry_run else f"{sent} redriven")


def _topics(cluster: Cluster, given: Sequence[str] | None) -> tuple[str, ...]:
    # A topic that is no longer declared may still have letters: its name is used as it is.
    return tuple(cluster.name(spec) if (spec := find_spec(one, cluster.prefix)) else one for one in given or ())


def _since(text: str | None) -> datetime | None:
    return read_moment(text, now=now(), option="--since") if text else None


def _place(text: str) -> tuple[int, int]:
    partition, _, offset = text.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise WrongCall(f"{text!r}: write PARTITION:OFFSET, as `shopsync dead-letters list` shows it")
    return int(partition), int(offset)


async def _read_one(cluster: Cluster, partition: int, offset: int) -> Letter:
    name = cluster.name(DEAD_LETTERS)
    found = [part for part in (await cluster.partitions([name]))[name] if part.partition == partition]
    if not found:
        raise CommandFailed(f"{name} has no partition {partition}")
    async with cluster.consumer() as consumer:
        return letter_of(await read_record(consumer, found[0], offset))


async def _redrive(
    cluster: Cluster, chosen: LetterFilter, mongo: MongoSettings | None, *, again: bool, dry_run: bool
) -> tuple[RedrivePlan, int]:
    found = await read_letters(cluster, mongo)
    for words in chosen.unmatched(found.letters):
        warn(words)

    def settled(letter: Letter) -> str:
        state = found.outcome(letter).state
        if state is LetterState.FAILED_AGAIN:
            return "redriven before and failed again: the newer letter counts"
        return "" if again or state is _OPEN else f"redriven before ({state.value}); --again sends it once more"

    made = plan_redrive(
        filter(chosen.takes, found.letters), settled, existing_topics=await cluster.topics(), prefix=cluster.prefix
    )
    if dry_run or not made.send:
        return made, 0
    return made, await send_back(cluster, made.send)
