"""Requested faults: what the client sees, what took effect, which requests they affect and when they end."""

import json
from email.utils import parsedate_to_datetime

import httpx
import pytest

from shopsync_sandbox.tiktok import Fault, Settings, TikTokSandbox

ONE = "/product/202309/products/1"
SHOPS = "/authorization/202309/shops"
UNKNOWN = 12019150


async def status_of(api, path=ONE):
    return (await api.send("GET", path, query=api.query())).status_code


def created(api):
    return len(api.shop.products)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "gateway_timeout"}, 504, 36009007),
        ({"kind": "error"}, 503, 36009003),
        ({"kind": "error", "status": 500}, 500, 36009003),
        ({"kind": "rate_limit"}, 429, 36009002),
        ({"kind": "rate_limit", "status": 200}, 200, 36009002),
        ({"kind": "html"}, 502, None),
        ({"kind": "html", "status": 200}, 200, None),
    ],
)
@pytest.mark.parametrize("after", [False, True])
async def test_a_wrong_answer_with_and_without_the_write(api, fault, status, code, after):
    await api.control("POST", "/faults", {**fault, "operation": "create_product", "after": after})
    body = json.dumps(await api.body()).encode()
    answer = await api.send("POST", "/product/202309/products", query=api.query(), body=body)
    assert answer.status_code == status
    if code is None:
        assert answer.headers["content-type"].startswith("text/html")
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    else:
        assert (answer.json()["code"], answer.json()["data"]) == (code, None)
    assert created(api) == int(after)


@pytest.mark.parametrize("after", [False, True])
async def test_a_dropped_connection(api, after):
    await api.control("POST", "/faults", {"kind": "drop", "operation": "create_product", "after": after})
    with pytest.raises(httpx.RemoteProtocolError):
        await api.create()
    assert created(api) == int(after)
    entry = api.sandbox.journal.entries[-1]
    assert (entry.status, entry.code, entry.fault) == (None, None, "drop")


async def test_a_truncated_body_announces_more_than_it_brings(api):
    await api.control("POST", "/faults", {"kind": "truncate", "operation": "create_product"})
    body = await api.body()
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await api.call("POST", "/product/202309/products", body)
    assert created(api) == 1
    entry = api.sandbox.journal.entries[-1]
    assert (entry.status, entry.code, entry.fault) == (200, 0, "truncate")


async def test_a_late_answer_can_be_about_a_write_that_has_happened(api):
    await api.control("POST", "/faults", {"kind": "slow", "seconds": 1, "after": True, "operation": "create_product"})
    body = await api.body()
    api.http.timeout = httpx.Timeout(0.5)
    with pytest.raises(httpx.ReadTimeout):
        await api.call("POST", "/product/202309/products", body)
    assert created(api) == 1


async def test_latency_and_another_fault_go_together(api):
    api.sandbox.faults.add(Fault("slow", times=None, seconds=0.05))
    api.sandbox.faults.add(Fault("error", times=1))
    assert [await status_of(api) for _ in range(2)] == [503, 200]
    assert [fault["hits"] for fault in api.sandbox.faults.describe()] == [2, 1]


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_of_a_fault(api, form):
    api.sandbox.faults.add(Fault("rate_limit", seconds=90, retry_after_form=form))
    told = (await api.send("GET", ONE, query=api.query())).headers["retry-after"]
    assert (int(told) if form == "seconds" else parsedate_to_datetime(told).timestamp() - api.clock()) == pytest.approx(
        90, abs=3
    )
    api.sandbox.faults.add(Fault("rate_limit", retry_after=False))
    assert "retry-after" not in (await api.send("GET", ONE, query=api.query())).headers


async def test_skip_times_and_pattern(api):
    await api.control("POST", "/faults", {"kind": "error", "operation": "get_*", "skip": 2, "times": 2})
    assert [await status_of(api) for _ in range(5)] == [200, 200, 503, 503, 200]
    assert await status_of(api, "/logistics/202309/warehouses") == 200


