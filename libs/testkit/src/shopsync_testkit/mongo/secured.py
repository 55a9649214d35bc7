"""The real mongod with access control: TLS only, users with passwords or certificates, and no rights by default.

`async with secured_server(folder, authority) as server:` starts one, a replica set of one node.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from pymongo import AsyncMongoClient

from shopsync_testkit.certificates import Authority
from shopsync_testkit.mongo import embedded, replica_set
from shopsync_testkit.nodes import Controlled, ProcessNode, Program
from shopsync_testkit.ports import free_port
from shopsync_testkit.scratch import new_folder, remove_folder

ROOT = "root"
_KEY = "c2FuZGJveA==" * 8
"""What members of the replica set tell each other. There is one."""


@dataclass(frozen=True, kw_only=True)
class SecuredMongo(Controlled):
    """A running MongoDB with access control. Its one user is `ROOT`; users that are created are kept over restarts."""

    port: int
    version: str
    authority: Authority

    @property
    def root_uri(self) -> str:
        """Of the administrator."""
        return self.uri(ROOT, _password(ROOT), source="admin")

    def uri(self, user: str, password: str | None = None, *, source: str = "shopsync") -> str:
        """Of a user in the database `source`. The password is left out where it is None."""
        who = quote(user, safe="") if password is None else f"{quote(user, safe='')}:{quote(password, safe='')}"
        return self._uri(f"{who}@", authSource=source)

    def uri_by_certificate(self, user: str) -> str:
        """Of the user whose certificate the authority has issued; it stands in the URI."""
        certificate = str(self.authority.user(user).both)
        return self._uri("", authMechanism="MONGODB-X509", authSource="$external", tlsCertificateKeyFile=certificate)

    async def create_user(self, user: str, password: str | None, roles: Sequence[Any], *, source: str) -> None:
        """Create a user in the database `source`; with a password of None one of `$external`, who has a certificate."""
        name = self.authority.user(user).subject if password is None else user
        told: dict[str, Any] = {"createUser": name, "roles": list(roles)}
        async with AsyncMongoClient[dict[str, Any]](self.root_uri) as client:
            if password is None:
                await client["$external"].command(told)
            else:
                await client[source].command({**told, "pwd": password})

    def _uri(self, who: str, **options: str) -> str:
        given = {"replicaSet": replica_set.NAME, "directConnection": "true", **_tls(self.authority), **options}
        return f"mongodb://{who}127.0.0.1:{self.port}/?{urlencode(given)}"


async def start_secured(folder: Path, authority: Authority | None = None) -> SecuredMongo:
    """Start it, with certificates of `authority` (of one in `folder` when None); it runs until `server.node.dispose()`.

    Raises Unavailable where there is no mongod for this machine, or StartFailed.
    """
    binary = embedded.binary()
    version = await asyncio.to_thread(embedded.version_of, binary)
    authority = authority or Authority(folder)
    own, port = new_folder("mongo"), free_port()
    try:
        (own / "data").mkdir()
        key = own / "keyfile"
        key.write_text(_KEY, encoding="utf-8")
        key.chmod(0o400)
        command = [
            *embedded.command(binary, own / "data", port),
            *("--auth", "--keyFile", str(key), "--tlsMode", "requireTLS", "--tlsCAFile", str(authority.certificate)),
            *(
                "--tlsCertificateKeyFile",
                str(authority.server("mongo").both),
                "--tlsAllowConnectionsWithoutCertificates",
            ),
        ]
        program = Program(f"mongod {version}", command, own, port)
        node = ProcessNode(program, replica_set.ready_at(port, **_tls(authority)))
        await node.start()
        await _create_root(port, authority)
    except BaseException:
        remove_folder(own)
        raise
    return SecuredMongo(port=port, version=f"MongoDB {version}", authority=authority, node=node)


@contextlib.asynccontextmanager
async def secured_server(folder: Path, authority: Authority | None = None) -> AsyncIterator[SecuredMongo]:
    """A MongoDB with access control that runs while the block runs. See `start_secured`."""
    server = await start_secured(folder, authority)
    try:
        yield server
    finally:
        await server.node.dispose()


async def _create_root(port: int, authority: Authority) -> None:
    """The first user may be created from this machine by anybody."""
    uri = f"mongodb://127.0.0.1:{port}/?{urlencode({'directConnection': 'true', **_tls(authority)})}"
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        await client.admin.command({"createUser": ROOT, "pwd": _password(ROOT), "roles": ["root"]})


def _tls(authority: Authority) -> dict[str, str]:
    return {"tls": "true", "tlsCAFile": str(authority.certificate)}


def _password(user: str) -> str:
    return f"{user}-secret"
