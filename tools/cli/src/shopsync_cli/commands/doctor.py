from pathlib import Path
from typing import Annotated

import typer
from rich.status import Status

from shopsync_cli.commands.context import global_options, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.doctor.checks import CHECKS
from shopsync_cli.doctor.model import Check, Examined, Patient
from shopsync_cli.doctor.runner import examine, is_healthy
from shopsync_cli.errors import WrongCall
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.moments import now
from shopsync_cli.settings import GlobalOptions
from shopsync_cli.views.doctor import print_examined
from shopsync_cli.views.output import err, print_json

_ROLES = Path("deploy/mongo/roles.json")


def doctor(
    ctx: typer.Context,
    *,
    only: Annotated[list[str] | None, typer.Option(help="Only this check; repeat for more.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that one check may take.")] = 20,
    replication: Annotated[
        int | None, typer.Option(min=1, help="Copies of each partition; else 3, or as many as there are brokers.")
    ] = None,
    roles: Annotated[
        Path | None, typer.Option(help=f"Roles and users as JSON; else {_ROLES} where it is there.")
    ] = None,
    shops_file: Annotated[
        Path | None, typer.Option(envvar="INGESTOR_SHOPS_FILE", help="The ingestor's shops file: reads a page of each.")
    ] = None,
    shop: Annotated[list[str] | None, typer.Option(help="Only this shop (futureshop, TikTok Shop); repeat.")] = None,
    publisher: Annotated[
        str | None, typer.Option(envvar="SHOPSYNC_PUBLISHER_URL", help="Address of a publisher's HTTP port.")
    ] = None,
    service: Annotated[list[str] | None, typer.Option(help="Address of a service's HTTP port; repeat.")] = None,
    write_probe: Annotated[
        bool, typer.Option("--write-probe", help="Write one empty record to the dead letters, to read Kafka's clock.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at everything that shopsync needs, and say what to do about what is wrong. Exit code 1 when a check fails.

    Reads only, also at futureshop; TikTok Shop is never called.
    """
    checks = _chosen(only or ())
    patient = _patient(
        global_options(ctx),
        replication=replication,
        roles=roles or (_ROLES if _ROLES.exists() else None),
        shops_file=shops_file,
        shops=tuple(shop or ()),
        publisher=publisher or None,
        services=tuple(service or ()),
        writes=write_probe,
        seconds=timeout,
    )
    examined = _examined(patient, checks)
    if as_json:
        findings = [one for each in examined for one in each.documents()]
        print_json({"at": now(), "healthy": is_healthy(examined), "findings": findings})
    else:
        print_examined(examined)
    if not is_healthy(examined):
        raise typer.Exit(1)


def _chosen(names: list[str] | tuple[()]) -> list[Check]:
    known = [one.name for one in CHECKS]
    if unknown := sorted(set(names) - set(known)):
        raise WrongCall(f"--only {', '.join(unknown)}: no such check; known: {', '.join(known)}")
    return [one for one in CHECKS if not names or one.name in names]


def _patient(options: GlobalOptions, **how: object) -> Patient:
    cluster = mongo = no_kafka = no_mongo = None
    try:
        cluster = Cluster.of(options.kafka())
    except WrongCall as error:
        no_kafka = error
    try:
        mongo = options.mongo()
    except WrongCall as error:
        no_mongo = error
    return Patient(cluster=cluster, no_kafka=no_kafka, mongo=mongo, no_mongo=no_mongo, **how)  # type: ignore[arg-type]


def _examined(patient: Patient, checks: list[Check]) -> list[Examined]:
    waiting = [one.name for one in checks]
    console = err()
    if not console.is_terminal:
        return run(examine(patient, checks))
    with Status(f"looking at {', '.join(waiting)}", console=console) as status:

        def done(name: str) -> None:
            waiting.remove(name)
            status.update(f"still looking at {', '.join(waiting)}")

        return run(examine(patient, checks, done))
