"""`python -m shopsync_contracts FOLDER` writes the JSON Schemas, refusing breaking changes."""

import sys
from pathlib import Path

from shopsync_contracts.schemas import export

_USAGE = "usage: python -m shopsync_contracts FOLDER   writes one JSON Schema per event type\n"


def main() -> int:
    """Return the exit code: 0 when written, 1 on a breaking change, 2 on wrong usage."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        sys.stdout.write(_USAGE)
        return 0
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.stderr.write(_USAGE)
        return 2
    try:
        changed = export(Path(sys.argv[1]))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(changed) + "\n" if changed else "schemas are up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
