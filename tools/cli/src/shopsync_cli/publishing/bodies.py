"""Bodies of events from arguments."""

import json
from typing import Any, TypeVar

from pydantic import ValidationError

from shopsync_cli.errors import WrongCall
from shopsync_contracts import ShopBody, describe

B = TypeVar("B", bound=ShopBody)


def build(body: type[B], **members: Any) -> B:
    """The body, validated like a message from outside. Raises WrongCall that names the member at fault."""
    try:
        return body.model_validate_json(json.dumps(members, default=str))
    except ValidationError as error:
        raise WrongCall(describe(error)) from None
