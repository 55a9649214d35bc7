"""`python -m shopsync_contracts FOLDER` writes the JSON Schemas, refusing breaking changes.

`… release FOLDER` keeps the schemas of this version for later comparisons, `… asyncapi` prints what others publish and
read as one AsyncAPI document.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from shopsync_contracts.asyncapi.document import document, in_one_piece
from shopsync_contracts.asyncapi.system import SYSTEM
from shopsync_contracts.schemas import export, release

_USAGE = """\
usage: python -m shopsync_contracts FOLDER           writes one JSON Schema per event type
       python -m shopsync_contracts release FOLDER   keeps the schemas of this version in one file
       python -m shopsync_contracts asyncapi         prints one AsyncAPI document that stands alone
"""


def main() -> int:
    """Return the exit code: 0 when written, 1 on a breaking change or an existing release, 2 on wrong usage."""
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(_USAGE)
        return 0
    match arguments:
        case ["asyncapi"]:
            sys.stdout.write(json.dumps(in_one_piece(document(SYSTEM)), ensure_ascii=False, indent=2) + "\n")
            return 0
        case ["release", folder] if not folder.startswith("-"):
            return _write(Path(folder), is_release=True)
        case [folder] if not folder.startswith("-") and folder != "release":
            return _write(Path(folder), is_release=False)
    sys.stderr.write(_USAGE)
    return 2


def _write(folder: Path, *, is_release: bool) -> int:
    try:
        changed = [release(folder, version("shopsync-contracts")).name] if is_release else export(folder)
    except FileExistsError as error:
        sys.stderr.write(f"{error.filename} is there already: a release is kept once\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(changed) + "\n" if changed else "schemas are up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
