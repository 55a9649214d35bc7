"""Least privilege in MongoDB: one role and one user per service, from a file."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from shopsync_cli.errors import CommandFailed, Unreachable, WrongCall
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_contracts import describe
from shopsync_runtime.file_secrets import UnusableSecretError, secret_of
from shopsync_runtime.mongo import hosts_of
from shopsync_runtime.samples import sample_in
from shopsync_runtime.wording import error_text

_USER_NOT_FOUND = 11
_ROLE_NOT_FOUND = 31
_NOT_INITIALIZED = 94
_ALREADY_INITIALIZED = 23
_POLL_SECONDS = 0.25

_READ = ("find", "listIndexes", "collStats")
_CHANGE = (*_READ, "insert", "update", "createIndex")
_WRITE = (*_READ, "insert", "update", "remove", "createCollection", "createIndex", "dropIndex", "collMod")


class UserPlan(BaseModel):
    """One user: the collections it may write, and those it may only read.

    `changes`: another user's collections in which it adds and changes documents, and removes none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    password_env: str = Field(min_length=1)
    owns: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    reads: tuple[str, ...] | Literal["*"] = ()

    def privileges(self, database: str) -> list[dict[str, Any]]:
        """MongoDB privileges of the user's role on one database."""
        found = [_privilege(database, collection, _WRITE) for collection in self.owns]
        found += [_privilege(database, collection, _CHANGE) for collection in self.changes]
        reads = ("",) if self.reads == "*" else self.reads  # "" is every collection of the database
        return found + [_privilege(database, collection, _READ) for collection in reads]


