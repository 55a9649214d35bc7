from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shopsync_contracts import Event, ShopBody
from shopsync_contracts.events import ImportRequested, SweepRequested, SyncRequested
from shopsync_ops.building import build
from shopsync_ops.cluster import run
from shopsync_ops.commands.overwrites import read_overwrites, show_overwrites
from shopsync_ops.console import err, out, print_json, say, table
from shopsync_ops.context import AsJson, ShopKey, cluster, mongo
from shopsync_ops.errors import CommandFailed, WrongCall
from shopsync_ops.publishing import event_of, publish_events
from shopsync_ops.report_table import report_rows, verdict_rows
from shopsync_ops.waiting import Answer, publish_and_wait, refusal_of


class ImportMode(StrEnum):
    """The modes of an import, as options are written."""

    CHANGED_ONLY = "changed-only"
    OVERWRITE_ALL = "overwrite-all"
    ENUMERATE = "enumerate"


class SyncReason(StrEnum):
    """Why a sync is asked for."""

    MANUAL = "manual"
    AUTO = "auto"
    SCHEDULED = "scheduled"
    REDRIVE = "redrive"


Wait = Annotated[bool, typer.Option("--wait", help="Wait for the report and print it.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds to wait at most.")]


def import_shop(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    mode: Annotated[ImportMode, typer.Option(help="情報を更新する, 一括情報更新, or only which products exist.")],
    then_sync: Annotated[bool, typer.Option("--then-sync", help="Send every ON product afterwards.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="overwrite-all only: which edits would fall (reads MongoDB, asks for nothing)."),
    ] = False,
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Ask for an import from futureshop."""
    if dry_run:
        if mode is not ImportMode.OVERWRITE_ALL:
            raise WrongCall(
                f"--dry-run goes with --mode {ImportMode.OVERWRITE_ALL.value}: no other mode makes edits "
                "fall whatever 更新日 says"
            )
        show_overwrites(run(read_overwrites(mongo(ctx), shop)), as_json=as_json)
        return
    body = build(ImportRequested, shop_key=shop, mode=mode.value.replace("-", "_"), then_sync=then_sync)
    _request(ctx, event_of(body), wait=wait, timeout=timeout, as_json=as_json)


def sync(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    products: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PRODUCT]...", help="Product numbers (商品番号); none: every ON product."),
    ] = None,
    reason: Annotated[SyncReason, typer.Option(help="What the report will say.")] = SyncReason.MANUAL,
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Ask for a sync ([同期]) to TikTok Shop."""
    body = build(SyncRequested, shop_key=shop, product_nos=list(products) if products else None, reason=reason.value)
    _request(ctx, event_of(body), wait=wait, timeout=timeout, as_json=as_json)


def sweep(
    ctx: typer.Context,
    *,
    shop: Annotated[str, typer.Option("--shop", help="Shop key (店舗KEY).")],
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Remove now what is gone upstream and OFF, as every night."""
    _request(ctx, event_of(build(SweepRequested, shop_key=shop)), wait=wait, timeout=timeout, as_json=as_json)


def _request(ctx: typer.Context, request: Event[ShopBody], *, wait: bool, timeout: float, as_json: bool) -> None:
    there = cluster(ctx)
    if not wait:
        run(publish_events(there, [request]))
        if as_json:
            print_json({"request_id": request.id, "type": request.type})
        else:
            say(f"published {request.type} for {request.subject}, request id {request.id}")
        return
    console = err()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(f"{request.data.TYPE} {request.subject}: waiting for the report")
        answer = run(publish_and_wait(there, request, seconds=timeout, progress=progress.refresh))
    _show(answer, as_json=as_json)
    refusals = {refusal for event in answer.events if (refusal := refusal_of(event.data))}
    if refusals:
        raise CommandFailed(f"{request.data.TYPE} {request.subject} was not done: {'; '.join(sorted(refusals))}")


def _show(answer: Answer, *, as_json: bool) -> None:
    documents: list[dict[str, Any]] = [event.model_dump(mode="json") for event in answer.events]
    if as_json:
        print_json(documents)
        return
    console = out()
    first = answer.events[0].data
    console.print(table(("", ""), report_rows(first), title=first.TYPE))
    if verdicts := [row for event in answer.events for row in verdict_rows(event.data)]:
        console.print(table(("product", "what"), verdicts))
