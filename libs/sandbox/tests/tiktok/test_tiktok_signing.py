import pytest

from shopsync_sandbox.tiktok import request_sign, webhook_sign

OURS = "sim_secret_0001"
COMMON = {"app_key": "simkey01", "timestamp": "1760000000"}
CIPHER = {**COMMON, "shop_cipher": "ROW_simcipher01"}
SHOPS = "/authorization/202309/shops"


@pytest.mark.parametrize(
    ("secret", "path", "query", "body", "content_type", "expected"),
    [
        pytest.param(
            "e59af819cc",
            SHOPS,
            {"app_key": "29a39d", "timestamp": "1623812664"},
            b"",
            None,
            "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
            id="the official example",
        ),
        pytest.param(
            "e59af819cc",
            "/event/202309/webhooks",
            {
                "timestamp": "1696909648",
                "app_key": "68xu9ks5p4i8",
                "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt",
            },
            b'{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}',
            "application/json",
            "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba",
            id="the official example with a body",
        ),
        pytest.param(
            "app_secret",
            "/test-api",
            {"foo": "bar"},
            b"",
            None,
            "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
            id="a PHP client's test",
        ),
        pytest.param(
            OURS,
            SHOPS,
            COMMON,
            b"",
            None,
            "be76c8d18727b9590e17e952173460e4cace840650849916f67d659884abcce4",
            id="without cipher",
        ),
        pytest.param(
            OURS,
            "/product/202309/products",
            CIPHER,
            '{"title":"あたたかい靴下","n":2}'.encode(),
            "application/json",
            "6104e9b1884f40f3908f9f63273f52ff2b62e3122ddf85aa94368120ee3dff1f",
            id="Japanese body",
        ),
        pytest.param(
            OURS,
            "/product/202309/images/upload",
            COMMON,
            b"never signed",
            "Multipart/Form-Data; boundary=x",
            "20c1766cb1fa67224c0f54425c2bb4ca08cfefb792ac4a9d1edc976176ae25f0",
            id="multipart",
        ),
        pytest.param(
            OURS,
            "/product/202502/products/search",
            {**CIPHER, "page_size": "100", "page_token": "aB+/9=="},
            b"{}",
            "application/json",
            "608673f9946bd9d16d6ad9c90984aed668992bc9a8a6f64f8227ffc103f3eebc",
            id="page token signed decoded",
        ),
    ],
)
def test_request_signature_vectors(secret, path, query, body, content_type, expected):
    assert request_sign(secret, path, query.items(), body, content_type) == expected


def test_sign_and_access_token_are_not_signed():
    extra = {**COMMON, "sign": "x", "access_token": "y"}
    assert request_sign(OURS, SHOPS, extra.items()) == request_sign(OURS, SHOPS, COMMON.items())


@pytest.mark.parametrize(
    ("app_key", "secret", "body", "expected"),
    [
        pytest.param(
            "abcdef",
            "123",
            b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
            b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
            b'"order_status":"UNPAID","update_time":1718305585}}',
            "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05",
            id="the official example",
        ),
        pytest.param(
            "simkey01",
            OURS,
            b'{"type":37,"tts_notification_id":"900000000000000001","shop_id":"7000000000000000001",'
            b'"timestamp":1760000000,"data":{"product_id":1729000000000000001,'
            b'"audit":{"status":"APPROVED","pre_approved_reasons":[]},"update_time":1760000000}}',
            "abfafadbeaa08b0e00ff2880e637d29033c82a9337ab2170561b0eed59c7b91c",
            id="a product webhook",
        ),
    ],
)
def test_webhook_signature_vectors(app_key, secret, body, expected):
    assert webhook_sign(app_key, secret, body) == expected
