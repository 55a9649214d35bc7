"""Uploads of pictures and files, and white backgrounds."""

from typing import Any, Literal

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.protocol.bodies import Body, parse
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.files import MAX_VIDEO
from shopsync_sandbox.tiktok.state.images import USE_CASES, Image, url_path

__all__ = ["MAX_VIDEO", "optimize_images", "upload_file", "upload_image"]

_OPTIMIZE_MAX = 200


class OptimizeImage(Body):
    """One picture, and what to do with it."""

    uri: str | None = None
    optimization_mode: list[Literal["WHITE_BACKGROUND"]] | None = None


class OptimizeBody(Body):
    """The body of Optimize Images."""

    images: list[OptimizeImage] | None = None


def upload_image(call: Call) -> dict[str, Any]:
    """Store a picture. The reply's uri goes into product bodies, its url into descriptions.

    Width and height are those of the stored picture: it is made square where its use requires that.
    """
    world, use_case = call.services.world, call.body.get("use_case") or "MAIN_IMAGE"
    if use_case not in USE_CASES:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: use_case {use_case!r}")
    if "data" not in call.files:
        raise ApiError(Code.INVALID_PARAM, "invalid param: form field data is required")
    image = world.images.add(call.files["data"].content, use_case, world.settings.image_rules)
    url = _known_url(call, image)
    return {"uri": image.uri, "url": url, "width": image.width, "height": image.height, "use_case": use_case}


def upload_file(call: Call) -> dict[str, Any]:
    """Store a PDF document or a video."""
    if "data" not in call.files:
        raise ApiError(Code.INVALID_PARAM, "invalid param: form field data is required")
    name = call.body.get("name") or call.files["data"].name
    if not name:
        raise ApiError(Code.INVALID_PARAM, "invalid param: form field name is required")
    file = call.services.world.files.add(name, call.files["data"].content)
    return {"id": file.id, "url": f"{call.base_url}/file/{file.id}", "name": file.name, "format": file.format}


def optimize_images(call: Call) -> dict[str, Any]:
    """Ask for white backgrounds. The same call again returns the result."""
    wanted = parse(OptimizeBody, call.body).images or []
    if not 1 <= len(wanted) <= _OPTIMIZE_MAX:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: images must have 1 to {_OPTIMIZE_MAX} entries")
    images = [call.services.world.images.get(image.uri or "") for image in wanted]
    unknown = next((w.uri for w, image in zip(wanted, images, strict=True) if image is None), None)
    if unknown is not None or not all(w.uri for w in wanted):
        raise ApiError(Code.INVALID_PARAM, f"invalid param: image {unknown!r} was not uploaded")
    return {"images": [_optimized(call, image) for image in images if image is not None]}


def _optimized(call: Call, image: Image) -> dict[str, Any]:
    asked = call.services.optimizer.ask(image)
    row: dict[str, Any] = {
        "height": image.height,
        "width": image.width,
        "original_uri": image.uri,
        "original_url": _known_url(call, image),
        "optimize_status": asked.status,
    }
    if asked.result is not None:
        row |= {"optimized_uri": asked.result.uri, "optimized_url": _known_url(call, asked.result)}
    return row


def _known_url(call: Call, image: Image) -> str:
    """The picture's address, which descriptions may use from now on."""
    url = call.base_url + url_path(image.uri)
    call.services.world.images.urls.add(url)
    return url
