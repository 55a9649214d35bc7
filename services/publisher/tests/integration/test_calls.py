"""What the sandbox saw of every method of ShopApi: paths, and the shop's cipher where it belongs."""

import asyncio
import contextlib
import inspect

import pytest
from pydantic import SecretStr

from publisher.errors import ProductGone, PublisherError, Refused, Unavailable
from publisher.tiktok.client import TikTokClient
from publisher.tiktok.endpoints import ENDPOINTS
from publisher.tiktok.shop_api import ShopApi

WITH_CIPHER = {
    ("POST", "/product/202309/products"),
    ("PUT", "/product/202509/products/{id}"),
    ("GET", "/product/202309/products/{id}"),
    ("POST", "/product/202502/products/search"),
    ("POST", "/product/202309/products/activate"),
    ("GET", "/product/202309/categories"),
    ("GET", "/product/202309/categories/{id}/attributes"),
    ("GET", "/product/202309/categories/{id}/rules"),
    ("GET", "/product/202309/brands"),
    ("GET", "/logistics/202309/warehouses"),
    ("PUT", "/event/202309/webhooks"),
    ("GET", "/event/202309/webhooks"),
}
WRITES = {"create_product", "edit_product", "activate_product"}
WITHOUT_CIPHER = {
    ("GET", "/authorization/202309/shops"),
    ("POST", "/product/202309/images/upload"),
}


async def allowed():
    """Permits every write."""


@pytest.fixture
def api(demo):
    """The shop's calls as the composition root wired them."""
    reviews = next(task for task in demo.runtime.tasks if task.name == "reviews")
    return reviews._run.__self__._shops.api("demo")


async def test_every_call_takes_the_cipher_where_it_belongs(demo, api, picture):
    await demo.store()
    await demo.push("A-100")
    product_id = (await demo.listing())["tiktok_product_id"]
    arguments = {
        "create_product": ({},),
        "edit_product": (product_id, {}),
        "get_product": (product_id,),
        "newest_version": (product_id,),
        "find_by_seller_skus": (["A-100"],),
        "all_products": (),
        "activate_product": (product_id,),
        "upload_image": (picture("x"), "MAIN_IMAGE"),
        "categories": ("v1",),
        "brands": ("v1", "織物", "601234"),
        "category_attributes": ("601234", "v1"),
        "category_rules": ("601234", "v1"),
        "warehouses": (),
        "register_webhook": ("PRODUCT_STATUS_CHANGE", "http://127.0.0.1:9/w"),
        "webhooks": (),
    }
    public = {name for name, _ in inspect.getmembers(ShopApi, inspect.iscoroutinefunction) if not name.startswith("_")}
    assert set(arguments) == public, "a new call belongs into this table"
    demo.sandbox.settings.member_error = 98001004
    for name, given in arguments.items():
        # An empty body is refused for what it lacks, behind the gateway's checks.
        is_write = name in WRITES
        with contextlib.suppress(Refused) if is_write else contextlib.nullcontext():
            await getattr(api, name)(*given, **({"permit": allowed} if is_write else {}))
    seen = set()
    for entry in demo.sandbox.journal.entries:
        if entry.path.startswith("/api/v2/token"):
            assert "shop_cipher" not in entry.query
            continue
        endpoint = next(one for one in ENDPOINTS if one.method == entry.method and one.pattern.fullmatch(entry.path))
        assert endpoint.name == entry.operation
        seen.add((entry.method, endpoint.template, "shop_cipher" in entry.query))
    assert seen == {(*one, True) for one in WITH_CIPHER} | {(*one, False) for one in WITHOUT_CIPHER}
    assert {(one.method, one.template) for one in ENDPOINTS} == WITH_CIPHER | WITHOUT_CIPHER, "nothing else is allowed"
    codes = demo.sandbox.journal.codes
    assert not codes[36009004]
    assert not codes[106013]


async def test_nothing_was_taken_off_sale(demo, api):
    """NV-1: not in a push, a repeat, an edit of a hidden listing, a review, a second authorisation."""
    await demo.store()
    await demo.push("A-100")
    await demo.store(content={"name": "毛の靴下"}, content_version=2)
    await demo.push("A-100")
    done = demo.sandbox.journal.done
    assert not [what for what in done if any(word in what for word in ("delet", "deactiv", "hid"))], done


class Odd(TikTokClient):
    """Answers every call with the same data."""

    def __init__(self, data):
        self.data = data

    def check_app(self, _call):
        pass

    async def call(self, call, *, token, cipher=None):
        return self.data


ODD = [
    {},
    {"products": "x"},
    {"products": [1]},
    {"products": [{"id": "1", "skus": [{"inventory": [{"quantity": "many"}]}]}]},
    {"id": "2"},
    {"id": "1", "skus": [{"inventory": [{"quantity": "x"}]}]},
    {"id": "1", "audit": {"pre_approved_reasons": 7}},
    {"warehouses": {"a": 1}},
    {"webhooks": [None]},
    {"categories": {}},
    {"categories": [{"id": "1", "permission_statuses": 7}]},
    {"brands": [7]},
    {"brands": [{"id": "1"}], "next_page_token": 7},
    {"errors": ["x"]},
    {"errors": [{"code": "twelve"}]},
    {"errors": [{"code": 12052901}]},
    {"uri": "u"},
    {"uri": "u", "url": "v", "width": "wide", "height": 1},
    {"products": [{"id": "1"}], "next_page_token": "endless"},
    {"products": [], "total_count": "many"},
]


@pytest.mark.parametrize("data", ODD, ids=range(len(ODD)))
async def test_odd_data_never_ends_in_another_error(demo, api, data):
    odd = ShopApi("demo", Odd(data), api._tokens, api._limiter)
    for call in (
        odd.get_product("1"),
        odd.newest_version("1"),
        odd.find_by_seller_skus(["x"]),
        odd.all_products(),
        odd.activate_product("1", permit=allowed),
        odd.warehouses(),
        odd.webhooks(),
        odd.categories("v1"),
        odd.brands("v1", "", None),
        odd.upload_image(b"x", "MAIN_IMAGE"),
    ):
        outcome = (await asyncio.gather(call, return_exceptions=True))[0]
        assert not isinstance(outcome, ProductGone)
        assert not isinstance(outcome, Exception) or isinstance(outcome, PublisherError), outcome


async def test_a_reply_about_another_product_counts_as_no_answer(demo, api):
    odd = ShopApi("demo", Odd({"id": "2", "status": "DELETED"}), api._tokens, api._limiter)
    with pytest.raises(Unavailable, match="gave '2'"):
        await odd.get_product("1")


async def test_a_lost_cipher_blocks_its_shop_only(demo, api):
    """106013: a new consent brings it back; it is no trouble of the app."""
    await demo.database["authorizations"].update_one({"_id": "demo"}, {"$set": {"cipher": ""}})
    with pytest.raises(PublisherError) as raised:
        await api.warehouses()
    assert (type(raised.value).__name__, raised.value.code) == ("ShopBlocked", "106013")
    assert SecretStr not in map(type, raised.value.args)
