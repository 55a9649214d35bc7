"""The catalogue under cProfile. Each process leaves one file, numbered in the order of the phases.

Run as a program: `python -m shopsync_rehearsals.bench.catalogue.contenders.profiled`.
"""

import cProfile
import os
from pathlib import Path

from catalog.__main__ import main
from shopsync_rehearsals.bench.catalogue.contenders.service import PROFILES


def run(folder: Path) -> None:
    """Run the service until SIGTERM, and write the profile."""
    profile = cProfile.Profile()
    try:
        profile.runcall(main)
    finally:
        number = len(list(folder.glob("catalogue-*.prof"))) + 1
        profile.dump_stats(folder / f"catalogue-{number:02}.prof")


if __name__ == "__main__":
    run(Path(os.environ[PROFILES]))
