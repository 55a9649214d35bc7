"""The client against the sandbox's futureshop, in this process."""

import ast
import gzip
import inspect
import json
import time
import tracemalloc
import zlib
from typing import Any

import httpx
import pytest

from ingestor import errors
from ingestor.futureshop import client as client_module
from ingestor.futureshop import http
from ingestor.futureshop.client import INVENTORY, PRODUCTS, Policy, Search
from ingestor.futureshop.searches import all_numbers, all_products, all_stock
from shopsync_sandbox.futureshop import FutureshopSandbox
from shopsync_sandbox.serving import running

FAST: dict[str, Any] = {
    "attempts": 3,
    "first_wait": 0.01,
    "longest_wait": 0.02,
    "patience": 5.0,
    "requests_per_second": 1000,
}


class Spoiled(httpx.AsyncBaseTransport):
    """Lets a test bend requests and replies."""

    def __init__(self, inner, answer):
        self.inner, self.answer, self.requests = inner, answer, []

    async def handle_async_request(self, request):
        self.requests.append(request)
        bent = self.answer(request)
        if isinstance(bent, Exception):
            raise bent
        return bent if bent is not None else await self.inner.handle_async_request(request)


class Sent(httpx.AsyncByteStream):
    """A body as it comes off the wire."""

    def __init__(self, *chunks):
        self.chunks = chunks

    async def __aiter__(self):
        for chunk in self.chunks:
            yield chunk


def instead(path, *chunks, status=200, headers=None):
    """A wrapper that answers one path with these bytes."""

    def answer(request):
        if request.url.path != path:
            return None
        return httpx.Response(status, headers=headers, stream=Sent(*chunks))

    return lambda inner: Spoiled(inner, answer)


async def test_reads_every_page_in_order(sandbox, connect, numbers):
    client = connect(sandbox)
    expected = [number for _, number in sandbox.shops["demo"].product_nos()]
    assert await numbers(client, all_products(250)) == expected
    assert await numbers(client, all_numbers(50)) == expected
    assert await numbers(client, all_stock()) == expected
    assert sandbox.journal.counts == {"token": 1, "products": 3 + 12, "inventory": 6}


async def test_scenario_33_80_nv2_nothing_but_reads_and_the_token_call_is_sent(sandbox, connect, numbers):
    """Scenario 80, NV-2."""
    sandbox.fail("status", status=503)
    sandbox.fail("expire_tokens", page=2)
    client = connect(sandbox)
    for search in (all_products(250), all_numbers(250), all_stock()):
        await numbers(client, search)
    assert sandbox.writes() == []
    assert {(entry.method, entry.kind) for entry in sandbox.journal.entries()} == {
        ("POST", "token"),
        ("GET", "products"),
        ("GET", "inventory"),
    }


def test_the_client_knows_no_other_method():
    """NV-2: no other HTTP verb stands anywhere in the service's code."""
    verbs = {"PUT", "PATCH", "DELETE"}
    sources = [inspect.getsource(module) for module in (client_module, http)]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    constants = {node.value for node in nodes if isinstance(node, ast.Constant)}
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    called = {function.attr for function in calls if isinstance(function, ast.Attribute)}
    assert not verbs & constants
    assert not {"post", "put", "patch", "delete", "request"} & called
    posts = [source.count('"POST",') for source in sources]
    assert posts == [1, 0], "the token call is the one POST"


async def test_one_token_serves_many_calls_and_is_renewed_before_its_end(connect):
    sandbox = FutureshopSandbox(["demo:60"], requests_per_second=0, token_seconds=100)
    client = connect(sandbox)
    now = [0.0]
    client._monotonic = lambda: now[0]
    await client.page(all_numbers(50))
    now[0] = 80.0
    await client.page(all_numbers(50))
    assert sandbox.journal.counts["token"] == 1
    now[0] = 91.0
    await client.page(all_numbers(50))
    assert sandbox.journal.counts["token"] == 2


async def test_a_rejected_token_is_renewed_once(sandbox, connect):
    client = connect(sandbox)
    await client.page(all_numbers(50))
    sandbox.access.expire()
    assert len((await client.page(all_numbers(50))).records) == 50
    assert sandbox.journal.counts["token"] == 2


async def test_a_token_that_never_works_is_denied_after_one_renewal(sandbox, connect):
    sandbox.fail("expire_tokens", times=None)
    client = connect(sandbox)
    with pytest.raises(errors.Denied, match="HTTP 401"):
        await client.page(all_numbers(50))
    assert sandbox.journal.counts["token"] == 2


