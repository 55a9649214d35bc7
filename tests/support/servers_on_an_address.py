"""Kafka and MongoDB that can be reached at another address than loopback: by containers with networks of their own."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from shopsync_testkit.children import Child, StartFailed, spawn
from shopsync_testkit.kafka import apache, jars
from shopsync_testkit.kafka.formatted import NODE_ID, new_log_folder
from shopsync_testkit.mongo import embedded
from shopsync_testkit.ports import free_port

ROOT_PASSWORD = "root-secret"
_SECONDS = 120


def start_kafka(folder: Path, address: str) -> tuple[Child, str]:
    """A broker that answers at `address`, and its bootstrap servers."""
    java, libs = jars.java(), jars.libs()
    new_log_folder(java, libs, folder / "kafka-logs")
    port, controller = free_port(), free_port()
    settings = {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://{address}:{port},CONTROLLER://127.0.0.1:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": folder / "kafka-logs",
        **apache.SETTINGS,
    }
    path = folder / "server.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    command = [str(java), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{libs}/*", "kafka.Kafka"]
    child = spawn("kafka", [*command, str(path)], log=folder / "kafka.log")
    servers = f"{address}:{port}"
    _until(lambda: asyncio.run(_kafka_answers(servers)), child)
    return child, servers


async def _kafka_answers(servers: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
        await admin.list_topics()
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return True


def start_mongo(folder: Path, address: str) -> tuple[Child, str]:
    """A replica set of one member that wants passwords, and its host:port. Its one user is root."""
    (folder / "mongo-data").mkdir()
    key = folder / "keyfile"
    key.write_text("c2FuZGJveA==" * 8, encoding="utf-8")
    key.chmod(0o400)
    port = free_port()
    command = [str(embedded.binary()), "--dbpath", str(folder / "mongo-data"), "--port", str(port), "--nounixsocket"]
    command += ["--bind_ip", f"127.0.0.1,{address}", "--wiredTigerCacheSizeGB", "0.25"]
    command += ["--replSet", "rs0", "--auth", "--keyFile", str(key)]
    child = spawn("mongod", command, log=folder / "mongod.log")
    # The first user may be made from this machine by anybody, once there is a primary.
    with MongoClient[dict[str, Any]](
        f"mongodb://127.0.0.1:{port}/?directConnection=true&serverSelectionTimeoutMS=500"
    ) as client:
        member = {"_id": "rs0", "members": [{"_id": 0, "host": f"{address}:{port}"}]}
        _until(lambda: _done(lambda: client.admin.command("replSetInitiate", member)), child)
        user = {"createUser": "root", "pwd": ROOT_PASSWORD, "roles": ["root"]}
        _until(lambda: _done(lambda: client.admin.command(user)), child)
    return child, f"{address}:{port}"


def _done(act: Callable[[], Any]) -> bool:
    try:
        act()
    except PyMongoError:
        return False
    return True


def _until(done: Callable[[], bool], child: Child) -> None:
    deadline = time.monotonic() + _SECONDS
    while not done():
        if child.exit_code is not None or time.monotonic() > deadline:
            asyncio.run(child.kill())
            raise StartFailed(f"{child.name} is not ready:\n{child.tail()}")
        time.sleep(0.2)
