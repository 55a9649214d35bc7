"""The control API, and the command line's ready line."""

import asyncio
import json
import sys

import pytest

PRODUCTS = "/product/202309/products"


async def test_the_summary_of_an_untouched_sandbox(api):
    summary = await api.control("GET", "/summary")
    assert summary["listings"] == {}
    assert summary["stock_writes"] == {"max_per_sku": 0, "total": 0}
    assert summary["reviews"] == {"waiting": 0, "held": False, "approved": 0, "rejected": 0, "pre_approved": 0}
    assert summary["requests"] == {"total": 0, "refused": 0, "by_operation": {}, "by_code": {}}


async def test_counters_per_product_and_sku(api):
    created = await api.live()
    await api.edit(created, title="別")
    counters = await api.control("GET", "/counters")
    assert counters["creates_per_seller_sku"] == {"demo": {"SOX-ネイビー": 1, "SOX-グレー": 1}, "other": {}}
    assert counters["stock_writes_per_seller_sku"]["demo"]["SOX-グレー"] == 1
    assert counters["per_product"] == {created["product_id"]: {"creates": 1, "edits": 1}}
    detail = await api.control("GET", f"/products/{created['product_id']}")
    assert detail["versions"]["under_review"]["title"] == "別"
    assert detail["api"] == {"creates": 1, "edits": 1}


async def test_the_request_log_can_be_emptied(api):
    await api.create()
    await api.control("DELETE", "/requests")
    summary = await api.control("GET", "/summary")
    assert (summary["requests"]["total"], summary["creates"], summary["listings_total"]) == (0, 0, 1)


async def test_settings_are_checked_before_any_changes(api):
    url = f"{api.url}/_sandbox/settings"
    unknown = await api.http.patch(url, json={"burst": 3, "speed": 1})
    assert (unknown.status_code, "no setting 'speed'" in unknown.json()["error"]) == (400, True)
    wrong = await api.http.patch(url, json={"burst": 3, "idempotency": "maybe"})
    assert (wrong.status_code, "idempotency" in wrong.json()["error"]) == (400, True)
    assert (await api.control("GET", "/settings"))["burst"] is None
    assert (await api.control("PATCH", "/settings", {"burst": 3}))["burst"] == 3


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "said"),
    [
        ("POST", "/seller/hide", {"product_id": "1"}, 400, "no product '1'"),
        ("POST", "/seller/vanish", {}, 400, "no action 'vanish'"),
        ("POST", "/seller/hide", {"seller_sku": "x"}, 400, "no product with seller_sku 'x'"),
        ("POST", "/reviews/think", {}, 400, "no action 'think'"),
        ("PUT", "/reviews/rules", {"rules": [{"decision": "maybe"}]}, 400, "maybe"),
        ("POST", "/faults", {"kind": "flood"}, 400, "flood"),
        ("POST", "/tokens/revoke", {}, 400, "shop"),
        ("POST", "/codes", {"shops": ["nobody"]}, 400, "nobody"),
        ("PUT", "/prerequisites", {"shop": "demo", "failed": {"LUCK": []}}, 400, "LUCK"),
        ("PUT", "/clock", [], 400, "JSON object"),
        ("GET", "/state?shop=nobody", None, 400, "nobody"),
    ],
)
async def test_wrong_orders_are_refused_in_words(api, method, path, document, status, said):
    answer = await api.http.request(method, f"{api.url}/_sandbox{path}", json=document)
    assert answer.status_code == status
    assert said in answer.json()["error"]


async def test_an_order_the_state_forbids_is_a_conflict(api):
    product_id = (await api.create())["product_id"]
    answer = await api.http.post(f"{api.url}/_sandbox/seller/hide", json={"product_id": product_id})
    assert (answer.status_code, answer.json()["code"]) == (409, 12052901)


async def test_clock_rates_and_codes(api):
    await api.control("PUT", "/clock", {"offset": 3600})
    assert (await api.call("GET", f"{PRODUCTS}/1"))["code"] == 36009004
    await api.control("PUT", "/clock", {"offset": 0})
    await api.control("PUT", "/rate-limits", {"requests_per_second": 0.01, "burst": 1, "shop": "demo"})
    assert [(await api.call("GET", f"{PRODUCTS}/1"))["code"] for _ in range(2)] == [12019150, 36009002]
    code = await api.control("POST", "/codes", {"shops": ["demo"], "scopes": ["seller.product.basic"]})
    assert api.sandbox.tokens.exchange(code["code"]).access.grant.scopes == ("seller.product.basic",)


async def test_the_ready_line_has_all_a_client_needs(api):
    arguments = ["--shop", "kobe", "--shop", "nara", "--seed", "5", "--review-seconds", "-1"]
    arguments += ["--shop-requests-per-second", "5", "--shop-burst", "7", "--latency", "0.01"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shopsync_sandbox", "tiktok", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        facts = json.loads(await asyncio.wait_for(process.stdout.readline(), 120))
        assert facts["event"] == "ready"
        assert [shop["key"] for shop in facts["shops"]] == ["kobe", "nara"]
        query = {"app_key": facts["app_key"], "app_secret": facts["app_secret"], "grant_type": "authorized_code"}
        query["auth_code"] = facts["shops"][1]["auth_code"]
        answer = await api.http.get(f"{facts['url']}/api/v2/token/get", params=query)
        assert answer.json()["data"]["access_token"]
        settings = (await api.http.get(f"{facts['url']}/_sandbox/settings")).json()
        assert settings["review_seconds"] is None
        assert (settings["shop_requests_per_second"], settings["shop_burst"]) == (5.0, 7)
        (latency,) = (await api.http.get(f"{facts['url']}/_sandbox/faults")).json()["faults"]
        assert (latency["kind"], latency["seconds"], latency["times"]) == ("slow", 0.01, None)
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 120)
