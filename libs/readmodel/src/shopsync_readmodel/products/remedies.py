"""Who helps against the error code of a push, and how."""

from dataclasses import dataclass
from typing import Final

from shopsync_readmodel.actors import Actor
from shopsync_readmodel.words import Words


@dataclass(frozen=True, slots=True)
class Remedy:
    """What helps. `told`: the trouble for merchants, who are not shown a report that was written for operators.

    `None`: the report itself, TikTok's words as they are. `{shop_key}` in the English text: filled in with the shop.
    """

    who: Actor
    do: Words
    told: str | None = None


_CONTACT = "運営担当者にご連絡ください"
_ASK = "please ask the operator"
_AUTHORISE = Remedy(
    Actor.TOOL,
    Words(
        "authorise the shop at TikTok Shop again (TikTok Shop認証), then sync",
        "「TikTok Shop認証」でもう一度認証し、［同期］を押してください",
        "authorise the shop at TikTok Shop again, then press Sync",
    ),
)
_SEE = Remedy(
    Actor.SELLER_CENTER,
    Words("look at the listing there", "Seller Centerで理由を確認してください", "look for the reason there"),
)
_SEE_AND_CORRECT = Remedy(
    Actor.SELLER_CENTER,
    Words(
        "look at the listing there",
        "Seller Centerで理由を確認し、商品を修正して［同期］を押してください",
        "look for the reason there, correct the product, then press Sync",
    ),
)
_SERVE_IMAGES = Remedy(
    Actor.FUTURESHOP,
    Words(
        "make the images reachable from outside",
        "画像のアドレスを確認し、インターネットから見られるようにしてください（この画面で別の画像を指定することもできます）",
        "check the image's address and make it reachable from the internet, or enter another image here",
    ),
)
_OTHER_IMAGE = Remedy(
    Actor.FUTURESHOP,
    Words(
        "put another image there, then sync; or enter other images in the tool",
        "futureshopで画像を差し替えて［同期］を押すか、この画面で別の画像を指定してください",
    ),
)
_RESTORE = Remedy(
    Actor.SELLER_CENTER,
    Words(
        "restore the listing there, or switch 連携対象 OFF in the tool",
        "Seller Centerで商品を復元するか、連携対象をOFFにしてください",
        "restore the listing there, or switch the product OFF here",
    ),
)


def _operator(english: str, told: str) -> Remedy:
    return Remedy(Actor.OPERATOR, Words(english, f"{_CONTACT}（「{told}」とお伝えください）", _ASK), told)


BY_CODE: Final = {
    "not_authorized": _AUTHORISE,
    "authorization": _AUTHORISE,
    "shop_unknown": _operator("`shopsync shops put {shop_key}`, then sync", "ショップの設定が登録されていません"),
    "internal": _operator("look at the publisher's log", "送信の処理で内部エラーが起きています"),
    "106001": _operator(
        "the app's key or secret is wrong: correct the publisher's settings",
        "TikTok Shopのアプリの鍵が正しくありません（106001）",
    ),
    "36009033": _operator(
        "add the publisher's address to the app's IP allow list in Partner Center",
        "TikTok Shopに接続元が許可されていません（36009033）",
    ),
    "clock": _operator("set the clock of the publisher's machine", "送信側の時計がずれています"),
    "token_key": _operator(
        "put the former key into PUBLISHER_TOKEN_KEY, behind the new one and a comma",
        "TikTok Shop認証の情報を読み取れません（token_key）",
    ),
    "106013": _AUTHORISE,
    "image_host": _SERVE_IMAGES,
    "image_network": _SERVE_IMAGES,
    "image_timeout": _SERVE_IMAGES,
    "image_private": _SERVE_IMAGES,
    "image_http_403": _SERVE_IMAGES,
    "image_http_404": _SERVE_IMAGES,
    "image_small": _OTHER_IMAGE,
    "image_pixels": _OTHER_IMAGE,
    "image_format": _OTHER_IMAGE,
    "image_broken": _OTHER_IMAGE,
    "image_too_large": _OTHER_IMAGE,
    "frozen": _SEE,
    "deactivated": _SEE_AND_CORRECT,
    "platform_deactivated": _SEE_AND_CORRECT,
    "deleted": _RESTORE,
    "deleted_in_seller_center": _RESTORE,
}
