"""What the merchant's browser and the command line get to see of an authorisation. Never a token, code or secret."""

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


def redirect(request: Request, url: str) -> Response:
    """To TikTok's consent page."""
    if _wants_json(request):
        return JSONResponse({"consent_url": url}, headers=_HEADERS)
    return RedirectResponse(url, 302, headers=_HEADERS)


def authorised(request: Request, done: Authorization) -> Response:
    """The consent is stored."""
    if _wants_json(request):
        document = {
            "shop_key": done.shop_key, "tiktok_shop_id": done.tiktok_shop_id, "seller_name": done.seller_name,
            "consent_until": done.consent_until.isoformat(),
        }  # fmt: skip
        return JSONResponse(document, headers=_HEADERS)
    text = f"{done.shop_key}: TikTok Shop {done.tiktok_shop_id} ({done.seller_name}) の認証が完了しました。"
    return _page(_paragraph(text), 200)


def begin_here(request: Request) -> Response:
    """Started in Seller Center, TikTok names no shop key: nothing was done, and this is where to begin."""
    text = (
        "この認証は店舗を特定できません (no state: begun in Seller Center?)。"
        "店舗KEYを入力して、もう一度認証してください。"
        " Nothing was changed: enter the shop key and authorise again."
    )
    if _wants_json(request):
        return problem(request, "no_state", text, 400)
    form = (
        '<form action="/oauth/tiktok/start"><label>店舗KEY <input name="shop_key" required></label> '
        "<button>TikTok Shop認証</button></form>"
    )
    return _page(_paragraph(text) + form, 400)


def problem(request: Request, code: str, text: str, status: int) -> Response:
    """What went wrong and what to do."""
    if _wants_json(request):
        return JSONResponse({"error": {"code": code, "message": text}}, status, headers=_HEADERS)
    return _page(_paragraph(text), status)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _page(content: str, status: int) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>TikTok Shop</title>{content}</html>',
        status,
        headers=_HEADERS,
    )
