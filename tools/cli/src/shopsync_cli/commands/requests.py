"""Commands to a service: publish, wait if wanted, show the report."""

import shlex

import typer
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from shopsync_cli.commands.context import cluster_of, run
from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.publishing.events import publish_events
from shopsync_cli.publishing.reports import Answer, publish_and_wait
from shopsync_cli.views.output import err, out, print_json, print_table, say, visible, warn
from shopsync_cli.views.reports import report_rows, verdict_rows, where_to_look
from shopsync_contracts import Event, ShopBody
from shopsync_contracts.events import (
    ImportCompleted,
    ImportProgress,
    ImportRequested,
    SweepCompleted,
    SyncCompleted,
    SyncRequested,
)
from shopsync_readmodel.stored.replies import refusal_of
from shopsync_runtime.wording import counted, no_settings


def request(ctx: typer.Context, event: Event[ShopBody], *, wait: bool, timeout: float, as_json: bool) -> None:
    """Publish the command. With `wait`, print its report; raises CommandFailed when the report is a refusal."""
    cluster = cluster_of(ctx)
    if not wait:
        run(publish_events(cluster, [event]))
        if as_json:
            print_json({"request_id": event.id, "type": event.type})
        else:
            say(f"published {event.type} for {event.subject}, request id {event.id}")
        return
    answers = _wait(cluster, event, timeout)
    _show(answers, as_json=as_json)
    _warn(event, answers)
    refusals = {refusal for answer in answers for page in answer.events if (refusal := refusal_of(page.data))}
    refusals |= {
        nothing for answer in answers for page in answer.events if (nothing := _nothing_sent(event, page.data))
    }
    if refusals:
        raise CommandFailed(f"{event.data.TYPE} {event.subject} was not done: {'; '.join(sorted(refusals))}")


def _nothing_sent(event: Event[ShopBody], report: ShopBody) -> str:
    """Why none of the named products is sent; empty when one is, or when none was named."""
    named = isinstance(event.data, SyncRequested) and event.data.product_nos is not None
    if not (named and isinstance(report, SyncCompleted)) or report.refused_because or report.counts.commanded:
        return ""
    left_out = report.counts.model_dump(include={"incomplete", "sync_disabled", "not_found"})
    told = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in left_out.items() if count)
    return f"none of the named products is sent ({told or 'none were counted'}); `shopsync product show` says why"


def _wait(cluster: Cluster, event: Event[ShopBody], timeout: float) -> list[Answer]:
    console = err()
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    title = visible(f"{event.data.TYPE} {event.subject}", in_one_line=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task: TaskID = bar.add_task(f"{title}: waiting for the report")

        def progress(known: ImportProgress | None) -> None:
            if known is not None:
                bar.update(task, description=f"{title}: {how_far(known)}")
            bar.refresh()

        def warn_of_no_settings() -> None:
            warn(f"{no_settings(event.data.shop_key)}; the service waits some seconds for them before it refuses")

        return run(
            publish_and_wait(cluster, event, seconds=timeout, progress=progress, on_no_settings=warn_of_no_settings)
        )


def how_far(known: ImportProgress) -> str:
    """`read 500 of about 812 products, page 2`."""
    if known.expected is None:
        return f"read {counted(known.read, 'product')}, page {known.page}"
    return f"read {known.read} of about {counted(known.expected, 'product')}, page {known.page}"


def _show(answers: list[Answer], *, as_json: bool) -> None:
    events = [page for answer in answers for page in answer.events]
    if as_json:
        print_json([page.model_dump(mode="json") for page in events])
        return
    console = out()
    for answer in answers:
        first = answer.events[0].data
        print_table(("", ""), report_rows(first), title=_title(first), console=console)
        if verdicts := [row for page in answer.events for row in verdict_rows(page.data)]:
            print_table(("product", "what"), verdicts, console=console)
        if isinstance(first, SyncCompleted):
            for line in where_to_look(first):
                say(line)


def _title(report: ShopBody) -> str:
    if isinstance(report, SweepCompleted) and report.dry_run:
        return f"{report.TYPE}, dry run: nothing was deleted, this is what a sweep would do now"
    return report.TYPE


def _warn(event: Event[ShopBody], answers: list[Answer]) -> None:
    report = answers[0].events[0].data
    if not isinstance(report, ImportCompleted):
        return
    if report.removals_held_back:
        warn(
            f"too many products are missing at once, no removal is taken; `shopsync imports confirm-shrink"
            f" {shlex.quote(report.shop_key)}` shows them, and takes the removals if they are really gone"
        )
    if isinstance(event.data, ImportRequested) and event.data.then_sync and len(answers) == 1:
        warn("the report does not name the sync that follows; its report comes on its own (`shopsync tail reports`)")
