"""The responses of an authorisation, for browsers and the command line. None has a token, code or secret."""

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from publisher.store import Authorization

_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",  # the address holds the code
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}

_JAPANESE = {
    "denied": "TikTok Shopで認証が許可されませんでした。もう一度認証してください。",
    "state_expired": "認証の有効時間が過ぎました。最初からもう一度認証してください。",
    "state": "認証をこの画面から始めることはできません。最初からもう一度認証してください。",
    "code": "認証コードが無効か、使用済みです。最初からもう一度認証してください。",
    "shop_key": "店舗KEYが指定されていません。",
    "shop_unknown": "この店舗はまだ設定されていません。サービスの運営担当者にお問い合わせください。",
    "no_service_id": "TikTok Shop認証の準備ができていません。サービスの運営担当者にお問い合わせください。",
    "shop_taken": "このTikTok Shopは、すでに別の店舗KEYで認証されています。",
    "other_shop": "この店舗KEYは、すでに別のTikTok Shopで認証されています。",
    "no_shop": "認証されたアカウントに、対象のTikTok Shopが見つかりません。",
    "several_shops": "認証されたアカウントに複数のTikTok Shopがあります。TikTok Shopを一つ指定してください。",
}
_JAPANESE_ELSE = "TikTok Shop認証を完了できませんでした。しばらくしてから、もう一度お試しください。"
_FOR_MERCHANTS = {
    "shop_unknown": "This shop is not set up yet. Please contact whoever runs this service for you.",
    "no_service_id": "TikTok Shop authorisation is not set up yet. Please contact whoever runs this service for you.",
}
"""For a browser, in place of texts that name settings and commands: only operators can use those."""


def redirect(request: Request, url: str) -> Response:
    """To TikTok's consent page."""
    if wants_json(request):
        return JSONResponse({"consent_url": url}, headers=_HEADERS)
    return RedirectResponse(url, 302, headers=_HEADERS)


def leave_to(address: str) -> Response:
    """To a page of the console."""
    return RedirectResponse(address, 303, headers=_HEADERS)


def authorised(request: Request, done: Authorization) -> Response:
    """The consent is stored."""
    if wants_json(request):
        document = {
            "shop_key": done.shop_key,
            "tiktok_shop_id": done.tiktok_shop_id,
            "seller_name": done.seller_name,
            "consent_until": done.consent_until.isoformat(),
        }
        return JSONResponse(document, headers=_HEADERS)
    text = f"{done.shop_key}: TikTok Shop {done.tiktok_shop_id} ({done.seller_name}) の認証が完了しました。"
    return _page(_paragraph(text), 200)


def begin_here(request: Request) -> Response:
    """For a consent that began in Seller Center, which has no shop key: nothing was done, and a form to begin again."""
    text = (
        "この認証は店舗を特定できません (no state: begun in Seller Center?)。"
        "店舗KEYを入力して、もう一度認証してください。"
        " Nothing was changed: enter the shop key and authorise again."
    )
    if wants_json(request):
        return problem(request, "no_state", text, 400)
    form = (
        '<form action="/oauth/tiktok/start"><label>店舗KEY <input name="shop_key" required></label> '
        "<button>TikTok Shop認証</button></form>"
    )
    return _page(_paragraph(text) + form, 400)


def problem(request: Request, code: str, text: str, status: int) -> Response:
    """An error and what to do: JSON for the command line, Japanese with the English text for a browser."""
    if wants_json(request):
        return JSONResponse({"error": {"code": code, "message": text}}, status, headers=_HEADERS)
    english = f'<p lang="en">{html.escape(_FOR_MERCHANTS.get(code, text))}</p>'
    return _page(_paragraph(_JAPANESE.get(code, _JAPANESE_ELSE)) + english, status)


def wants_json(request: Request) -> bool:
    """A program asks, not a browser."""
    return "application/json" in request.headers.get("accept", "")


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _page(content: str, status: int) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>TikTok Shop</title>{content}</html>',
        status,
        headers=_HEADERS,
    )