async def test_wrong_credentials_are_named_without_the_secret(sandbox, connect):
    client = connect(sandbox, client_secret="wrong-secret-value")
    with pytest.raises(errors.Denied, match="POST /oauth/token: HTTP 401: Unauthorized") as caught:
        await client.page(all_numbers(50))
    assert "wrong-secret-value" not in str(caught.value)
    assert sandbox.journal.counts["token"] == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429, "retry_after": 0},
        {"kind": "status", "status": 500},
        {"kind": "maintenance"},
        {"kind": "html"},
        {"kind": "malformed_json"},
        {"kind": "status", "status": 502, "endpoint": "token"},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}",
)
async def test_what_may_pass_is_asked_again(sandbox, connect, fault):
    sandbox.fail(**fault)
    client = connect(sandbox)
    assert len((await client.page(all_numbers(50))).records) == 50


async def test_it_gives_up_after_the_allowed_attempts(sandbox, connect):
    sandbox.fail("status", status=503, times=None)
    client = connect(sandbox, policy=Policy(**FAST))
    with pytest.raises(errors.Busy, match="HTTP 503"):
        await client.page(all_numbers(50))
    assert sandbox.journal.counts["products"] == 3


async def test_retry_after_is_honoured(sandbox, connect):
    sandbox.fail("status", status=429, retry_after=1)
    client = connect(sandbox)
    started = time.monotonic()
    await client.page(all_numbers(50))
    assert time.monotonic() - started >= 1.0


PAST = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize("asked", ["0", "0.001", "-5", "soon", "\xb2", PAST, "Thu, 01 Jan 1970 00:00:00 -0000", ""])
async def test_a_server_that_asks_for_no_wait_is_still_asked_with_growing_waits(sandbox, connect, asked):
    """A static page of a maintenance names one time for hours: the attempts would be over in a moment."""
    policy = Policy(requests_per_second=1000, attempts=6, first_wait=0.05, longest_wait=10, patience=60)
    wrap = instead(PRODUCTS, b"", status=503, headers=[(b"retry-after", asked.encode("latin-1"))])
    client = connect(sandbox, policy=policy, wrap=wrap)
    started = time.monotonic()
    with pytest.raises(errors.Busy):
        await client.page(all_numbers(50))
    assert time.monotonic() - started >= 0.05 * (1 + 2 + 4 + 8 + 16)


@pytest.mark.parametrize(
    ("asked", "seconds"), [("120", 120), ("0.493", 0.493), ("1.5", 1.5), ("-1", None), ("1e3", None)]
)
async def test_the_wait_that_is_asked_for(sandbox, connect, asked, seconds):
    policy = Policy(**{**FAST, "patience": 0.1, "attempts": 1})
    client = connect(sandbox, policy=policy, wrap=instead(PRODUCTS, b"", status=429, headers={"retry-after": asked}))
    with pytest.raises(errors.Busy) as caught:
        await client.page(all_numbers(50))
    assert caught.value.retry_after == seconds


async def test_a_maintenance_longer_than_our_patience_is_not_slept_through(sandbox, connect):
    """DL-10: a version-up of hours is reported at once."""
    sandbox.fail("maintenance", retry_after=7200, times=None)
    client = connect(sandbox)
    with pytest.raises(errors.Busy, match="HTTP 503"):
        await client.page(all_numbers(50))
    assert len(sandbox.journal.entries()) == 1


async def test_failed_in_a_200_is_a_failure(sandbox, connect):
    sandbox.fail("failed", code="InvalidValue", message="no")
    client = connect(sandbox)
    with pytest.raises(errors.Refused, match="status failed: InvalidValue no"):
        await client.page(all_numbers(50))


async def test_a_refused_parameter_shows_futureshops_words(sandbox, connect):
    client = connect(sandbox)
    with pytest.raises(errors.Refused, match="HTTP 400: InvalidValue count count must be"):
        await client.page(Search(PRODUCTS, {"count": "7"}))


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.invalid/admin-api/v1/products?cursor=x",
        "https://futureshop.test/admin-api/v1/products?cursor=x",
        "http://futureshop.test:8080/admin-api/v1/products?cursor=x",
        "http://futureshop.test/admin-api/v1/shipping?cursor=x",
        "http://user:pw@futureshop.test/admin-api/v1/products?cursor=x",
        "/admin-api/v1/products?cursor=x",
        "http://[",
    ],
)
async def test_next_url_elsewhere_is_not_followed(sandbox, connect, url):
    sandbox.fail("foreign_next_url", url=url)
    client = connect(sandbox)
    with pytest.raises(errors.UnexpectedReply, match="nextUrl"):
        await client.page(all_numbers(50))
    with pytest.raises(errors.UnexpectedReply, match="nextUrl"):
        await client.page(all_numbers(50), url)


