"""Roles: what MongoDB lets this user, or with an administrator's rights every service, do."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo.errors import OperationFailure

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, skipped, warn
from shopsync_cli.mongo.database import connected
from shopsync_cli.mongo.users import UserPlan, read_plan
from shopsync_runtime.mongo import Database
from shopsync_runtime.wording import counted

_UNAUTHORIZED = 13
_SHOWN = 4
Rights = dict[str, frozenset[str]]
"""Actions by collection; "" is every collection of the database."""


async def check(patient: Patient) -> Sequence[Finding]:
    """The own user's rights, then every role's if this user may see them."""
    settings = patient.mongo
    assert settings is not None  # noqa: S101 - the runner skips the check otherwise
    async with connected(settings, may_be_empty=True) as database:
        status = await database.client.admin.command({"connectionStatus": 1, "showPrivileges": True})
        told = status["authInfo"]
        if not told["authenticatedUsers"]:
            do = "start mongod with --auth or a key file, then shopsync mongo apply-users"
            return [warn("users", "MongoDB asks for no user: everybody may read and write everything", do)]
        if patient.roles is None:
            return [skipped("users", "no file of roles is named", "--roles deploy/mongo/roles.json")]
        plan = read_plan(patient.roles)
        user = str(told["authenticatedUsers"][0]["user"])
        own = rights_of(told["authenticatedUserPrivileges"], database.name)
        planned = {one.name: one for one in plan.users}
        found = [] if user not in planned else judge(user, planned[user], own, database.name)
        roles = await _roles(database)
    if roles is None and user not in planned:
        return [skipped("users", f"user {user} is not in {patient.roles.name} and may not see the others' roles")]
    if roles is not None:
        for name, one in planned.items():
            found += judge(name, one, roles.get(f"shopsync-{name}"), settings.mongo_database)
    return found or [ok("users", _all_well(user, roles))]


def _all_well(user: str, roles: Mapping[str, Rights] | None) -> str:
    if roles is None:
        return f"user {user} may do what its role says; the others' roles are for an administrator to see"
    return f"{counted(len(roles), 'role is', 'roles are')} as the file says"


async def _roles(database: Database) -> dict[str, Rights] | None:
    """The roles of the database by name; None for a user who may not see them."""
    try:
        answer = await database.command({"rolesInfo": 1, "showPrivileges": True})
    except OperationFailure as error:
        if error.code != _UNAUTHORIZED:
            raise
        return None
    return {str(one["role"]): rights_of(one["privileges"], database.name) for one in answer["roles"]}


def rights_of(privileges: Iterable[Mapping[str, Any]], database: str) -> Rights:
    """MongoDB's privileges on one database, by collection."""
    found: dict[str, set[str]] = {}
    for one in privileges:
        resource = one["resource"]
        if resource.get("db") == database and "collection" in resource:
            found.setdefault(str(resource["collection"]), set()).update(one["actions"])
    return {name: frozenset(actions) for name, actions in found.items()}


def judge(user: str, planned: UserPlan, there: Rights | None, database: str) -> list[Finding]:
    """How the rights of one user differ from the file."""
    do = "shopsync mongo apply-users FILE, as an administrator"
    if there is None:
        return [fail(user, "has no role", do)]
    wanted = rights_of(planned.privileges(database), database)
    everywhere = there.get("", frozenset())
    lacking = sorted(
        name for name, actions in wanted.items() if not actions <= there.get(name, frozenset()) | everywhere
    )
    beyond = sorted(name for name, actions in there.items() if actions - wanted.get(name, wanted.get("", frozenset())))
    found = []
    if lacking:
        found.append(fail(user, f"may not do what it needs on {_some(lacking)}", do))
    if beyond:
        found.append(warn(user, f"may do more than it needs on {_some(beyond)}", do))
    return found


def _some(names: Sequence[str]) -> str:
    shown = [name or "every collection" for name in names[:_SHOWN]]
    return ", ".join([*shown, *(["…"] if len(names) > _SHOWN else [])])
