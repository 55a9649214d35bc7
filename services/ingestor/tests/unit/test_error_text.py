"""Error pages as Japanese servers send them: readable in the report, short, and without secrets."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestor import errors
from ingestor.futureshop.client import Policy
from ingestor.futureshop.error_text import LONGEST, error_text
from ingestor.futureshop.searches import all_numbers
from shopsync_sandbox.futureshop import FutureshopSandbox

PAGES = [
    "ただいまメンテナンス中です",
    "アクセスが集中しております。しばらくお待ちください。",
    "サーバーエラー",
    "認証エラー",
    "現在、混雑しています",
    "ﾒﾝﾃﾅﾝｽ中",
    "店舗KEYが不正です",
    "503 Service Unavailable 只今システムメンテナンスを実施しております。終了予定：2026/11/24 07:00",
]
CHARSETS = ["utf-8", "shift_jis", "cp932", "euc_jp", "iso2022_jp"]
WRITTEN = [(words, charset) for words in PAGES for charset in CHARSETS if charset != "iso2022_jp" or "ﾒ" not in words]
"""ISO-2022-JP has no half-width katakana."""

NAMES = {"euc_jp": "EUC-JP", "iso2022_jp": "ISO-2022-JP", "cp932": "Windows-31J", "shift_jis": "Shift_JIS"}


@pytest.mark.parametrize("told_by", ["header", "meta", "nothing", "a wrong header", "a wrong meta"])
@pytest.mark.parametrize(("words", "charset"), WRITTEN)
def test_a_page_is_read_whatever_its_encoding(words, told_by, charset):
    name = NAMES.get(charset, charset)
    declared = {"meta": name, "a wrong meta": "iso-8859-1"}.get(told_by)
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    page = f"<html><head>{meta}<style>p {{color: red}}</style></head><body><p>{words}</p></body></html>"
    kind = {"header": f"text/html; charset={name}", "a wrong header": "text/html; charset=ISO-8859-1"}.get(
        told_by, "text/html"
    )
    assert error_text(page.encode(charset), kind) == words


@pytest.mark.parametrize(
    ("charset", "name"), [("utf-8-sig", ""), ("utf-16", ""), ("utf-16-le", "UTF-16LE"), ("utf-16-be", "utf-16be")]
)
def test_byte_order_marks_and_utf_16(charset, name):
    assert error_text("認証エラー".encode(charset), f"text/plain; charset={name}") == "認証エラー"


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            {"errors": [{"code": "Invalid", "path": "count", "message": "値が不正です"}, {"message": "二つ目"}]},
            "Invalid count 値が不正です; 二つ目",
        ),
        ({"error": "invalid_client", "error_description": "認証に失敗しました"}, "invalid_client 認証に失敗しました"),
        ({"message": "混雑しています"}, "混雑しています"),
        ({"errors": "故障"}, '{"errors": "故障"}'),
    ],
)
def test_a_document_is_told_by_its_members(document, words, charset):
    assert error_text(json.dumps(document, ensure_ascii=False).encode(charset)) == words


def test_a_page_is_told_by_what_a_reader_sees():
    page = (
        "<!DOCTYPE html><title>503 &amp; 保守</title><style>x{}</style><script>alert('あ')</script>"
        "<h1>保守中</h1><ul><li>07:00 まで<li>a &lt; b</ul><!-- 内部 -->\n\n<p>\u202eend\x1b[31m\x00</p>"
    )
    assert error_text(page.encode()) == "503 & 保守 保守中 07:00 まで a < b end [31m"


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("page", ["<p>{}</p>", "{}", '{{"message": "{}"}}'])
def test_it_is_shortened(page, charset):
    told = error_text(page.format("保守中です。" * 20_000).encode(charset))
    assert len(told) == LONGEST
    assert "保守中です。保守中です。" in told
    assert "\ufffd" not in told
    assert told.endswith("…")


@pytest.mark.parametrize(
    "page",
    [
        "Authorization: Bearer {0} は無効です",
        '{{"errors": [{{"code": "Unauthorized", "message": "token {0} is not known"}}]}}',
        "<p>client_secret={0}&amp;x=1</p>",
        "<a href='/?access_token={0}'>{0}</a>",
        '{{"request": {{"headers": {{"x-password": "{0}"}}}}}}',
        "x" * (LONGEST - 4) + " {0}",
    ],
)
def test_a_page_that_echoes_the_request_gives_no_secret_away(page):
    secret = "s3cret/" + "v" * 20
    told = error_text(page.format(secret).encode(), secrets=[secret])
    assert "s3cr" not in told


@pytest.mark.parametrize(
    "text",
    ["Bearer abcdefgh12345", "refresh_token: abcdefgh12345", 'password = "abcdefgh12345"', "Cookie: abcdefgh12345"],
)
def test_what_looks_like_a_secret_is_left_out_too(text):
    assert "abcdefgh" not in error_text(text.encode())


def test_ordinary_words_about_tokens_stay():
    assert (
        error_text("トークンの有効期限が切れています (token expired)".encode())
        == "トークンの有効期限が切れています (token expired)"
    )


@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_bytes_give_one_short_line(body, content_type):
    told = error_text(body, content_type)
    assert len(told) <= LONGEST
    assert told.isprintable() or not told.isascii()
    assert not set(told) & set("\n\r\t\x00\x1b")


@pytest.mark.parametrize("declared", ["header", "meta", "nothing"])
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ({"kind": "maintenance"}, errors.Busy, "HTTP 503: メンテナンス中 ただいまメンテナンス中です"),
        ({"kind": "html"}, errors.BrokenReply, "no JSON object in UTF-8: メンテナンス中 ただいまメンテナンス中です"),
        (
            {"kind": "status", "status": 403, "html": "<title>403</title><p>IPアドレスが許可されていません"},
            errors.Denied,
            "HTTP 403: 403 IPアドレスが許可されていません",
        ),
        (
            {"kind": "status", "status": 404, "html": "<title>404</title>ページがありません"},
            errors.Refused,
            "HTTP 404: 404 ページがありません",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
async def test_the_client_tells_in_japanese(connect, fault, error, words, charset, declared):
    sandbox = FutureshopSandbox(["demo:60"], requests_per_second=0)
    sandbox.fail(**fault, charset=charset, declared=declared, times=None)
    client = connect(sandbox, policy=Policy(requests_per_second=1000, attempts=1))
    with pytest.raises(error) as caught:
        await client.page(all_numbers(50))
    assert str(caught.value).endswith(words)


async def test_an_echo_of_the_request_is_told_without_its_credentials(connect):
    sandbox = FutureshopSandbox(["demo:60"], requests_per_second=0)
    known = sandbox.credentials("demo")
    pair = base64.b64encode(f"{known.client_id}:{known.client_secret}".encode()).decode()
    sandbox.fail("status", status=403, endpoint="token", html=f"<p>拒否 {pair} {known.client_secret}</p>", times=None)
    with pytest.raises(errors.Denied) as caught:
        await connect(sandbox, policy=Policy(requests_per_second=1000, attempts=1)).page(all_numbers(50))
    assert str(caught.value) == "POST /oauth/token: HTTP 403: 拒否 *** ***"
