"""What a request may bring: text in UTF-8, and forms of a bounded size. There is no upload."""

from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST = 4_000_000
"""Bytes of a form. A product with 400 SKUs has 100,000; a selection of 20,000 products has a million."""
MOST_FIELDS = 25_000

_FORM = "application/x-www-form-urlencoded"
_NUL = "\x00"
_DIGITS = len(str(LARGEST))


def check_address(request: Request) -> None:
    """Raises HTTPException 400 for a path or query that is no text: no product number and no search holds it."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "the path is no UTF-8") from None
    if _NUL in path:
        raise HTTPException(400, "a NUL in the path")
    _read(request.scope.get("query_string", b""), "the query")


async def read_form(request: Request) -> FormData:
    """The fields of a form, in order. Raises HTTPException 400, 413 or 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _body(request)
    if kind != _FORM and body:
        raise HTTPException(415, f"a form is {_FORM}: nothing can be uploaded here")
    return FormData(_read(body, "the form"))


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > _DIGITS or int(length) > LARGEST):
        raise HTTPException(413, f"a form of {length} bytes")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise HTTPException(413, f"a form of more than {LARGEST} bytes")
        parts.append(part)
    return b"".join(parts)


def _read(encoded: bytes, what: str) -> list[tuple[str, str | UploadFile]]:
    """As Starlette's forms are typed: an upload is never among them."""
    try:
        fields = parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise HTTPException(400, f"{what} is no UTF-8") from None
    except ValueError:
        raise HTTPException(413, f"{what} has more than {MOST_FIELDS} fields") from None
    if any(_NUL in name or _NUL in value for name, value in fields):
        raise HTTPException(400, f"a NUL in {what}")
    return list(fields)
