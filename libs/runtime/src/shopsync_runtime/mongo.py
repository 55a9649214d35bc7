"""The client for MongoDB, who we are there, and what its errors mean."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from pydantic import SecretStr
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from shopsync_runtime.errors import SettingsError
from shopsync_runtime.tls import TlsFiles, UnusableFileError
from shopsync_runtime.wording import error_text

Document = dict[str, Any]
Database = AsyncDatabase[Document]

_URI = "SHOPSYNC_MONGO_URI"
_PASSWORD = "SHOPSYNC_MONGO_PASSWORD"  # noqa: S105 - a name
_CA_FILE = "SHOPSYNC_MONGO_CA_FILE"
_CERTIFICATE_FILE = "SHOPSYNC_MONGO_CERTIFICATE_FILE"
_X509 = "MONGODB-X509"
_SHOWN = 200
# By the driver's text: its errors of a connection keep nothing else.
_REMEDIES = [
    (re.compile(pattern, re.IGNORECASE), helps)
    for pattern, helps in (
        ("certificate has expired", "renew the server's certificate"),
        ("hostname mismatch|IP address mismatch", f"connect by a name that stands in the certificate, in {_URI}"),
        ("certificate verify failed", f"set {_CA_FILE} to the authority of the server's certificate"),
        (
            "alert (certificate|unknown ca|bad certificate)",
            f"the server does not take our certificate, see {_CERTIFICATE_FILE}",
        ),
        (
            r"wrong version number|record layer failure|SSL handshake failed: [^ ]+$",
            f"the server speaks no TLS: see tls in {_URI}, and {_CA_FILE}",
        ),
        (
            "connection (is already )?closed|belongs to a set named 'None'",
            f"is TLS the same on both sides, and our certificate taken? See {_URI}, {_CA_FILE}, {_CERTIFICATE_FILE}",
        ),
        (
            "authentication failed|could not find user",
            f"check the user in {_URI} and {_PASSWORD}, or {_CERTIFICATE_FILE} with {_X509}",
        ),
    )
]

# Short: a handler that fails fast is retried with back-off, one that hangs blocks its partitions.
# The connection string takes precedence.
_TIMEOUTS: dict[str, Any] = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000, "socketTimeoutMS": 30_000}


@dataclass(frozen=True, slots=True)
class MongoAccess:
    """How to connect and log in. Files and passwords are read when a client is made, and not again by that client."""

    uri: SecretStr
    password: SecretStr | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None

    def client(self, *, app_name: str) -> AsyncMongoClient[Document]:
        """See `make_client`. Raises SettingsError for files that cannot be read."""
        try:
            return make_client(
                self.uri.get_secret_value(),
                app_name=app_name,
                password=None if self.password is None else self.password.get_secret_value(),
                tls=self._tls(),
            )
        except OSError as error:
            # Those of mongodb+srv:// are only looked for here; the others may have gone since they were checked.
            raise SettingsError(f"{_URI}, {_CA_FILE}, {_CERTIFICATE_FILE}: {_unreadable(error)}") from None

    def problems(self) -> list[str]:
        """What does not fit together, each naming its variables; without values."""
        options = _options_of(self.uri.get_secret_value())
        return [
            *self._of_user(options),
            *self._twice(options),
            *self._of_certificates(options),
            *self._of_files(options),
        ]

    def _of_user(self, options: Mapping[str, str]) -> Iterator[str]:
        """A password of nobody: the driver would not log in at all."""
        certified = options.get("authmechanism", "").upper() == _X509  # has a line of its own
        if self.password is not None and not certified and not _userinfo(self.uri.get_secret_value()):
            yield f"{_PASSWORD}: {_URI} names no user: write mongodb://USER@HOST…, or leave the password out"

    def _tls(self) -> dict[str, Any]:
        named = {"tlsCAFile": self.ca_file, "tlsCertificateKeyFile": self.certificate_file}
        files = {name: str(path) for name, path in named.items() if path is not None}
        return {"tls": True, **files} if files else {}

    def _twice(self, options: Mapping[str, str]) -> Iterator[str]:
        for variable, name, path in (
            (_CA_FILE, "tlsCAFile", self.ca_file),
            (_CERTIFICATE_FILE, "tlsCertificateKeyFile", self.certificate_file),
        ):
            if path is None:
                continue
            if name.lower() in options:
                yield f"{variable} and {name} in {_URI} are both set: keep one of them"
            if "false" in (options.get("tls"), options.get("ssl")):
                yield f"{variable}: {_URI} says tls=false, leave one of them out"

    def _of_certificates(self, options: Mapping[str, str]) -> Iterator[str]:
        if options.get("authmechanism", "").upper() != _X509:
            return
        if self.certificate_file is None and "tlscertificatekeyfile" not in options:
            yield f"{_CERTIFICATE_FILE} is not set: authMechanism={_X509} in {_URI} needs it"
        if self.password is not None:
            yield f"{_PASSWORD}: authMechanism={_X509} in {_URI} logs in by certificate, leave it out"
        if options.get("authsource", "$external") != "$external":
            yield f"{_URI}: authMechanism={_X509} needs authSource=$external, or none"

    def _of_files(self, options: Mapping[str, str]) -> Iterator[str]:
        if self.ca_file is None and self.certificate_file is None:
            return  # without reading the system's authorities for nothing
        password = options.get("tlscertificatekeyfilepassword")
        try:
            TlsFiles(
                "MONGO",
                self.ca_file,
                self.certificate_file,
                key_password=None if password is None else SecretStr(password),
                password_name=f"tlsCertificateKeyFilePassword in {_URI}",
            ).context()
        except UnusableFileError as error:
            yield str(error)


def make_client(
    uri: str, *, app_name: str, password: str | None = None, tls: Mapping[str, Any] | None = None
) -> AsyncMongoClient[Document]:
    """A client whose writes are acknowledged by a majority and repeated once after a failover.

    `password` is for a user that the connection string names without one, `tls` are options of the driver. Datetimes
    are returned aware (UTC). The client connects on first use and belongs to the event loop of that use.
    """
    patience: dict[str, Any] = {name: limit for name, limit in _TIMEOUTS.items() if name.lower() not in uri.lower()}
    apart: dict[str, Any] = {"password": password} if password is not None and _lacks_password(uri) else {}
    return AsyncMongoClient(
        uri,
        **apart,
        **(tls or {}),
        appname=f"shopsync-{app_name}",
        w="majority",
        retryWrites=True,
        retryReads=True,
        tz_aware=True,
        **patience,
    )


async def ping_error(client: AsyncMongoClient[Document], within: float) -> str | None:
    """Why MongoDB does not answer as a writable member within `within` seconds, and what helps; None when it does."""
    try:
        async with asyncio.timeout(within):
            hello = await client.admin.command("hello")
    except TimeoutError:
        found = _last_error(client)
        return f"no answer within {within:g} s" if found is None else told(found)
    except PyMongoError as error:
        return told(error)
    return None if hello.get("isWritablePrimary") else "no primary"


def told(error: Exception) -> str:
    """The error in one line, with the variable to see to."""
    text = error_text(error)
    otherwise = f"check {_URI}" if isinstance(error, ConnectionFailure) else ""
    helps = next((helps for pattern, helps in _REMEDIES if pattern.search(text)), otherwise)
    return f"{text[:_SHOWN]}; {helps}" if helps else text[:_SHOWN]


def _last_error(client: AsyncMongoClient[Document]) -> Exception | None:
    """Why the last attempt to reach a member failed: the driver keeps it while it goes on trying."""
    members = client.topology_description.server_descriptions().values()
    return next((member.error for member in members if member.error is not None), None)


def hosts_of(uri: str) -> str:
    """The addresses in a connection string, without user and password."""
    if uri.startswith("mongodb+srv://"):
        return uri.rpartition("@")[2].removeprefix("mongodb+srv://").partition("/")[0]
    return ",".join(f"{host}:{port}" for host, port in parse_uri(uri, validate=False)["nodelist"])


def uri_problem(uri: str) -> str | None:
    """What is wrong with a connection string, without repeating any of it; None when it is valid.

    Does not look up the hosts of mongodb+srv://.
    """
    if uri.startswith("mongodb+srv://"):
        return None
    try:
        parse_uri(uri)
    except OSError as error:
        return _unreadable(error)
    except (PyMongoError, ValueError):
        return (
            "is no MongoDB connection string such as mongodb://user@host:27017/?replicaSet=rs0; in it the characters"
            " @ : / ? # [ ] % of user and password are written %40 %3A %2F %3F %23 %5B %5D %25, or the password stands"
            " apart, as it is, in SHOPSYNC_MONGO_PASSWORD"
        )
    return None


def _unreadable(error: OSError) -> str:
    return f"a file of certificates that is named there cannot be read: {error.strerror or type(error).__name__}"


def _options_of(uri: str) -> dict[str, str]:
    """The options in a connection string, by their names in small letters."""
    _, _, query = uri.partition("?")
    pairs = [part.partition("=") for part in query.replace(";", "&").split("&")]
    return {name.lower(): unquote_plus(value) for name, equals, value in pairs if equals}


def _lacks_password(uri: str) -> bool:
    userinfo = _userinfo(uri)
    return bool(userinfo) and ":" not in userinfo


def _userinfo(uri: str) -> str:
    """User and password in a connection string, as they stand there; empty where there are none."""
    return uri.partition("://")[2].partition("/")[0].rpartition("@")[0]
