"""The `shopsync` command: every subcommand under its name."""

from importlib.metadata import version
from typing import Annotated

import typer

from shopsync_cli.commands import (
    accounts,
    authorize,
    bulk_edit,
    dead_letters,
    doctor,
    edits,
    events,
    imports,
    keys,
    lag,
    mongo,
    product,
    products,
    publish,
    pushes,
    shops,
    sweeps,
    sync,
    tail,
    topics,
    watch,
)
from shopsync_cli.commands.context import Commands
from shopsync_cli.commands.help_examples import give_examples
from shopsync_cli.settings import GlobalOptions

app = typer.Typer(
    name="shopsync",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Look after shopsync: topics, shops, accounts, products, imports, syncs, edits, dead letters.\n\n"
    "Where Kafka and MongoDB are is read from the SHOPSYNC_ variables that the services read, or from the options"
    " before the command. Exit codes: 0 done, 1 refused or not done, 2 wrong call or settings.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"shopsync {version('shopsync-cli')}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    kafka: Annotated[
        str | None, typer.Option(help="host:port of Kafka brokers (SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS).")
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of topics and groups (SHOPSYNC_TOPIC_PREFIX).")] = None,
    mongo_uri: Annotated[
        str | None, typer.Option("--mongo", help="MongoDB connection string (SHOPSYNC_MONGO_URI).")
    ] = None,
    database: Annotated[str | None, typer.Option(help="MongoDB database (SHOPSYNC_MONGO_DATABASE).")] = None,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    ctx.obj = GlobalOptions(kafka, prefix, mongo_uri, database)


shops.app.command("authorize")(authorize.authorize)
app.add_typer(topics.app, name="topics")
app.add_typer(shops.app, name="shops")
app.add_typer(accounts.app, name="accounts")
app.add_typer(product.app, name="product")
app.add_typer(products.app, name="products")
app.add_typer(imports.app, name="imports")
app.add_typer(sweeps.app, name="sweeps")
app.add_typer(events.app, name="events")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(mongo.app, name="mongo")
app.command("import")(imports.import_shop)
app.command("sync")(sync.sync)
app.command("sweep")(sweeps.sweep)
app.command("edit")(edits.edit)
app.command("bulk-edit")(bulk_edit.bulk_edit)
app.command("target")(edits.target)
app.command("publish")(publish.publish)
app.command("lag")(lag.lag)
app.command("watch")(watch.watch)
app.command("doctor")(doctor.doctor)
app.command("keys")(keys.keys)
app.command("pushes")(pushes.pushes)
app.command("tail")(tail.tail)
give_examples(app)
