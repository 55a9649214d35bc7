"""Who helps against the error code of a push, and how."""

from typing import Final

from shopsync_readmodel.actors import Actor

_AUTHORISE = (Actor.TOOL, "authorise the shop at TikTok Shop again (TikTok Shop認証), then sync")
_SEE = (Actor.SELLER_CENTER, "look at the listing there")
_LOOK_AT_LOG = (Actor.OPERATOR, "look at the publisher's log")
_SERVE_IMAGES = (Actor.FUTURESHOP, "make the images reachable from outside")
_OTHER_IMAGE = (Actor.FUTURESHOP, "put another image there, then sync; or enter other images in the tool")
BY_CODE: Final = {
    "not_authorized": _AUTHORISE,
    "authorization": _AUTHORISE,
    "shop_unknown": (Actor.OPERATOR, "`shopsync shops put {shop_key}`, then sync"),
    "internal": _LOOK_AT_LOG,
    "106001": (Actor.OPERATOR, "the app's key or secret is wrong: correct the publisher's settings"),
    "36009033": (Actor.OPERATOR, "add the publisher's address to the app's IP allow list in Partner Center"),
    "clock": (Actor.OPERATOR, "set the clock of the publisher's machine"),
    "token_key": (Actor.OPERATOR, "put the former key into PUBLISHER_TOKEN_KEY, behind the new one and a comma"),
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
    "deactivated": _SEE,
    "platform_deactivated": _SEE,
    "deleted": (Actor.SELLER_CENTER, "restore the listing there, or switch 連携対象 OFF in the tool"),
    "deleted_in_seller_center": (Actor.SELLER_CENTER, "restore the listing there, or switch 連携対象 OFF in the tool"),
}
"""`{shop_key}`: filled in with the shop."""
