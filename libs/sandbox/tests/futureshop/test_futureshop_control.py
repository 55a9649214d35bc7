import pytest

PRODUCTS = "/admin-api/v1/products"
SHOP = "/_sandbox/shops/demo"


@pytest.fixture
def control(client):
    """Call the control API: (method, path, body) → (status, JSON)."""

    async def call(method: str, path: str, body: object = None) -> tuple[int, dict]:
        reply = await client.http.request(method, path, json=body)
        return reply.status_code, reply.json()

    return call


@pytest.fixture
def number(sandbox) -> str:
    return sandbox.shops["demo"].base.product_no(10)  # a Japanese one


async def test_state_tells_the_shops_the_clock_and_the_calls(client, control):
    await client.numbers()
    status, state = await control("GET", "/_sandbox/")
    assert status == 200
    assert state["shops"]["demo"] == {"products": 600, "generated": 600, "edited": 0, "deleted": 0, "added": 0}
    assert state["requests"] == {"products": 12}
    assert state["faults"] == []
    assert state["clock"]["frozen"] is False


async def test_product_numbers_in_parts(control):
    _, first = await control("GET", f"{SHOP}/products?limit=599")
    _, rest = await control("GET", f"{SHOP}/products?after={first['next_after']}")
    assert (first["total"], len(first["product_nos"]), len(rest["product_nos"])) == (600, 599, 1)
    assert rest["next_after"] is None
    assert (await control("GET", f"{SHOP}/products?limit=x"))[0] == 400


async def test_edit_a_product_with_and_without_a_stamp(client, control, number):
    _, before = await control("GET", f"{SHOP}/products/{number}")
    status, quiet = await control("PATCH", f"{SHOP}/products/{number}", {"name": "静か", "touch": False})
    assert (status, quiet["name"], quiet["updated_at"]) == (200, "静か", before["updated_at"])
    _, loud = await control("PATCH", f"{SHOP}/products/{number}", {"unit_price": 777})
    assert loud["updated_at"] > before["updated_at"]
    shown = (await client.get(PRODUCTS, productNo=number)).json()["productList"][0]
    assert (shown["name"], shown["unitPrice"], shown["id"]) == ("静か", 777, before["id"])


async def test_register_a_product(client, control):
    body = {
        "name": "新しい手ぬぐい",
        "unit_price": 1200,
        "images": ["/images/100x100/0001.png", "https://cdn.example.jp/a.jpg"],
        "horizontal_axis": "柄",
        "skus": [{"horizontal_no": "1", "horizontal_name": "麻の葉", "stock": 3}],
        "preorder": {"price": 1000, "period_start": "2026-11-01T00:00:00", "period_end": None},
    }
    status, made = await control("PATCH", f"{SHOP}/products/手拭-1", body)
    assert (status, made["product_no"]) == (201, "手拭-1")
    shown = (await client.get(PRODUCTS, productNo="手拭-1", types="image,preorder")).json()["productList"][0]
    assert [image["url"] for image in shown["image"]["list"]] == [
        "http://futureshop.test/images/100x100/0001.png",
        "https://cdn.example.jp/a.jpg",
    ]
    assert shown["preorder"]["periodStart"] == "2026-11-01T00:00:00"


async def test_set_stock(sandbox, control, number):
    status, product = await control("PUT", f"{SHOP}/products/{number}/stock", {"stock": 4})
    assert status == 200
    assert {sku["stock"] for sku in product["skus"]} == {4}
    one = product["skus"][-1]
    named = {"vertical_no": one["vertical_no"], "horizontal_no": one["horizontal_no"]}
    _, product = await control("PUT", f"{SHOP}/products/{number}/stock", {"skus": [{**named, "stock": 0}]})
    assert product["skus"][-1]["stock"] == 0
    wrong = {"skus": [{"vertical_no": "nope", "stock": 1}]}
    assert (await control("PUT", f"{SHOP}/products/{number}/stock", wrong))[0] == 400


async def test_edit_delete_and_recreate_many(client, control):
    _, edited = await control("POST", f"{SHOP}/edit", {"count": 30, "seed": 2, "changes": {"unit_price": 5}})
    _, again = await control("POST", f"{SHOP}/edit", {"count": 30, "seed": 2, "changes": {}, "touch": False})
    assert edited == again
    assert len(edited["edited"]) == 30
    _, deleted = await control("POST", f"{SHOP}/delete", {"count": 20, "seed": 3})
    assert len(deleted["deleted"]) == 20
    assert not set(deleted["deleted"]) & set(await client.numbers())
    back = deleted["deleted"][0]
    status, product = await control("POST", f"{SHOP}/recreate", {"product_no": back, "changes": {"name": "再"}})
    assert (status, product["name"]) == (201, "再")
    assert (await client.numbers())[-1] == back
    two = (await client.numbers())[:2]
    assert await control("POST", f"{SHOP}/delete", {"product_nos": two}) == (200, {"deleted": two})
    _, state = await control("GET", "/_sandbox/")
    assert state["shops"]["demo"]["products"] == 600 - 20 + 1 - 2


