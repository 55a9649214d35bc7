"""The gateway's checks, their codes and their order: each request fails this check and every later one."""

import json

import httpx
import pytest

PRODUCTS = "/product/202309/products"
SHOPS = "/authorization/202309/shops"


async def code_of(api, method, path, **wrong):
    answer = await api.send(method, path, **{"query": api.query(), **wrong})
    envelope = answer.json()
    assert set(envelope) == {"code", "message", "request_id", "data"}
    assert len(envelope["request_id"]) == 34
    return envelope["code"], answer.status_code, envelope["message"]


@pytest.mark.parametrize(
    ("method", "path", "code", "status"),
    [
        ("GET", "/product/202309/nothing", 36009009, 404),
        ("GET", "/nowhere", 36009009, 404),
        ("GET", "/product/latest/products/1", 36009009, 404),
        ("DELETE", f"{PRODUCTS}/1729000000000000001", 36009010, 405),
        ("GET", f"{PRODUCTS}/activate", 36009010, 405),
        ("PUT", f"{PRODUCTS}/search", 36009010, 405),
        ("GET", "/product/202509/products/1", 36009014, 400),
        ("POST", "/product/202001/products/search", 36009014, 400),
    ],
)
async def test_path_method_and_version_come_first(refusing, method, path, code, status):
    assert (await code_of(refusing, method, path, query={}, sign=False))[:2] == (code, status)


@pytest.mark.parametrize(
    ("change", "keyword"),
    [
        ({"app_key": "nobody"}, "app_key is invalid"),
        ({"timestamp": "-5"}, "negative"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"timestamp": "²"}, "timestamp"),
        ({"ago": 301}, "older than 5 minutes"),
        ({"ago": -32}, "more than 30 seconds ahead"),
    ],
)
async def test_app_key_and_timestamp(refusing, change, keyword):
    api = refusing
    ago = change.get("ago")
    stamp = {} if ago is None else {"timestamp": str(int(api.clock()) - ago)}
    query = {**api.query(), **stamp, **{name: value for name, value in change.items() if name != "ago"}}
    code, status, message = await code_of(api, "GET", f"{PRODUCTS}/1", query=query, headers={"x-tts-access-token": ""})
    assert (code, status) == (36009004, 400)
    assert keyword in message


@pytest.mark.parametrize("ago", [298, -28])
async def test_timestamps_within_the_window_pass(api, ago):
    answer = await api.send("GET", SHOPS, query=api.query(cipher=False, timestamp=str(int(api.clock()) - ago)))
    assert answer.json()["code"] == 0


async def test_a_missing_sign_is_named_and_a_wrong_one_is_unauthorised(api):
    code, _, message = await code_of(api, "GET", SHOPS, sign=False)
    assert (code, "sign is missing" in message) == (36009004, True)
    headers = {"x-tts-access-token": "nobody"}
    assert (await code_of(api, "GET", SHOPS, sign="0" * 64, headers=headers))[:2] == (106001, 401)


async def test_the_body_is_signed_byte_for_byte(api):
    query = api.query(page_size="10")
    first = await api.send("POST", f"{PRODUCTS}/search", query=query, body=b"{}")
    signed = dict(first.request.url.params)["sign"]
    other = await api.send("POST", f"{PRODUCTS}/search", query=query, body=b"{ }", sign=signed)
    assert (first.json()["code"], other.json()["code"]) == (0, 106001)


async def test_a_clock_that_is_wrong_on_purpose_refuses_correct_requests(api):
    api.sandbox.set_clock_offset(-120)
    assert (await code_of(api, "GET", SHOPS))[0] == 36009004


async def test_token_scope_cipher_in_this_order(api):
    path, sandbox = f"{PRODUCTS}/1", api.sandbox
    wrong = {"query": api.query(cipher=False)}
    unknown = {**wrong, "headers": {"x-tts-access-token": "TTP_unknown"}}
    words = "Invalid credentials. The 'access_token' header is invalid."
    assert await code_of(api, "GET", path, **unknown) == (36009005, 401, words)
    sandbox.change_settings({"token_error": 36009004})
    assert await code_of(api, "GET", path, **unknown) == (36009004, 400, words)
    narrow = sandbox.authorise("demo", scopes=["seller.authorization.info"]).access.value
    assert (await code_of(api, "GET", path, **wrong, headers={"x-tts-access-token": narrow}))[0] == 105005
    assert (await code_of(api, "GET", path, **wrong))[0] == 106013
    foreign = {"query": api.query(shop_cipher=sandbox.world.shop("other").cipher)}
    assert (await code_of(api, "GET", path, **foreign))[:2] == (101000, 403)
    sandbox.tokens.expire("demo")
    assert (await code_of(api, "GET", path, **wrong))[:2] == (105002, 401)


