import asyncio
import contextlib
from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import CommandFailed
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say, warn
from shopsync_readmodel.token_keys import KeyReport, read_keys
from shopsync_runtime.wording import counted

_POLL_SECONDS = 1.0


def keys(
    ctx: typer.Context,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until no shop's tokens need an older key; exit code 1 if they do.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait at most.")] = 300,
    as_json: AsJson = False,
) -> None:
    """The keys of PUBLISHER_TOKEN_KEY by fingerprint: which publisher has them, which are still needed (MongoDB)."""
    report = run(_read(mongo_of(ctx), timeout if wait else 0))
    if as_json:
        print_json(report.document())
    else:
        rows = [
            (use.key, f"{len(use.known_to)} of {len(report.replicas)}", len(use.newest_of), use.shops, use.state)
            for use in report.keys
        ]
        print_table(("key", "publishers", "newest of", "shops", "state"), rows)
        say("")
        print_table(("publisher", "keys, newest first"), [(name, ", ".join(held)) for name, held in report.replicas])
        if report.unnoted:
            shops = counted(report.unnoted, "shop")
            warn(f"the tokens of {shops} are not noted yet: a publisher of an earlier version wrote them")
    if wait and report.problem is not None:
        raise CommandFailed(f"{report.problem}, after {timeout:g} s")


async def _read(settings: MongoSettings, seconds: float) -> KeyReport:
    async with connected(settings) as database:
        report = await read_keys(database)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while report.problem is not None:
                    await asyncio.sleep(_POLL_SECONDS)
                    report = await read_keys(database)
    return report