async def test_a_wrong_delete_deletes_nothing(sandbox, control, number):
    for wrong in ({"product_nos": [number, "NOT-THERE"]}, {}, {"count": 0}, {"product_nos": [], "count": 1}):
        status, body = await control("POST", f"{SHOP}/delete", wrong)
        assert status in (400, 404)
        assert body["error"]
    assert len(sandbox.shops["demo"]) == 600


async def test_faults_are_planned_and_taken_back(client, control):
    status, made = await control("POST", "/_sandbox/faults", {"kind": "status", "shop_key": "demo", "times": 5})
    assert status == 201
    assert (await client.get(PRODUCTS)).status_code == 500
    _, listed = await control("GET", "/_sandbox/faults")
    assert listed["faults"] == [{"id": made["id"], "kind": "status", "shop_key": "demo", "times": 4}]
    assert await control("DELETE", f"/_sandbox/faults/{made['id']}") == (200, {"faults": []})
    assert (await control("DELETE", f"/_sandbox/faults/{made['id']}"))[0] == 404
    await control("POST", "/_sandbox/faults", {"kind": "html"})
    assert await control("DELETE", "/_sandbox/faults") == (200, {"faults": []})
    assert (await control("POST", "/_sandbox/faults", {"kind": "status", "shop_key": "nobody"}))[0] == 400


async def test_the_clock_is_moved_and_stopped(sandbox, client, control, number):
    _, frozen = await control("PUT", "/_sandbox/clock", {"freeze": "2027-01-01T00:00:00"})
    assert frozen == {"now": "2027-01-01T00:00:00+09:00", "offset_seconds": 0.0, "frozen": True}
    assert (await client.get(PRODUCTS)).status_code == 401, "the token is over by then"
    _, product = await control("PATCH", f"{SHOP}/products/{number}", {"name": "x"})
    assert product["updated_at"] == "2027-01-01T00:00:00+09:00"
    _, moved = await control("PUT", "/_sandbox/clock", {"offset_seconds": -60})
    assert (moved["offset_seconds"], moved["frozen"]) == (-60, False)
    assert (await control("PUT", "/_sandbox/clock", {"offset_seconds": 1, "freeze": "2027-01-01T00:00:00"}))[0] == 400
    _, normal = await control("PUT", "/_sandbox/clock", {})
    assert normal["offset_seconds"] == 0


async def test_the_log_of_calls(client, control):
    await client.get(PRODUCTS, count=50)
    await client.http.post("/admin-api/v1/inventory", headers=client.headers, json={})
    await client.http.get("/images/0001.jpg")
    _, log = await control("GET", "/_sandbox/requests")
    assert log["counts"] == {"products": 1, "write": 1, "image": 1}
    first = log["entries"][0]
    assert (first["kind"], first["method"], first["path"], first["query"]) == ("products", "GET", PRODUCTS, "count=50")
    assert (first["status"], first["shop_key"]) == (200, "demo")
    assert first["at"].endswith("+09:00")
    _, writes = await control("GET", "/_sandbox/requests?kind=write")
    assert [entry["status"] for entry in writes["entries"]] == [405]
    _, last = await control("GET", "/_sandbox/requests?limit=1")
    assert [entry["kind"] for entry in last["entries"]] == ["image"]
    assert await control("DELETE", "/_sandbox/requests") == (200, {"counts": {}})
    _, log = await control("GET", "/_sandbox/requests")
    assert log == {"counts": {}, "entries": []}


async def test_settings_and_tokens(client, control):
    _, state = await control("PATCH", "/_sandbox/settings", {"requests_per_second": 0.001, "token_seconds": 5})
    assert (state["requests_per_second"], state["token_seconds"]) == (0.001, 5)
    assert [(await client.get(PRODUCTS)).status_code for _ in range(2)] == [200, 429]
    assert (await control("PATCH", "/_sandbox/settings", {"requests_per_second": -1}))[0] == 400
    assert await control("POST", f"{SHOP}/tokens/expire") == (200, {"expired": 1})
    assert (await client.get(PRODUCTS)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("GET", "/_sandbox/shops/nobody/products/A", None, 404, "nobody"),
        ("GET", f"{SHOP}/products/NOT-THERE", None, 404, "NOT-THERE"),
        ("PATCH", f"{SHOP}/products/NEW", {"unit_price": 1}, 400, "name"),
        ("PATCH", f"{SHOP}/products/NEW", {"name": "x", "colour": 1}, 400, "colour"),
        ("PATCH", f"{SHOP}/products/NEW", {"name": "x", "touch": "no"}, 400, "touch"),
        ("PATCH", f"{SHOP}/products/NEW", ["x"], 400, "body"),
        ("PUT", f"{SHOP}/products/NOT-THERE/stock", {"stock": 1}, 404, "NOT-THERE"),
        ("POST", f"{SHOP}/recreate", {"product_no": "NOT-THERE"}, 404, "NOT-THERE"),
        ("POST", f"{SHOP}/recreate", {}, 400, "product_no"),
    ],
)
async def test_mistakes_are_named(control, method, path, body, status, named):
    got, answer = await control(method, path, body)
    assert got == status
    assert named in answer["error"]