async def test_the_default_port_is_the_same_place(sandbox, connect):
    sandbox.fail("foreign_next_url", url="http://futureshop.test:80/admin-api/v1/products?cursor=x")
    assert (await connect(sandbox).page(all_numbers(50))).next_url is not None


async def test_a_body_without_end_is_cut_off(sandbox, connect):
    client = connect(sandbox, policy=Policy(**FAST, max_bytes=2000))
    with pytest.raises(errors.UnexpectedReply, match="longer than 2000 bytes"):
        await client.page(all_products(250))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"\x83e\x83X\x83g", errors.BrokenReply),  # Shift_JIS
        (b"[" * 100_000, errors.BrokenReply),
        (b"[]", errors.BrokenReply),
        (b"{}", errors.UnexpectedReply),
        (b'{"productList": null}', errors.UnexpectedReply),
        (b'{"productList": [1]}', errors.UnexpectedReply),
        (b'{"productList": [], "nextUrl": 5}', errors.UnexpectedReply),
    ],
)
async def test_replies_that_are_no_listing(sandbox, connect, body, error):
    client = connect(sandbox, wrap=instead(PRODUCTS, body))
    with pytest.raises(error):
        await client.page(all_numbers(50))


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("gzip", gzip.compress(b"{}", mtime=0)[:-4], "breaks off"),
        ("gzip", b"no gzip at all", "compression is broken"),
        ("br", b"x", "compressed as 'br', not as asked for"),
    ],
)
async def test_compression_that_cannot_be_undone_may_pass(sandbox, connect, encoding, body, words):
    client = connect(sandbox, wrap=instead(PRODUCTS, body, headers={"content-encoding": encoding}))
    with pytest.raises(errors.BrokenReply, match=words):
        await client.page(all_numbers(50))


async def test_a_packed_reply_in_pieces_is_read(sandbox, connect):
    packed = gzip.compress(b'{"status": "success", "productList": [{"productNo": "A"}]}')
    pieces = [packed[start : start + 7] for start in range(0, len(packed), 7)]
    client = connect(sandbox, wrap=instead(PRODUCTS, *pieces, headers={"content-encoding": "gzip"}))
    assert (await client.page(all_numbers(50))).records == [{"productNo": "A"}]


