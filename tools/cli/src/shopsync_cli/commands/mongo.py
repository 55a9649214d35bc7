import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from shopsync_cli.commands.context import cluster_of, mongo_of, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import WrongCall
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.moments import now, read_moment
from shopsync_cli.mongo.database import connected
from shopsync_cli.mongo.users import apply_users, initiate, passwords_of, read_plan, subjects_of
from shopsync_cli.restoring import Plan, carry_out, make_plan, wait_until_stopped, waiting_jobs
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say
from shopsync_runtime.wording import counted

app = typer.Typer(no_args_is_help=True, help="Replica set, roles and users of MongoDB; what follows a restore.")


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


@app.command("restored")
def restored(
    ctx: typer.Context,
    *,
    backup_of: Annotated[
        str,
        typer.Option("--backup-of", metavar="TIME", help="The moment that the backup shows, such as 2026-11-23T03:00."),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait until no service is a member any more.")] = 60,
    as_json: AsJson = False,
) -> None:
    """After a restore: set the groups back to the backup, and tell the publisher to ask TikTok Shop before it sends.

    As an administrator of MongoDB, while no service runs. A second run changes nothing more.
    """
    moment = read_moment(backup_of, now=now(), option="--backup-of")
    if moment > now():
        raise WrongCall(f"--backup-of {backup_of}: that is still to come")
    cluster = cluster_of(ctx)
    run(wait_until_stopped(cluster, wait))
    plan, removed = run(_restored(cluster, mongo_of(ctx), plan_of=moment, dry_run=dry_run))
    if as_json:
        groups = [{"group": one.group, "read_again": one.back} for one in plan.resets]
        print_json({"backup_of": moment, "groups": groups, "jobs_removed": removed, "dry_run": dry_run})
        return
    print_table(("group", "offsets read again"), [(one.group, one.back) for one in plan.resets])
    if dry_run:
        say("dry run: nothing was changed")
        return
    say(f"{counted(removed, 'push that was', 'pushes that were')} carried out since the backup removed")
    say("next: start ingestor and catalog, wait for a lag of 0, then janitor and publisher (docs/backup.md)")


async def _restored(cluster: Cluster, settings: MongoSettings, *, plan_of: datetime, dry_run: bool) -> tuple[Plan, int]:
    async with connected(settings, may_be_empty=True) as database:
        plan = await make_plan(cluster, plan_of, await waiting_jobs(database))
        return plan, 0 if dry_run else await carry_out(cluster, database, plan)
