"""What every command shares: its event loop, where Kafka and MongoDB are, and how errors end it."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

from shopsync_cli.errors import CommandFailed, NotGiven, WrongCall
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.settings import GlobalOptions, MongoSettings
from shopsync_cli.views.output import complain
from shopsync_cli.views.stdout import prepare
from shopsync_runtime.errors import SettingsError
from shopsync_runtime.logs import warnings_on_stderr

T = TypeVar("T")


class Commands(typer.core.TyperGroup):
    """Ends a command with one line on stderr and the error's exit code, never with a stack trace."""

    def main(self, *args: Any, **how: Any) -> Any:
        """The entry point of the process."""
        prepare()
        try:
            return super().main(*args, **how)
        except CommandFailed as error:  # of a help page: commands end in invoke
            complain(error)
            sys.exit(error.exit_code)

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Exit codes: 1 not done, 2 wrong call or settings, 130 interrupted."""
        try:
            return super().invoke(ctx)
        except (CommandFailed, WrongCall) as error:
            complain(error)
            raise typer.Exit(error.exit_code) from None
        except SettingsError as error:
            complain(error)
            raise typer.Exit(2) from None
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # typer's word for the class of the error
            raise
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


def global_options(ctx: typer.Context) -> GlobalOptions:
    """The options before the command."""
    found = ctx.find_object(GlobalOptions)
    return found if found is not None else GlobalOptions()


def cluster_of(ctx: typer.Context) -> Cluster:
    """The Kafka cluster named by options or environment. Raises WrongCall when there is none."""
    return Cluster.of(global_options(ctx).kafka())


def optional_mongo_of(ctx: typer.Context) -> MongoSettings | None:
    """None when neither options nor environment name a database: for commands that can do without.

    Raises WrongCall when one is named, but wrongly.
    """
    try:
        return global_options(ctx).mongo()
    except NotGiven:
        return None


def mongo_of(ctx: typer.Context) -> MongoSettings:
    """The database named by options or environment. Raises WrongCall when there is none."""
    return global_options(ctx).mongo()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work.

    The Kafka client's log lines are switched off: its errors are raised anyway. Those of our libraries go to stderr,
    so that `--json` prints JSON and nothing else.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with warnings_on_stderr():
        return asyncio.run(work)