async def test_a_bomb_is_not_unpacked(sandbox, connect):
    """A few kilobytes that would be 256 MiB: no more than the limit is ever held."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(256)) + packer.flush()
    policy = Policy(**FAST, max_bytes=100_000)
    client = connect(sandbox, policy=policy, wrap=instead(PRODUCTS, bomb, headers={"content-encoding": "gzip"}))
    await client._authorize(None)
    tracemalloc.start()
    try:
        with pytest.raises(errors.UnexpectedReply, match="longer than 100000 bytes"):
            await client.page(all_numbers(50))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


async def test_the_page_of_a_maintenance_may_be_packed_in_any_way(sandbox, connect):
    headers = {"content-encoding": "br", "retry-after": "7200"}
    client = connect(sandbox, wrap=instead(PRODUCTS, b"x" * 99, status=503, headers=headers))
    with pytest.raises(errors.Busy, match="HTTP 503") as caught:
        await client.page(all_numbers(50))
    assert caught.value.retry_after == 7200


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.ReadError("cut")])
async def test_a_broken_connection_may_pass(sandbox, connect, failure):
    left = [failure]

    def answer(request):
        return left.pop() if request.url.path == INVENTORY and left else None

    client = connect(sandbox, wrap=lambda inner: Spoiled(inner, answer))
    assert len((await client.page(all_stock())).records) == 100


async def test_a_server_that_drips_is_given_up(sandbox, connect):
    sandbox.fail("slow", ms=5000, times=None)
    client = connect(sandbox, policy=Policy(**{**FAST, "attempts": 2}, timeout=0.05))
    with pytest.raises(errors.Unreachable, match="no reply in time"):
        await client.page(all_numbers(50))


async def test_a_redirect_is_not_followed(sandbox, connect):
    sandbox.fail("redirect", url="http://elsewhere.invalid/", times=None)
    transports = []

    def wrap(inner):
        transports.append(Spoiled(inner, lambda _: None))
        return transports[0]

    with pytest.raises(errors.Refused, match="HTTP 302"):
        await connect(sandbox, wrap=wrap).page(all_numbers(50))
    assert {request.url.host for request in transports[0].requests} == {"futureshop.test"}


async def test_a_body_in_another_encoding_may_pass(sandbox, connect):
    """Shift_JIS behind a proxy: no name is ever taken half-read."""
    sandbox.fail("encoding", encoding="shift_jis")
    assert len((await connect(sandbox).page(all_numbers(50))).records) == 50
    sandbox.fail("encoding", encoding="shift_jis", times=None)
    with pytest.raises(errors.BrokenReply, match="no JSON object in UTF-8"):
        await connect(sandbox).page(all_numbers(50))


@pytest.fixture
async def served(sandbox, connect):
    """`served(policy)`: our client on the sandbox over TCP."""
    async with running(sandbox.app) as url:

        def on_tcp(policy):
            return connect(sandbox, base_url=url, policy=policy, wrap=lambda _: httpx.AsyncHTTPTransport())

        yield on_tcp


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
async def test_a_connection_dropped_in_mid_body_may_pass(sandbox, served, share):
    client = served(Policy(**FAST))
    sandbox.fail("drop", share=share)
    assert len((await client.page(all_products(50))).records) == 50
    sandbox.fail("drop", share=share, times=None)
    with pytest.raises(errors.Unreachable, match="GET /admin-api/v1/products: RemoteProtocolError"):
        await client.page(all_products(50))


async def test_a_body_that_drips_does_not_hold_us_up(sandbox, served):
    """Every byte comes in time, the whole never does: the deadline is for the whole."""
    client = served(Policy(**{**FAST, "attempts": 2}, timeout=0.3))
    sandbox.fail("drip", bytes=1, ms=50, times=None)
    with pytest.raises(errors.Unreachable, match="no reply in time"):
        await client.page(all_numbers(50))


async def test_a_bomb_over_the_wire_is_cut_off(sandbox, served):
    client = served(Policy(**FAST, max_bytes=1_000_000))
    sandbox.fail("gzip_bomb", mebibytes=32)
    with pytest.raises(errors.UnexpectedReply, match="longer than 1000000 bytes"):
        await client.page(all_numbers(50))
    assert len((await client.page(all_numbers(50))).records) == 50


async def test_a_maintenance_is_waited_for_as_long_as_patience_lasts(sandbox, connect):
    """A server that does not say when it is back: asked again and again, never concluded from."""
    sandbox.fail("maintenance", times=None)
    client = connect(sandbox, policy=Policy(**{**FAST, "attempts": 1000, "patience": 0.5}))
    with pytest.raises(errors.Busy, match="HTTP 503"):
        await client.page(all_numbers(50))
    asked = len(sandbox.journal.entries())
    assert 5 < asked < 1000
    sandbox.faults.clear()
    assert len((await client.page(all_numbers(50))).records) == 50


def test_with_usual_settings_patience_ends_it_and_not_the_number_of_attempts():
    policy, waited, wait = Policy(), 0.0, Policy().first_wait
    for _ in range(policy.attempts - 1):
        waited, wait = waited + wait, min(wait * 2, policy.longest_wait)
    assert waited > policy.patience


@pytest.mark.parametrize("life", [{}, {"expires_in": 0}, {"expires_in": "soon"}, {"expires_in": "3600"}])
async def test_a_token_without_a_life_is_used_until_it_is_rejected(sandbox, connect, life):
    """Otherwise every call would cost a token call, and half of the allowed rate."""
    body = json.dumps({"access_token": "t", **life}).encode()
    seen = []

    def answer(request):
        if request.url.path == "/oauth/token":
            seen.append(request)
            return httpx.Response(200, stream=Sent(body))
        return httpx.Response(200, stream=Sent(b'{"productList": []}'))

    client = connect(sandbox, wrap=lambda inner: Spoiled(inner, answer))
    for _ in range(3):
        await client.page(all_numbers(50))
    assert len(seen) == 1


async def test_the_pace_is_kept_for_all_calls_together(connect):
    """One request per second is futureshop's limit; here 20, measured over ten calls."""
    sandbox = FutureshopSandbox(["demo:600"], requests_per_second=20)
    client = connect(sandbox, policy=Policy(**{**FAST, "requests_per_second": 20}))
    started = time.monotonic()
    for _ in range(9):
        await client.page(all_numbers(50))
    assert time.monotonic() - started >= 9 / 20 * 0.9
    assert {entry.status for entry in sandbox.journal.entries()} == {200}