async def test_an_outage_of_one_shop_for_a_minute(api):
    """The faults that the publisher's benchmark uses."""
    order = {"kind": "error", "times": None, "shop": "demo", "for_seconds": 60}
    placed = await api.control("POST", "/faults", order)
    assert [await status_of(api) for _ in range(3)] == [503] * 3
    api.shop_key, api.token = "other", api.sandbox.authorise("other").access.value
    assert await status_of(api) == 200
    api.shop_key, api.token = "demo", api.sandbox.authorise("demo").access.value
    api.clock.ahead += 61
    assert await status_of(api) == 200
    assert [f["hits"] for f in (await api.control("GET", "/faults"))["faults"] if f["id"] == placed["id"]] == [3]


async def test_faults_can_be_taken_back(api):
    first = await api.control("POST", "/faults", {"kind": "error", "times": None})
    await api.control("POST", "/faults", {"kind": "html", "times": None, "operation": "warehouses"})
    await api.control("DELETE", f"/faults/{first['id']}")
    assert await status_of(api) == 200
    assert await status_of(api, "/logistics/202309/warehouses") == 502
    await api.control("DELETE", "/faults")
    assert await status_of(api, "/logistics/202309/warehouses") == 200


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"kind": "flood"}, "flood"),
        ({"kind": "error", "chance": 1}, "no 'chance'"),
        ({"kind": "error", "id": 5}, "no 'id'"),
        ({"kind": "error", "status": 1000}, "status 1000"),
        ({"kind": "drop", "status": 500}, "no status of its own"),
        ({"kind": "error", "times": 0}, "times must be null or at least 1"),
        ({"kind": "slow", "seconds": -1}, "must not be negative"),
        ({"kind": "rate_limit", "retry_after_form": "soon"}, "soon"),
        ({"kind": "error", "shop": "nobody"}, "nobody"),
        ({}, "kind"),
    ],
)
async def test_faults_that_make_no_sense_are_refused_in_words(refusing, order, said):
    answer = await refusing.http.post(f"{refusing.url}/_sandbox/faults", json=order)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert refusing.sandbox.faults.describe() == []


def test_faults_are_on_order_from_the_start():
    sandbox = TikTokSandbox(settings=Settings(), faults=[Fault("error", times=2), Fault("slow", for_seconds=60)])
    assert [fault.kind for fault in sandbox.faults.take("get_product", "demo")] == ["error", "slow"]


async def token(api, kind="refresh", **query):
    app = api.sandbox.identity
    given = {"app_key": app.app_key, "app_secret": app.app_secret, "grant_type": "refresh_token", **query}
    return await api.http.get(f"{api.url}/api/v2/token/{kind}", params=given)


async def test_the_token_host_goes_wrong_only_when_it_is_meant(api):
    api.sandbox.faults.add(Fault("error", times=None))
    refresh = api.sandbox.authorise("demo").refresh.value
    refreshed = (await token(api, refresh_token=refresh)).json()["data"]["refresh_token"]
    api.sandbox.faults.add(Fault("error", operation="token_*", shop="other"))
    refreshed = (await token(api, refresh_token=refreshed)).json()["data"]["refresh_token"]
    api.sandbox.faults.add(Fault("error", operation="token_*", shop="demo"))
    failed = await token(api, refresh_token=refreshed)
    assert (failed.status_code, failed.json()["code"]) == (503, 36009003)
    assert (await token(api, refresh_token=refreshed)).json()["code"] == 0


async def test_a_lost_answer_to_a_refresh_costs_the_authorisation(api):
    """Both tokens changed, the client never saw the new ones, and the old refresh token is invalid."""
    refresh = api.sandbox.authorise("demo").refresh.value
    api.sandbox.faults.add(Fault("drop", operation="token_refresh", after=True))
    with pytest.raises(httpx.RemoteProtocolError):
        await token(api, refresh_token=refresh)
    assert (await token(api, refresh_token=refresh)).json()["code"] == 36004005
