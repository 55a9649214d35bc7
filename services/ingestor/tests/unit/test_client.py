"""The client against the sandbox's futureshop, in this process."""

import ast
import inspect
import time

import httpx
import pytest

from ingestor import client as client_module
from ingestor import errors, http
from ingestor.client import INVENTORY, PRODUCTS, Policy, Search
from ingestor.listing import all_numbers, all_products, all_stock
from shopsync_sandbox.futureshop import FutureshopSandbox

FAST = {"attempts": 3, "first_wait": 0.01, "longest_wait": 0.02, "patience": 5.0, "requests_per_second": 1000}


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


async def test_reads_every_page_in_order(sandbox, connect, numbers):
    client = connect(sandbox)
    expected = [number for _, number in sandbox.shops["demo"].product_nos()]
    assert await numbers(client, all_products(250)) == expected
    assert await numbers(client, all_numbers(50)) == expected
    assert await numbers(client, all_stock()) == expected
    assert sandbox.journal.counts == {"token": 1, "products": 3 + 12, "inventory": 6}


async def test_nothing_but_reads_and_the_token_call_is_sent(sandbox, connect, numbers):
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
    def answer(request):
        return httpx.Response(200, content=body) if request.url.path == PRODUCTS else None

    client = connect(sandbox, wrap=lambda inner: Spoiled(inner, answer))
    with pytest.raises(error):
        await client.page(all_numbers(50))


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
    transports = []

    def wrap(inner):
        def answer(request):
            if request.url.path == PRODUCTS:
                return httpx.Response(302, headers={"location": "http://elsewhere.invalid/"})
            return None

        transports.append(Spoiled(inner, answer))
        return transports[0]

    with pytest.raises(errors.Refused, match="HTTP 302"):
        await connect(sandbox, wrap=wrap).page(all_numbers(50))
    assert {request.url.host for request in transports[0].requests} == {"futureshop.test"}


async def test_the_pace_is_kept_for_all_calls_together(connect):
    """One request per second is futureshop's limit; here 20, measured over ten calls."""
    sandbox = FutureshopSandbox(["demo:600"], requests_per_second=20)
    client = connect(sandbox, policy=Policy(**{**FAST, "requests_per_second": 20}))
    started = time.monotonic()
    for _ in range(9):
        await client.page(all_numbers(50))
    assert time.monotonic() - started >= 9 / 20 * 0.9
    assert {entry.status for entry in sandbox.journal.entries()} == {200}