class UsersPlan(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    users: tuple[UserPlan, ...] = Field(min_length=1)


def _privilege(database: str, collection: str, actions: tuple[str, ...]) -> dict[str, Any]:
    return {"resource": {"db": database, "collection": collection}, "actions": list(actions)}


def read_plan(file: Path) -> UsersPlan:
    """Read the file. Raises WrongCall that names the member at fault."""
    try:
        return UsersPlan.model_validate_json(file.read_bytes())
    except OSError as error:
        raise WrongCall(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise WrongCall(f"{file}: {describe(error)}") from None


def subjects_of(plan: UsersPlan, certificates: Sequence[str]) -> dict[str, str]:
    """The subjects of certificates by user, from texts such as `janitor=CN=janitor,O=example`. Raises WrongCall."""
    subjects: dict[str, str] = {}
    names = [user.name for user in plan.users]
    for text in certificates:
        name, _, subject = text.partition("=")
        if name not in names or "=" not in subject:
            raise WrongCall(f"--certificate {text!r}: write USER=SUBJECT; the users are {', '.join(names)}")
        subjects[name] = subject
    return subjects


def passwords_of(plan: UsersPlan, environ: Mapping[str, str], *, certified: Collection[str] = ()) -> dict[str, str]:
    """The passwords of the users without a certificate.

    Raises WrongCall that names every variable which is not set, or holds a published one.
    """
    users = [user for user in plan.users if user.name not in certified]
    passwords, faults = _read_passwords([user.password_env for user in users], environ)
    missing = [user.password_env for user in users if user.password_env not in passwords]
    if faults:
        raise WrongCall("; ".join(faults))
    if missing:
        raise WrongCall(f"not set: {', '.join(missing)} (passwords of the MongoDB users)")
    if environ.get("SHOPSYNC_SANDBOX", "").lower() not in {"true", "1"}:
        published = {name: sample_in(password) for name, password in passwords.items()}
        problems = [f"{name} {problem}" for name, problem in published.items() if problem is not None]
        if problems:
            raise WrongCall("; ".join([*problems, "SHOPSYNC_SANDBOX=true allows this, on a sandbox and nowhere else"]))
    return {user.name: passwords[user.password_env] for user in users}


def _read_passwords(names: Sequence[str], environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The values of these variables, or of the files that they name with _FILE; what is wrong with others."""
    found, faults = {}, []
    for name in names:
        try:
            secret = secret_of(name, environ)
        except UnusableSecretError as error:
            faults.append(str(error))
            continue
        if secret is not None:
            found[name] = secret.get_secret_value()
    return found, faults


async def apply_users(
    settings: MongoSettings,
    plan: UsersPlan,
    passwords: Mapping[str, str],
    subjects: Mapping[str, str] | None = None,
    *,
    wait: float,
) -> list[str]:
    """Create or update roles and users in the settings' database; a second run changes nothing but passwords.

    Users whose certificate's subject is in `subjects` have no password: they are MongoDB's users of `$external`.
    Returns one line per user. Users that the file does not name are left alone.
    """
    lines = []
    async with connected(settings, may_be_empty=True) as database:
        await _writable(database.client, wait)
        for user in plan.users:
            role = f"shopsync-{user.name}"
            members = {"privileges": user.privileges(database.name), "roles": []}
            await _update_or_create(database, "Role", role, members, _ROLE_NOT_FOUND)
            grants: dict[str, Any] = {"roles": [{"role": role, "db": database.name}]}
            if subject := (subjects or {}).get(user.name):
                done = await _update_or_create(database.client["$external"], "User", subject, grants, _USER_NOT_FOUND)
            else:
                grants["pwd"] = passwords[user.name]
                done = await _update_or_create(database, "User", user.name, grants, _USER_NOT_FOUND)
            reads = "everything" if user.reads == "*" else ", ".join(user.reads) or "nothing else"
            writes = ", ".join([*user.owns, *user.changes]) or "nothing"
            lines.append(f"{done} {user.name}: writes {writes}; reads {reads}")
    return lines


async def _update_or_create(database: Any, kind: str, name: str, members: dict[str, Any], missing: int) -> str:
    try:
        await database.command({f"update{kind}": name, **members})
    except OperationFailure as error:
        if error.code != missing:
            raise
        await database.command({f"create{kind}": name, **members})
        return "created"
    return "updated"


async def initiate(settings: MongoSettings, member: str, *, name: str, wait: float) -> str:
    """Initiate a one-member replica set if there is none, and wait until it accepts writes."""
    uri = settings.mongo_uri.get_secret_value()
    client = settings.client()
    try:
        done = await _until(lambda: _initiate(client, member, name), wait, hosts_of(uri))
        await _writable(client, wait)
    except (OperationFailure, ConnectionFailure) as error:
        raise CommandFailed(f"MongoDB at {hosts_of(uri)}: {error_text(error)}") from error
    finally:
        await client.close()
    return done


async def _initiate(client: AsyncMongoClient[dict[str, Any]], member: str, name: str) -> str:
    config = {"_id": name, "members": [{"_id": 0, "host": member}]}
    try:
        await client.admin.command({"replSetGetStatus": 1})
    except OperationFailure as error:
        if error.code != _NOT_INITIALIZED:
            raise
    else:
        return f"replica set {name} is there already"
    try:
        await client.admin.command({"replSetInitiate": config})
    except OperationFailure as error:
        if error.code != _ALREADY_INITIALIZED:
            raise
    return f"replica set {name} initiated with {member}"


async def _until(work: Any, wait: float, address: str) -> str:
    deadline = asyncio.get_running_loop().time() + wait
    while True:
        try:
            done: str = await work()
        except ConnectionFailure as error:
            if asyncio.get_running_loop().time() > deadline:
                raise Unreachable(f"MongoDB is not reachable at {address} within {wait:g} s") from error
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return done


async def _writable(client: AsyncMongoClient[dict[str, Any]], wait: float) -> None:
    deadline = asyncio.get_running_loop().time() + wait
    while True:
        try:
            if (await client.admin.command("hello")).get("isWritablePrimary"):
                return
        except PyMongoError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        if asyncio.get_running_loop().time() > deadline:
            raise Unreachable(f"MongoDB has no primary within {wait:g} s; is the replica set initiated?")
        await asyncio.sleep(_POLL_SECONDS)
