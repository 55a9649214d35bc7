"""`python -m shopsync_sandbox`: each part of the sandbox as one foreground command."""

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, Any

import typer

_SERVERS = {
    "up": "shopsync_testkit.up:up",
    "futureshop": "shopsync_sandbox.futureshop.commands:futureshop",
    "tiktok": "shopsync_sandbox.tiktok.commands:tiktok",
    "kafka": "shopsync_testkit.commands:kafka",
    "mongo": "shopsync_testkit.commands:mongo",
}
_REHEARSALS = {
    "demo": "shopsync_rehearsals.demo.commands:demo",
    "bench-publisher": "shopsync_rehearsals.bench.publisher.commands:bench_publisher",
    "bench-import": "shopsync_rehearsals.bench.imports.commands:bench_import",
    "bench-start": "shopsync_rehearsals.bench.start.commands:bench_start",
    "bench-catalogue": "shopsync_rehearsals.bench.catalogue.commands:bench_catalogue",
    "bench-latency": "shopsync_rehearsals.bench.catalogue.latency.commands:bench_latency",
    "bench-fairness": "shopsync_rehearsals.bench.catalogue.fairness.commands:bench_fairness",
    "bench-growth": "shopsync_rehearsals.bench.catalogue.growth.commands:bench_growth",
    "bench-console": "shopsync_rehearsals.bench.console.commands:bench_console",
    "soak": "shopsync_rehearsals.endurance.soak.commands:soak",
}
_COMMANDS = _SERVERS | _REHEARSALS


def application(arguments: Sequence[str]) -> typer.Typer:
    """The command line for these arguments. Imports only the command they name, or all for the help page."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
    app.callback()(_sandbox)
    named = [arguments[0]] if arguments and arguments[0] in _COMMANDS else list(_COMMANDS)
    for name in named:
        panel = "Servers, until Ctrl-C" if name in _SERVERS else "Rehearsals, judged at their end"
        app.command(name, rich_help_panel=panel)(_load(_COMMANDS[name]))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"shopsync_sandbox {version('shopsync-sandbox')}")
        raise typer.Exit


def _sandbox(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """A futureshop, a TikTok Shop, Kafka and MongoDB to run shopsync against, all on loopback."""


def _load(path: str) -> Callable[..., Any]:
    module, _, function = path.partition(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return loaded


def main() -> None:
    """Run the command line."""
    application(sys.argv[1:])(prog_name="python -m shopsync_sandbox")
