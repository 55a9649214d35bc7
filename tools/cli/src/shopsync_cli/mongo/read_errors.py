"""Errors of the read model as errors of the command line, with the command that helps."""

import shlex

from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_readmodel.errors import NoProduct, NoRun, NoShop, ReadError, WrongCursor


def command_error(error: ReadError) -> CommandFailed:
    """The error to raise instead."""
    match error:
        case WrongCursor():
            return WrongCall(f"--after {error.cursor!r}: SHOP/NO is expected, as the page before shows it")
        case NoShop():
            return CommandFailed(f"{error}; `shopsync shops put {shlex.quote(error.shop_key)}` adds it")
        case NoProduct() if not (error.nearest or error.shop_is_empty):
            return CommandFailed(f"{error}; `shopsync products --shop` lists them")
        case NoRun():
            shop = "" if error.shop_key is None else f" {shlex.quote(error.shop_key)}"
            return CommandFailed(f"{error}; see `shopsync {error.collection} list{shop}`")
        case _:
            return CommandFailed(str(error))
