"""Where a consent that the console began leads to afterwards. Pure.

Only the console's own pages: the origin comes from PUBLISHER_CONSOLE_URL, the path is checked here, twice.
"""

import re
from urllib.parse import urlencode, urlsplit

_LONGEST = 500
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""One slash, then printable ASCII without space and backslash: browsers take `//host` and `/\\host` for other sites."""


def is_own_path(path: str) -> bool:
    """Whether it is a path of the console, perhaps with a query, that no browser takes for another site."""
    return len(path) <= _LONGEST and _PATH.fullmatch(path) is not None and not urlsplit(path).netloc


def return_address(origin: str, path: str, outcome: str) -> str | None:
    """The console's page, with what became of the consent as a code. None: the path is none of the console's."""
    if not is_own_path(path):
        return None
    parts = urlsplit(path)
    query = "&".join([*([parts.query] if parts.query else []), urlencode({"consent": outcome})])
    return f"{origin}{parts.path}?{query}"