async def test_the_callers_address_can_be_limited(api):
    api.sandbox.change_settings({"allowed_ips": ("192.0.2.1",)})
    assert (await code_of(api, "GET", SHOPS))[0] == 36009033


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SHOPS),
        ("GET", "/seller/202309/shops"),
        ("POST", "/product/202309/images/upload"),
        ("POST", "/product/202309/brands"),
    ],
)
async def test_a_cipher_where_none_is_taken_is_refused(refusing, method, path):
    code, _, message = await code_of(refusing, method, path)
    assert (code, message) == (36009004, "shop_cipher is not required for this API")


async def test_content_types(api):
    plain = {"content-type": "text/plain"}
    assert (await code_of(api, "POST", PRODUCTS, body=b"{}", headers=plain))[:2] == (36009022, 415)
    assert (await code_of(api, "POST", PRODUCTS, body=b"{nonsense"))[0] == 36009022
    assert (await code_of(api, "POST", PRODUCTS, body=b"[]"))[0] == 36009004
    upload = {"query": api.query(cipher=False)}
    assert (await code_of(api, "POST", "/product/202309/images/upload", body=b"{}", **upload))[:2] == (36009023, 415)


async def test_a_wrong_type_is_refused_with_its_place(api):
    body = await api.body(skus=[{"price": {"amount": 1980, "currency": "JPY"}}])
    envelope = await api.call("POST", PRODUCTS, body)
    assert (envelope["code"], envelope["message"]) == (36009004, "param body.skus[0].price.amount type invalid")
    api.sandbox.change_settings({"member_error": 98001004})
    envelope = await api.call("POST", PRODUCTS, body)
    assert envelope["code"] == 98001004
    assert "skus.0.price.amount" in envelope["message"]


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("title", "Title"),
        ("description", "Description"),
        ("category_id", "CategoryId"),
        ("main_images", "MainImages"),
        ("skus", "Skus"),
    ],
)
async def test_a_member_that_is_missing_is_told_in_gos_names(api, member, name):
    body = await api.body()
    del body[member]
    answer = await api.send("POST", PRODUCTS, query=api.query(), body=json.dumps(body).encode())
    assert (answer.status_code, answer.json()["code"]) == (400, 36009004)
    assert answer.json()["message"] == f"{name} is a required field"
    draft = await api.call("POST", PRODUCTS, {**body, "save_mode": "AS_DRAFT"})
    assert draft["code"] != 36009004, "a draft may lack anything"
    api.sandbox.change_settings({"member_error": 98001004})
    assert (await api.call("POST", PRODUCTS, body))["code"] > 12_000_000


async def test_a_locale_in_the_body_can_be_refused(api):
    body = await api.body(locale="ja-JP")
    assert (await api.call("POST", PRODUCTS, body))["code"] == 0
    api.sandbox.change_settings({"locale_in_bodies": "refused"})
    assert (await api.call("POST", PRODUCTS, body))["code"] == 36009004


@pytest.mark.parametrize(
    ("condition", "code"), [("shop_inactive", 36009043), ("seller_barred", 36009044), ("shop_deactivated", 36009006)]
)
async def test_every_call_of_a_shop_can_be_barred(api, condition, code):
    await api.control("PUT", "/conditions", {"shop": "demo", "conditions": [condition]})
    for method, path in (("GET", f"{PRODUCTS}/1"), ("GET", "/logistics/202309/warehouses"), ("POST", PRODUCTS)):
        assert (await code_of(api, method, path))[:2] == (code, 401)
    await api.control("PUT", "/conditions", {"shop": "demo", "conditions": []})
    assert (await code_of(api, "GET", "/logistics/202309/warehouses"))[0] == 0


