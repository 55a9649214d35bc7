import json

from publisher.tiktok.signing import is_webhook_authentic, request_signature, webhook_signature

OURS = {"app_key": "simkey01", "timestamp": "1760000000"}
CIPHER = {"shop_cipher": "ROW_simcipher01"}
SECRET = "sim_secret_0001"
WEBHOOK = (
    b'{"type":37,"tts_notification_id":"900000000000000001","shop_id":"7000000000000000001","timestamp":1760000000,'
    b'"data":{"product_id":1729000000000000001,"audit":{"status":"APPROVED","pre_approved_reasons":[]},'
    b'"update_time":1760000000}}'
)


def test_official_example():
    query = {"app_key": "29a39d", "timestamp": "1623812664"}
    sign = request_signature("e59af819cc", "/authorization/202309/shops", query)
    assert sign == "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"


def test_official_base_string_with_a_body():
    query = {
        "app_key": "68xu9ks5p4i8",
        "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt",
        "timestamp": "1696909648",
    }
    body = b'{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}'
    sign = request_signature("e59af819cc", "/event/202309/webhooks", query, body)
    assert sign == "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba"


def test_third_party_example():
    sign = request_signature("app_secret", "/test-api", {"foo": "bar"})
    assert sign == "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f"


def test_get_without_cipher():
    sign = request_signature(SECRET, "/authorization/202309/shops", OURS)
    assert sign == "be76c8d18727b9590e17e952173460e4cace840650849916f67d659884abcce4"


def test_post_with_japanese_body():
    body = json.dumps({"title": "あたたかい靴下", "n": 2}, ensure_ascii=False, separators=(",", ":")).encode()
    sign = request_signature(SECRET, "/product/202309/products", OURS | CIPHER, body)
    assert sign == "6104e9b1884f40f3908f9f63273f52ff2b62e3122ddf85aa94368120ee3dff1f"


def test_upload_leaves_the_body_out():
    sign = request_signature(SECRET, "/product/202309/images/upload", OURS)
    assert sign == "20c1766cb1fa67224c0f54425c2bb4ca08cfefb792ac4a9d1edc976176ae25f0"


def test_page_token_is_signed_decoded_and_own_parameters_are_left_out():
    query = OURS | CIPHER | {"page_size": "100", "page_token": "aB+/9==", "sign": "x", "access_token": "y"}
    sign = request_signature(SECRET, "/product/202502/products/search", query, b"{}")
    assert sign == "608673f9946bd9d16d6ad9c90984aed668992bc9a8a6f64f8227ffc103f3eebc"


def test_official_webhook_vector():
    body = (
        b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
        b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
        b'"order_status":"UNPAID","update_time":1718305585}}'
    )
    sign = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
    assert webhook_signature("abcdef", "123", body) == sign


def test_webhook_vector():
    sign = "abfafadbeaa08b0e00ff2880e637d29033c82a9337ab2170561b0eed59c7b91c"
    assert webhook_signature("simkey01", SECRET, WEBHOOK) == sign
    assert is_webhook_authentic(sign, app_key="simkey01", secret=SECRET, body=WEBHOOK)


def test_a_changed_byte_or_a_strange_header_is_refused():
    sign = webhook_signature("simkey01", SECRET, WEBHOOK)
    for given, body in ((sign, WEBHOOK + b" "), ("", WEBHOOK), ("署名", WEBHOOK), (sign.upper(), WEBHOOK)):
        assert not is_webhook_authentic(given, app_key="simkey01", secret=SECRET, body=body)
