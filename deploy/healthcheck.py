# ruff: noqa: INP001 - a script, copied into an image by itself
"""Exit code 0 when the program in this container answers 200: `healthcheck.py PATH [PORT]`."""

import os
import sys
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

SECONDS = 4.0


def main(arguments: list[str]) -> int:
    """Ask the program; what it answers goes to the container's health log."""
    path = arguments[0] if arguments else "/livez"
    port = arguments[1] if len(arguments) > 1 else os.environ.get("SHOPSYNC_HTTP_PORT", "8080")
    opener = build_opener(ProxyHandler({}))  # a proxy of the environment must not answer for us
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=SECONDS) as answer:
            sys.stdout.write(answer.read(500).decode(errors="replace"))
            return 0
    except HTTPError as error:
        sys.stdout.write(f"{error.code} {error.read(500).decode(errors='replace')}")
    except (URLError, OSError) as error:
        sys.stdout.write(str(error))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
