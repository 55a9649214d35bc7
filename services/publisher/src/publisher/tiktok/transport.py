"""HTTP to TikTok Shop: the runtime's exchange with this API's limits and errors."""

from datetime import timedelta

import httpx

from publisher.errors import Unavailable
from shopsync_runtime import http_client
from shopsync_runtime.http_client import (
    Answer,
    BodyTooLong,
    BodyUnusable,
    DeadlinePassed,
    ExchangeFailed,
    NotSent,
    Sender,
)

_LARGEST = 8 * 1024 * 1024
ACCEPTED_ENCODINGS = "gzip, deflate"


async def exchange(http: Sender, request: httpx.Request, *, deadline: timedelta, write: bool) -> Answer:
    """Send and read to the end. Raises Unavailable when there is no whole answer by then, or one over 8 MiB."""
    try:
        return await http_client.exchange(http, request, within=deadline, max_bytes=_LARGEST)
    except NotSent as error:
        raise Unavailable("network", f"TikTok Shop cannot be reached: {error}") from None
    except ExchangeFailed as error:
        code, text = _told(error, deadline)
        raise Unavailable(code, f"TikTok Shop's answer {text}", outcome_unknown=write) from None


def _told(error: ExchangeFailed, deadline: timedelta) -> tuple[str, str]:
    """(code, what is wrong with the answer)."""
    match error:
        case DeadlinePassed():
            return "deadline", f"was not complete within {deadline.total_seconds():g} s"
        case BodyTooLong():
            return "reply_too_large", "is over 8 MiB"
        case BodyUnusable():
            return "reply_encoding", f"cannot be unpacked: {error}"
        case _:
            return "network", f"was lost: {error}"
