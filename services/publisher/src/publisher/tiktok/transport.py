"""HTTP to TikTok Shop: the runtime's exchange with this API's limits and errors, and the pools of connections."""

import itertools
from datetime import timedelta

import httpx

from publisher.errors import Unavailable
from shopsync_runtime import http_client
from shopsync_runtime.http_client import Answer, BodyTooLong, BodyUnusable, DeadlinePassed, ExchangeFailed, NotSent

_LARGEST = 8 * 1024 * 1024
ACCEPTED_ENCODINGS = "gzip, deflate"


async def exchange(http: httpx.AsyncClient, request: httpx.Request, *, deadline: timedelta, write: bool) -> Answer:
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


class ManyPools(httpx.AsyncBaseTransport):
    """Small connection pools taken in turn, instead of one large one.

    httpcore goes through all connections of a pool when a request begins and when it ends, and asks the kernel about
    each idle one: with 100 pushes at once that was a sixth of this process's work (measured).
    """

    def __init__(self, count: int) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self._pools = [httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits) for _ in range(count)]
        self._turns = itertools.cycle(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """By the pool whose turn it is."""
        return await next(self._turns).handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()
