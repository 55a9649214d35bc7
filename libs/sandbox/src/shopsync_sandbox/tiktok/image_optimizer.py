"""Optimize Images: makes white backgrounds, some time after they were requested."""

import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image as Pillow
from PIL import ImageDraw

from shopsync_sandbox.tiktok.state.images import Image
from shopsync_sandbox.tiktok.state.world import World

_WHITE = (255, 255, 255)
_TOLERANCE = 60

Status = Literal["PROCESSING", "SUCCESS", "IGNORE"]


@dataclass(slots=True)
class Optimization:
    """`due` in Unix seconds. `result` None after `done`: there was nothing to do."""

    due: float
    done: bool = False
    result: Image | None = None

    @property
    def status(self) -> Status:
        if not self.done:
            return "PROCESSING"
        return "IGNORE" if self.result is None else "SUCCESS"


class Optimizer:
    """A picture is made when it is due and requested again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._asked: dict[str, Optimization] = {}

    def ask(self, image: Image) -> Optimization:
        """Request a picture, or its state. A picture that is itself a result is ignored."""
        now = self._world.real_time()
        asked = self._asked.get(image.uri)
        if asked is None:
            asked = self._asked[image.uri] = Optimization(now + self._world.settings.optimize_seconds)
        if not asked.done and asked.due <= now:
            content = on_white(image)
            asked.done = True
            if content is not None:
                asked.result = self._world.images.replace(content)
                self._asked[asked.result.uri] = Optimization(now, done=True)
        return asked


def on_white(image: Image) -> bytes | None:
    """A JPEG whose background, as far as it is connected to the corners, is white; None when it already is."""
    if image.media_type == "image/heic":
        return None
    with Pillow.open(io.BytesIO(image.content)) as opened:
        picture = opened.convert("RGBA")
    flat = Pillow.new("RGB", picture.size, _WHITE)
    flat.paste(picture, mask=picture.getchannel("A"))
    right, bottom = flat.width - 1, flat.height - 1
    corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
    if all(flat.getpixel(corner) == _WHITE for corner in corners):
        return None
    for corner in corners:
        ImageDraw.floodfill(flat, corner, _WHITE, thresh=_TOLERANCE)
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=90)
    return out.getvalue()
