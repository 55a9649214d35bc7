from typing import Annotated

import typer

from shopsync_cli.commands.context import global_options
from shopsync_cli.commands.options import AsJson
from shopsync_cli.publishing.examples import body_of, example_of
from shopsync_cli.views.output import print_json, print_table, say_lines
from shopsync_contracts import topic_of
from shopsync_contracts.events import BODIES

app = typer.Typer(no_args_is_help=True, help="Event types and worked examples.")


@app.command("types")
def types(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Every event type, the topic that carries it and what it says."""
    prefix = global_options(ctx).prefix()
    rows = [
        (body.TYPE, body.wire_type(), topic_of(body).full_name(prefix), (body.__doc__ or "").strip().splitlines()[0])
        for body in BODIES
    ]
    if as_json:
        print_json([dict(zip(("name", "type", "topic", "meaning"), row, strict=True)) for row in rows])
    else:
        print_table(("name", "type on the wire", "topic", "meaning"), rows)


@app.command("example")
def example(name: Annotated[str, typer.Argument(metavar="TYPE", help="Such as product.changed.")]) -> None:
    """A worked example of one type, as JSON that can be published."""
    say_lines(example_of(body_of(name)).rstrip("\n"))
