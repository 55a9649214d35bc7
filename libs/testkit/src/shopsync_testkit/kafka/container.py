"""The official Apache Kafka image in a container engine."""

import asyncio

from shopsync_testkit.backends import Wish, require_package
from shopsync_testkit.kafka.apache import SETTINGS
from shopsync_testkit.kafka.formatted import NODE_ID
from shopsync_testkit.kafka.jars import KAFKA_VERSION
from shopsync_testkit.kafka.server import KafkaServer, ready_at
from shopsync_testkit.ports import free_port

IMAGE = f"apache/kafka:{KAFKA_VERSION}"


async def start(wish: Wish) -> KafkaServer:
    """Start the image. Pulls it only when this backend was asked for by name."""
    require_package("testcontainers")
    from shopsync_testkit.container_engine import ContainerNode, check_engine  # noqa: PLC0415 - images do not have it

    await asyncio.to_thread(check_engine, IMAGE, pull=not wish.auto)
    port = wish.port or free_port()
    address = f"127.0.0.1:{port}"
    node = ContainerNode(IMAGE, port, env=_environment(port), command=(), ready=ready_at(address))
    try:
        await node.start()
    except BaseException:
        await node.dispose()
        raise
    return KafkaServer(address, "docker", f"Apache Kafka {KAFKA_VERSION}", node)


def _environment(port: int) -> dict[str, str]:
    """The image reads KAFKA_X_Y as x.y."""
    controller_port = 19093
    settings = {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        **SETTINGS,
    }
    return {f"KAFKA_{name.replace('.', '_').upper()}": str(value) for name, value in settings.items()}
