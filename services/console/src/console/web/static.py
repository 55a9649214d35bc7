"""Style sheet, scripts and icons, under addresses that change with their content."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PATH = "/static"
_FOLDER = Path(__file__).parent.parent / "static"


@cache
def address_of(name: str) -> str:
    """`/static/console.css?v=1a2b3c4d`. Raises FileNotFoundError."""
    digest = hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()
    return f"{PATH}/{name}?v={digest[:12]}"


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def static_files() -> Mount:
    """Served to everybody, also without a session."""
    return Mount(PATH, _Files(directory=_FOLDER), name="static")
