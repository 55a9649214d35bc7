import os
from pathlib import Path
from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.mongo.users import apply_users, initiate, passwords_of, read_plan
from shopsync_cli.views.output import say

app = typer.Typer(no_args_is_help=True, help="Replica set, roles and users of MongoDB.")


@app.command("apply-users")
def apply(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Roles and users as JSON (deploy/mongo/roles.json).")],
    member: Annotated[
        str | None,
        typer.Option(
            "--initiate", metavar="HOST:PORT", help="First make a replica set of this one member, if none is."
        ),
    ] = None,
    name: Annotated[str, typer.Option("--replica-set", help="Name of that replica set.")] = "rs0",
    wait: Annotated[float, typer.Option(help="Seconds to wait for MongoDB and a primary.")] = 30,
) -> None:
    """Create or update a role and a user for each service. Passwords come from the variables the file names."""
    settings, plan = mongo_of(ctx), read_plan(file)
    passwords = passwords_of(plan, os.environ)
    if member is not None:
        say(run(initiate(settings, member, name=name, wait=wait)))
    for line in run(apply_users(settings, plan, passwords, wait=wait)):
        say(line)
