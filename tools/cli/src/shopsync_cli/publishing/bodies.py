"""Bodies of events from arguments."""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from shopsync_cli.errors import WrongCall
from shopsync_contracts import ShopBody, describe

B = TypeVar("B", bound=ShopBody)


def build(body: type[B], *, options: Mapping[str, str] | None = None, **members: Any) -> B:
    """The body, validated like a message from outside. Raises WrongCall that names the member at fault.

    `options`: what a member is called on the command line, such as `--time` for `sync.times`.
    """
    try:
        return body.model_validate_json(json.dumps(members, default=str))
    except ValidationError as error:
        raise WrongCall(_with_options(describe(error), options or {})) from None


def _with_options(reasons: str, options: Mapping[str, str]) -> str:
    """With the option in the place of each member, of an entry of it, and of the object that holds it."""
    for member, option in options.items():
        holder = re.escape(member.partition(".")[0])
        named = rf"(?<![\w.])(?:{holder}: )?{re.escape(member)}(?:\.\d+)?(?=: )"
        reasons = re.sub(named, option, reasons)
    return reasons
