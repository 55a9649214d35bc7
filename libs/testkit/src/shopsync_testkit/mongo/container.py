"""The official MongoDB image in a container engine."""

import asyncio

from shopsync_testkit.backends import Wish, require_package
from shopsync_testkit.mongo import replica_set
from shopsync_testkit.mongo.started import StartedMongo
from shopsync_testkit.ports import free_port

IMAGE = "mongo:8.0"


async def start(wish: Wish) -> StartedMongo:
    """Start the image. Pulls it only when this backend was asked for by name."""
    require_package("testcontainers")
    from shopsync_testkit.container_engine import ContainerNode, check_engine  # noqa: PLC0415 - images do not have it

    await asyncio.to_thread(check_engine, IMAGE, pull=not wish.auto)
    port = wish.port or free_port()
    command = [
        "mongod",
        *("--port", str(port), "--bind_ip_all", "--replSet", replica_set.NAME, "--wiredTigerCacheSizeGB", "0.25"),
        *("--setParameter", "enableTestCommands=1", "--setParameter", "ttlMonitorSleepSecs=1"),
    ]
    node = ContainerNode(IMAGE, port, env={}, command=command, ready=replica_set.ready_at(port))
    try:
        await node.start()
        uri = replica_set.uri_of(port)
        version, _ = await replica_set.facts(uri)
    except BaseException:
        await node.dispose()
        raise
    return StartedMongo(uri, "docker", f"MongoDB {version}", node)
