import os
from pathlib import Path
from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.mongo.users import apply_users, initiate, passwords_of, read_plan, subjects_of
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
    certificates: Annotated[
        list[str] | None,
        typer.Option(
            "--certificate",
            metavar="USER=SUBJECT",
            help="This user logs in with a certificate (X.509), such as janitor=CN=janitor,O=example; repeat for more.",
        ),
    ] = None,
    name: Annotated[str, typer.Option("--replica-set", help="Name of that replica set.")] = "rs0",
    wait: Annotated[float, typer.Option(help="Seconds to wait for MongoDB and a primary.")] = 30,
) -> None:
    """Create or update a role and a user for each service. Passwords come from the variables the file names."""
    settings, plan = mongo_of(ctx), read_plan(file)
    subjects = subjects_of(plan, certificates or ())
    passwords = passwords_of(plan, os.environ, certified=subjects)
    if member is not None:
        say(run(initiate(settings, member, name=name, wait=wait)))
    for line in run(apply_users(settings, plan, passwords, subjects, wait=wait)):
        say(line)
