"""Kafka: whether it answers, with how many brokers. What is in the way is named by the connection itself."""

from collections.abc import Sequence

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, warn
from shopsync_cli.errors import CommandFailed
from shopsync_runtime.wording import counted

_USUAL_BROKERS = 3


async def check(patient: Patient) -> Sequence[Finding]:
    """The cluster and its brokers. A wrong name, port, certificate or user is told with its setting."""
    cluster = patient.cluster
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    try:
        async with cluster.admin() as admin:
            brokers = (await admin.describe_cluster())["brokers"]
    except CommandFailed as error:
        do = "start Kafka, or correct SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka)"
        return [fail(cluster.bootstrap_servers, str(error), do if "set SHOPSYNC" not in str(error) else "")]
    told = f"answers, {counted(len(brokers), 'broker')}"
    if len(brokers) < _USUAL_BROKERS:
        do = "three brokers keep every message when one is lost"
        return [warn(cluster.bootstrap_servers, f"{told}: a lost disk loses messages", do)]
    how = cluster.connection.security_protocol
    return [ok(cluster.bootstrap_servers, f"{told}, {how}")]