async def test_an_operation_can_be_withdrawn(api):
    api.sandbox.change_settings({"withdrawn": ("get_product",)})
    assert (await code_of(api, "GET", f"{PRODUCTS}/1"))[:2] == (36009009, 404)
    assert (await code_of(api, "GET", "/logistics/202309/warehouses"))[0] == 0


async def test_an_upload_above_the_limit(api):
    envelope = await api.upload(b"\x89PNG" + bytes(11 * 1024 * 1024))
    assert envelope["code"] == 36009021


async def test_rate_limit_per_shop_and_endpoint(api, serve):
    api.sandbox.set_rate(0.5, burst=2)
    path = f"{PRODUCTS}/1"
    assert [(await code_of(api, "GET", path))[0] for _ in range(3)] == [12019150, 12019150, 36009002]
    limited = await api.send("GET", path, query=api.query())
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "2")
    assert (await code_of(api, "GET", SHOPS, query=api.query(cipher=False)))[0] == 0
    api.shop_key, api.token = "other", api.sandbox.authorise("other").access.value
    assert (await code_of(api, "GET", path))[0] == 12019150
    api.sandbox.settings.retry_after = False
    await code_of(api, "GET", path)
    assert "retry-after" not in (await api.send("GET", path, query=api.query())).headers


async def test_the_bucket_refills_with_time(api):
    api.sandbox.set_rate(1, burst=1, shop="demo")
    path = f"{PRODUCTS}/1"
    assert [(await code_of(api, "GET", path))[0] for _ in range(2)] == [12019150, 36009002]
    api.clock.ahead += 5
    assert (await code_of(api, "GET", path))[0] == 12019150


async def test_the_hourly_limit_of_sandbox_shops(api):
    api.sandbox.change_settings({"requests_per_hour": 1})
    path = f"{PRODUCTS}/1"
    assert [(await code_of(api, "GET", path))[0] for _ in range(2)] == [12019150, 36009037]
    api.clock.ahead += 3600
    assert (await code_of(api, "GET", path))[0] == 12019150


async def test_business_errors_can_come_with_status_400(api):
    assert (await code_of(api, "GET", f"{PRODUCTS}/1"))[:2] == (12019150, 200)
    api.sandbox.change_settings({"business_error_status": 400})
    assert (await code_of(api, "GET", f"{PRODUCTS}/1"))[:2] == (12019150, 400)


@pytest.mark.parametrize("after", [False, True])
async def test_a_dropped_connection_with_and_without_the_write(api, after):
    await api.control("POST", "/faults", {"kind": "drop", "operation": "create_product", "after": after})
    with pytest.raises(httpx.RemoteProtocolError):
        await api.create()
    assert api.sandbox.summary()["creates"] == int(after)
    assert (await api.create())["product_id"]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "rate_limit", "seconds": 7}, 429, 36009002),
        ({"kind": "error", "status": 503}, 503, 36009003),
        ({"kind": "gateway_timeout", "after": True}, 504, 36009007),
        ({"kind": "html"}, 502, None),
    ],
)
async def test_faults_on_order(api, fault, status, code):
    await api.control("POST", "/faults", {"operation": "get_*", **fault})
    answer = await api.send("GET", f"{PRODUCTS}/{(await api.create())['product_id']}", query=api.query())
    assert answer.status_code == status
    if code is None:
        assert answer.text.startswith("<html>")
    else:
        assert answer.json()["code"] == code
    again = await api.send("GET", f"{PRODUCTS}/1", query=api.query())
    assert again.json()["code"] == 12019150


async def test_faults_of_one_shop_leave_others_alone_and_end_by_time(api):
    fault = {"kind": "error", "times": None, "shop": "demo", "for_seconds": 60}
    await api.control("POST", "/faults", fault)
    path = f"{PRODUCTS}/1"
    assert [(await code_of(api, "GET", path))[1] for _ in range(2)] == [503, 503]
    api.clock.ahead += 61
    assert (await code_of(api, "GET", path))[1] == 200


async def test_the_request_log_masks_secrets(api):
    await api.create()
    entries = (await api.control("GET", "/requests?operation=create_product"))["requests"]
    assert [(e["method"], e["path"], e["code"], e["shop"]) for e in entries] == [("POST", PRODUCTS, 0, "demo")]
    assert entries[0]["query"]["sign"] == "***"
    assert api.token not in json.dumps(entries)
    assert len(entries[0]["body_sha256"]) == 64
