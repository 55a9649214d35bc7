"""`shopsync accounts`: who may log in to the console."""

import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from pymongo.errors import OperationFailure

from shopsync_accounts import LINK_LIFETIME, Account, AccountExists, Accounts, NoAccount, WrongEmail
from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson, ShopKey
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.accounts import ACCOUNT_COLUMNS, account_document, account_row
from shopsync_cli.views.output import print_json, print_table, say, warn
from shopsync_readmodel.shops.settings import read_settings
from shopsync_runtime.mongo import Database
from shopsync_runtime.web_addresses import origin
from shopsync_runtime.wording import no_settings

app = typer.Typer(no_args_is_help=True, help="Accounts of the merchant's console: one per shop (reads MongoDB).")

_UNAUTHORIZED = 13
_VARIABLES = ["SHOPSYNC_CONSOLE_URL", "CONSOLE_PUBLIC_URL"]
Console = Annotated[
    str, typer.Option("--console", metavar="URL", envvar=_VARIABLES, help="Address that merchants open.")
]


@app.command("create")
def create(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="What the merchant logs in with.")],
    console: Console = "",
    as_json: AsJson = False,
) -> None:
    """Make the account of a shop, and print the link at which the merchant sets the password: once, for three days."""
    address = _address(console)
    _print_link(*run(_create(mongo_of(ctx), shop, email)), console=address, as_json=as_json)


@app.command("reset")
def reset(ctx: typer.Context, *, shop: ShopKey, console: Console = "", as_json: AsJson = False) -> None:
    """Print a new link for another password. The present one counts until then; then all sessions of the shop end."""
    address = _address(console)
    _print_link(*run(_reset(mongo_of(ctx), shop)), console=address, as_json=as_json)


@app.command("list")
def list_accounts(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The accounts, and whether their passwords are set."""
    found = run(_read(mongo_of(ctx)))
    if as_json:
        print_json([account_document(one) for one in found])
    else:
        print_table(ACCOUNT_COLUMNS, (account_row(one, now()) for one in found))


@asynccontextmanager
async def _permitted(settings: MongoSettings) -> AsyncIterator[Database]:
    """The database. For a user without the right MongoDB's text would repeat the whole command."""
    async with connected(settings) as database:
        try:
            yield database
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:
                raise
            raise CommandFailed(
                "MongoDB: this user is not authorized for `accounts`; user operator is (`shopsync mongo apply-users`)"
            ) from None


async def _create(settings: MongoSettings, shop: str, email: str) -> tuple[Account, str]:
    async with _permitted(settings) as database:
        if await read_settings(database, shop) is None:
            raise CommandFailed(no_settings(shop))
        accounts = Accounts(database)
        try:
            secret = await accounts.create(shop, email, now())
        except WrongEmail as error:
            raise WrongCall(str(error)) from None
        except AccountExists as error:
            has_one = await accounts.of_shop(shop) is not None
            helps = f"; a new link for it: `shopsync accounts reset {shlex.quote(shop)}`" if has_one else ""
            raise CommandFailed(f"{error}{helps}") from None
        return await _with(accounts, shop, secret)


async def _reset(settings: MongoSettings, shop: str) -> tuple[Account, str]:
    async with _permitted(settings) as database:
        accounts = Accounts(database)
        try:
            secret = await accounts.reset(shop, now())
        except NoAccount as error:
            raise CommandFailed(f"{error}: `shopsync accounts create {shlex.quote(shop)} EMAIL` makes it") from None
        return await _with(accounts, shop, secret)


async def _with(accounts: Accounts, shop: str, secret: str) -> tuple[Account, str]:
    account = await accounts.of_shop(shop)
    if account is None:
        raise CommandFailed(f"the account of shop {shop!r} was removed meanwhile")
    return account, secret


async def _read(settings: MongoSettings) -> list[Account]:
    async with _permitted(settings) as database:
        return await Accounts(database).list()


def _print_link(account: Account, secret: str, *, console: str, as_json: bool) -> None:
    link = f"{console}/password/{secret}"
    if as_json:
        print_json({**account_document(account), "link": link})
        return
    warn(f"for {account.email} alone, works once within {LINK_LIFETIME.days} days; send it as you would a password")
    say(link)


def _address(console: str) -> str:
    """Raises WrongCall before anything is changed: a link that nobody can open would be lost."""
    try:
        return origin(console)
    except ValueError as error:
        given = f"{console!r}: it {error}" if console else "the console's address is not known"
        raise WrongCall(f"{given}; set --console or {' or '.join(_VARIABLES)}") from None
