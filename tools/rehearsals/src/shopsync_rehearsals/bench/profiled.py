"""A service under cProfile. Each process leaves one file, numbered in the order in which they ended.

Run as a program: `python -m shopsync_rehearsals.bench.profiled`. A process that is killed leaves none.
"""

import cProfile
import os
from importlib import import_module
from pathlib import Path

_FOLDER, _SERVICE = "BENCH_PROFILES", "BENCH_PROFILED"

MODULE = "shopsync_rehearsals.bench.profiled"


def environment(service: str, folder: str) -> dict[str, str]:
    """What the program reads: the module of the service, and the folder for its profiles."""
    return {_SERVICE: service, _FOLDER: folder}


def folder_of(profile: Path | None) -> str | None:
    """The folder that a command was given, made if it is missing; None: no profiles are taken."""
    if profile is None:
        return None
    profile.mkdir(parents=True, exist_ok=True)
    return str(profile.resolve())


def run(service: str, folder: Path) -> None:
    """Run the service until SIGTERM, and write the profile."""
    main = import_module(f"{service}.__main__").main
    profile = cProfile.Profile()
    try:
        profile.runcall(main)
    finally:
        number = len(list(folder.glob(f"{service}-*.prof"))) + 1
        profile.dump_stats(folder / f"{service}-{number:02}.prof")


if __name__ == "__main__":
    run(os.environ[_SERVICE], Path(os.environ[_FOLDER]))
