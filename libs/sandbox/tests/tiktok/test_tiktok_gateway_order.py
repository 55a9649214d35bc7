"""The gateway's order: a request that is wrong in many ways gets the code of the first check it fails."""

import pytest

from shopsync_sandbox.tiktok.api.call import MAX_BODY

CREATE = "/product/202309/products"
UPLOAD = "/product/202309/images/upload"

#: every fault of a call with a JSON body, in the order of the checks; what the answer then is
JSON_CALL = [
    ("unknown path", 36009009, 404, "path"),
    ("wrong method", 36009010, 405, "method"),
    ("unknown version", 36009014, 400, "version"),
    ("unknown app_key", 36009004, 400, "app_key is invalid"),
    ("no sign", 36009004, 400, "sign is missing"),
    ("old timestamp", 36009004, 400, "timestamp is older than 5 minutes"),
    ("version parameter", 36009004, 400, "version is invalid"),
    ("wrong sign", 106001, 401, "sign is invalid"),
    ("no token", 36009004, 400, "access token header invalid"),
    ("unknown token", 36009005, 401, "The 'access_token' header is invalid"),
    ("expired token", 105002, 401, "expired"),
    ("scope missing", 105005, 403, "scope seller.product.write"),
    ("a creator's token", 101000, 403, "user_type 1"),
    ("another shop's cipher", 101000, 403, "do not match"),
    ("caller's address", 36009033, 403, "allow list"),
    ("category_asset_cipher", 36009004, 400, "category_asset_cipher is not required"),
    ("no cipher", 106013, 400, "Missing identifier: `shop_cipher`"),
    ("another shop's id", 36009004, 400, "shop_id is invalid"),
    ("content type", 36009022, 415, "content-type"),
    ("too large", 36009021, 413, "too large"),
    ("rate", 36009002, 429, "Too many requests"),
    ("not JSON", 36009022, 415, "not valid JSON"),
    ("product", 36009004, 400, "Title is a required field"),
]


class Wrong:
    """A call with all these faults."""

    def __init__(self, api, faults):
        self.api = api
        self.faults = set(faults)

    def choose(self, otherwise, **by_fault):
        """The value for the first of these faults that the call has. Names of faults have _ for spaces."""
        names = {name.replace(" ", "_").replace("'", ""): name for name in self.faults}
        return next((value for key, value in by_fault.items() if key in names), otherwise)

    def path(self):
        version = "209901" if "unknown version" in self.faults else "202309"
        return self.choose(
            f"/product/{version}/products",
            unknown_path="/product/209901/nothing",
            wrong_method=f"/product/{version}/products/1",
        )

    def token(self):
        sandbox = self.api.sandbox
        narrow = {"scopes": ["seller.authorization.info"]} if "scope missing" in self.faults else {}
        user_type = 1 if "a creator's token" in self.faults else 0
        access = sandbox.authorise("demo", user_type=user_type, **narrow).access
        if "expired token" in self.faults:
            access.expires = sandbox.world.now() - 1
        return self.choose(access.value, no_token=None, unknown_token="ROW_nobody")

    def query(self):
        api, shops = self.api, self.api.sandbox.world.shops
        query = {
            "app_key": self.choose(api.sandbox.identity.app_key, unknown_app_key="nobody"),
            "timestamp": str(int(api.clock()) - (301 if "old timestamp" in self.faults else 0)),
        }
        cipher = self.choose(shops["demo"].cipher, another_shops_cipher=shops["other"].cipher, no_cipher=None)
        more = {
            "version": self.choose(None, version_parameter="202001"),
            "category_asset_cipher": self.choose(None, category_asset_cipher="GCP_x"),
            "shop_cipher": cipher,
            "shop_id": self.choose(None, another_shops_id=shops["other"].id),
        }
        return {**query, **{name: value for name, value in more.items() if value is not None}}

    def body(self):
        good = b'{"save_mode": "LISTING"}' if "product" in self.faults else b"{}"
        text = b"{nonsense" if "not JSON" in self.faults else good
        return text.ljust(MAX_BODY + 1) if "too large" in self.faults else text

    async def send(self):
        sandbox = self.api.sandbox
        sandbox.settings.allowed_ips = ("192.0.2.1",) if "caller's address" in self.faults else ()
        sandbox.set_rate(1.0 if "rate" in self.faults else None, burst=0)
        return await self.api.send(
            "DELETE" if "wrong method" in self.faults else "POST",
            self.path(),
            query=self.query(),
            body=self.body(),
            headers={
                "x-tts-access-token": self.token(),
                "content-type": "text/plain" if "content type" in self.faults else "application/json",
            },
            sign=self.choose(True, no_sign=False, wrong_sign="0" * 64),
        )


@pytest.mark.parametrize("place", range(len(JSON_CALL)), ids=[name for name, *_ in JSON_CALL])
async def test_the_first_fault_is_the_answer(refusing, place):
    name, code, status, keyword = JSON_CALL[place]
    answer = await Wrong(refusing, [fault for fault, *_ in JSON_CALL[place:]]).send()
    envelope = answer.json()
    assert (envelope["code"], answer.status_code) == (code, status), name
    assert keyword in envelope["message"]
    assert (envelope["data"], len(envelope["request_id"])) == (None, 34)


async def test_each_fault_alone_is_found_as_well(refusing):
    for name, code, status, _ in JSON_CALL:
        answer = await Wrong(refusing, [name]).send()
        assert (name, answer.json()["code"], answer.status_code) == (name, code, status)


async def test_an_upload_that_is_wrong_in_many_ways(refusing):
    """It must have no cipher, then be a form, then not be too large, then be within the rate."""
    api, query = refusing, refusing.query
    form, plain = {"content-type": "multipart/form-data; boundary=x"}, {"content-type": "application/json"}
    big = bytes(MAX_BODY + 1)
    api.sandbox.settings.allowed_ips = ()
    foreign = query(shop_cipher=api.sandbox.world.shop("other").cipher)
    api.sandbox.set_rate(1.0, burst=0)
    steps = [
        ({"query": foreign, "body": big, "headers": plain}, 101000),
        ({"query": query(), "body": big, "headers": plain}, 36009004),
        ({"query": query(cipher=False), "body": big, "headers": plain}, 36009023),
        ({"query": query(cipher=False), "body": big, "headers": form}, 36009021),
        ({"query": query(cipher=False), "body": b"no form", "headers": form}, 36009002),
    ]
    assert [(await api.send("POST", UPLOAD, **step)).json()["code"] for step, _ in steps] == [code for _, code in steps]
    api.sandbox.set_rate(None)
    assert (await api.send("POST", UPLOAD, **steps[-1][0])).json()["code"] == 36009023


async def test_an_unknown_version_can_be_told_by_the_other_documented_code(api):
    api.sandbox.change_settings({"version_error": 36009004})
    answer = await api.send("POST", "/product/202001/products", query=api.query())
    assert (answer.json()["code"], answer.json()["message"]) == (36009004, "API version invalid: 202001")


async def test_what_a_client_may_add_to_the_query_is_taken(api):
    query = api.query(version="202309", shop_id=api.shop.id, access_token=api.token)
    assert (await api.send("GET", "/logistics/202309/warehouses", query=query)).json()["code"] == 0


async def test_a_body_above_all_limits_is_refused_before_its_signature(api):
    body = bytes(101 * 1024 * 1024 + 1)
    answer = await api.send("POST", CREATE, query=api.query(), body=body, sign="0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (413, 36009021)
