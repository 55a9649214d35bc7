"""What every command shares: the options before the command, and how errors end it."""

from typing import Annotated, Any

import typer

from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.settings import Given, MongoSettings
from shopsync_cli.views.output import err, visible
from shopsync_cli.views.stdout import prepare
from shopsync_runtime.errors import SettingsError

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
ShopKey = Annotated[str, typer.Argument(metavar="SHOP", help="Shop key (店舗KEY).")]
OfShop = Annotated[str | None, typer.Argument(metavar="[SHOP]", help="Shop key (店舗KEY); none: all shops.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the report and print it.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds to wait at most.")]

Settle = Annotated[
    bool,
    typer.Option("--wait", help="Wait until it is known what became of it (reads MongoDB); exit code 1 if refused."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Set a field; repeat for more. Lists and numbers in JSON, the package size as 30x20x10.",
    ),
]
Clears = Annotated[
    list[str] | None,
    typer.Option("--clear", metavar="FIELD", help="Drop the edit of a field, or clear a tool-only value."),
]
Stocks = Annotated[
    list[str] | None,
    typer.Option("--stock", metavar="V:H=QUANTITY", help="Stock of one SKU, such as M:=10; =10 without variations."),
]


class Commands(typer.core.TyperGroup):
    """Ends a command with one line on stderr and the error's exit code, never with a stack trace."""

    def main(self, *args: Any, **how: Any) -> Any:
        """Run as a program of its own."""
        prepare()
        return super().main(*args, **how)

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Exit codes: 1 not done, 2 wrong call or settings, 130 interrupted."""
        try:
            return super().invoke(ctx)
        except (CommandFailed, WrongCall) as error:
            err().print(visible(f"shopsync: {error}"), markup=False)
            raise typer.Exit(error.exit_code) from None
        except SettingsError as error:
            err().print(visible(f"shopsync: {error}"), markup=False)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


def given(ctx: typer.Context) -> Given:
    """The options before the command."""
    found = ctx.find_object(Given)
    return found if found is not None else Given()


def cluster(ctx: typer.Context) -> Cluster:
    """The Kafka cluster that options and environment name. Raises WrongCall when neither does."""
    return Cluster.of(given(ctx).kafka())


def optional_mongo(ctx: typer.Context) -> MongoSettings | None:
    """The database, where options or environment name one: for what it can add to an answer from Kafka."""
    try:
        return given(ctx).mongo()
    except WrongCall:
        return None


def mongo(ctx: typer.Context) -> MongoSettings:
    """The database that options and environment name. Raises WrongCall when neither does."""
    return given(ctx).mongo()
