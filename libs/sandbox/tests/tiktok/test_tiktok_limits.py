"""Rate limits per shop and per endpoint, the form of a 429, and the traffic that a benchmark measures."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from shopsync_sandbox.tiktok.traffic import busiest_second

ONE = "/product/202309/products/1"
WAREHOUSES = "/logistics/202309/warehouses"
UNKNOWN, LIMITED = 12019150, 36009002


async def codes(api, *paths):
    return [(await api.call("GET", path))["code"] for path in paths]


def as_shop(api, key):
    api.shop_key, api.token = key, api.sandbox.authorise(key).access.value


async def test_one_bucket_per_shop_over_all_endpoints(api):
    api.sandbox.set_rate(1.0, burst=2, per="shop")
    assert await codes(api, ONE, WAREHOUSES, ONE, WAREHOUSES) == [UNKNOWN, 0, LIMITED, LIMITED]
    as_shop(api, "other")
    assert await codes(api, ONE) == [UNKNOWN]
    api.clock.ahead += 1
    as_shop(api, "demo")
    assert await codes(api, WAREHOUSES, ONE) == [0, LIMITED]


async def test_both_buckets_must_let_a_request_through_and_a_refusal_uses_up_neither(api):
    api.sandbox.set_rate(0.001, burst=3, per="shop")
    api.sandbox.set_rate(0.001, burst=1, per="endpoint")
    assert await codes(api, ONE, ONE, ONE, WAREHOUSES) == [UNKNOWN, LIMITED, LIMITED, 0]
    categories = "/product/202309/categories"
    assert await codes(api, categories, "/product/202309/brands") == [0, LIMITED]


async def test_one_shop_slower_than_the_rest_until_it_is_told_otherwise(api):
    await api.control("PUT", "/rate-limits", {"requests_per_second": 100, "per": "shop"})
    slow = {"requests_per_second": 0.001, "burst": 1, "shop": "demo", "per": "shop"}
    await api.control("PUT", "/rate-limits", slow)
    assert await codes(api, ONE, ONE) == [UNKNOWN, LIMITED]
    as_shop(api, "other")
    assert await codes(api, ONE, ONE, ONE) == [UNKNOWN] * 3
    as_shop(api, "demo")
    await api.control("PUT", "/rate-limits", {**slow, "requests_per_second": None})
    assert await codes(api, ONE, ONE, ONE) == [UNKNOWN] * 3


async def test_a_wrong_kind_of_rate_is_named(api):
    answer = await api.http.put(f"{api.url}/_sandbox/rate-limits", json={"requests_per_second": 1, "per": "hour"})
    assert (answer.status_code, answer.json()) == (400, {"error": "per 'hour' is not endpoint or shop"})


async def test_the_hourly_limit_counts_all_endpoints_of_a_shop(api):
    api.sandbox.change_settings({"requests_per_hour": 2})
    assert await codes(api, ONE, WAREHOUSES, ONE) == [UNKNOWN, 0, 36009037]
    limited = await api.send("GET", ONE, query=api.query())
    assert (limited.status_code, 0 < int(limited.headers["retry-after"]) <= 3600) == (429, True)
    as_shop(api, "other")
    assert await codes(api, ONE) == [UNKNOWN]
    as_shop(api, "demo")
    api.clock.ahead += 3600
    assert await codes(api, ONE) == [UNKNOWN]


@pytest.mark.parametrize("form", ["seconds", "date", None])
async def test_waiting_as_long_as_told_is_enough(api, form):
    api.sandbox.change_settings({"retry_after": form is not None, "retry_after_form": form or "seconds"})
    api.sandbox.set_rate(0.1, burst=1, per="shop")
    await codes(api, ONE)
    limited = await api.send("GET", ONE, query=api.query())
    assert limited.status_code == 429
    told = limited.headers.get("retry-after")
    if form is None:
        assert told is None
        return
    now = api.clock()
    wait = int(told) if form == "seconds" else parsedate_to_datetime(told).timestamp() - now
    assert 8 < wait <= 11
    if form == "date":
        assert told.endswith(" GMT")
        assert parsedate_to_datetime(told) > datetime.fromtimestamp(now, UTC)
    api.clock.ahead += wait
    assert await codes(api, ONE) == [UNKNOWN]


async def test_the_limit_may_come_with_status_200(api):
    api.sandbox.change_settings({"rate_limit_status": 200})
    api.sandbox.set_rate(0.001, burst=0)
    answer = await api.send("GET", ONE, query=api.query())
    assert (answer.status_code, answer.json()["code"]) == (200, LIMITED)


@pytest.mark.parametrize(
    ("arrivals", "most"),
    [([], 0), ([5.0], 1), ([0.0, 1.0, 2.0], 1), ([0.0, 0.5, 0.999, 1.0, 1.4], 4), ([0.0, 0.9, 1.8], 2)],
)
def test_the_busiest_second_is_half_open(arrivals, most):
    assert busiest_second(arrivals) == most


async def test_traffic_tells_arrivals_refusals_and_the_busiest_second(api):
    api.sandbox.set_rate(1.0, burst=2, per="shop")
    api.clock.ahead += 10
    await codes(api, ONE, WAREHOUSES, ONE)
    api.clock.ahead += 30
    await codes(api, ONE)
    api.sandbox.set_rate(None, per="shop")
    as_shop(api, "other")
    await api.control("POST", "/faults", {"kind": "drop", "operation": "warehouses"})
    await api.control("POST", "/faults", {"kind": "error", "operation": "get_product"})
    with pytest.raises(httpx.RemoteProtocolError):
        await codes(api, WAREHOUSES)
    await codes(api, ONE)
    await api.send("GET", ONE, query=api.query(), sign=False)
    shops = (await api.control("GET", "/traffic"))["shops"]
    counts = ("requests", "rate_limited", "server_errors", "dropped", "by_status", "busiest_second")
    assert [shops["demo"][name] for name in counts] == [4, 1, 0, 0, {"200": 3, "429": 1}, 3]
    assert [shops["other"][name] for name in counts] == [2, 0, 1, 1, {"503": 1}, 2]
    assert shops["demo"]["last"] - shops["demo"]["first"] == pytest.approx(30, abs=5)
    columns = await api.control("GET", "/traffic/demo")
    assert columns["operation"] == ["get_product", "warehouses", "get_product", "get_product"]
    assert (columns["status"], columns["code"]) == ([200, 200, 429, 200], [UNKNOWN, 0, LIMITED, UNKNOWN])
    assert columns["at"] == sorted(columns["at"]) == api.sandbox.journal.traffic.arrivals("demo")
    await api.control("DELETE", "/requests")
    assert await api.control("GET", "/traffic") == {"shops": {}}


async def test_a_call_counts_where_it_arrived_and_not_where_it_was_answered(api):
    """Latency delays answers, not arrivals: what is measured is the rate that the client kept."""
    await api.control("POST", "/faults", {"kind": "slow", "times": None, "seconds": 0.3})
    before = api.sandbox.world.real_time()
    await asyncio.gather(*(codes(api, ONE) for _ in range(5)))
    after = api.sandbox.world.real_time()
    assert after - before >= 0.3
    arrivals = api.sandbox.journal.traffic.arrivals("demo")
    assert len(arrivals) == 5
    assert all(before <= at <= after - 0.29 for at in arrivals)
    entries = (await api.control("GET", "/requests?operation=get_product"))["requests"]
    assert all(entry["at"] <= after - 0.29 and entry["fault"] == "slow" for entry in entries)
