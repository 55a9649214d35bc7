"""No package of the sources is in a circle of imports, and the counts that `make measure` prints can be had."""

import runpy
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
MEASURE = runpy.run_path(str(ROOT / "tools" / "measure.py"), run_name="imported")


def graph(*edges):
    made = grimp.ImportGraph()
    for importer, imported in edges:
        for module in (importer, imported):
            parts = module.split(".")
            for end in range(1, len(parts) + 1):
                made.add_module(".".join(parts[:end]))
        made.add_import(importer=importer, imported=imported)
    return made


def test_no_packages_side_by_side_import_each_other():
    packages = MEASURE["packages"](ROOT)
    assert {"catalog", "publisher", "shopsync_runtime", "shopsync_cli"} <= packages.keys()
    assert MEASURE["circles"](grimp.build_graph(*packages, cache_dir=None)) == []


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([("a.b.x", "a.c.y"), ("a.c.z", "a.b.w")], [("a.b", "a.c")]),
        ([("a.b", "a.c"), ("a.c", "a.d"), ("a.d", "a.b")], [("a.b", "a.c", "a.d")]),
        ([("a.b.x", "a.c"), ("a.b.y", "a.c")], []),
    ],
)
def test_a_circle_is_found(edges, found):
    assert MEASURE["circles"](graph(*edges)) == found


def test_the_command_prints_every_package():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "measure.py")], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    names = [*MEASURE["packages"](ROOT), "all"]
    assert [line.split()[0] for line in lines[1 : len(names) + 1]] == names
    assert "imports up the layers: 0" in lines
    assert "circles: 0" in lines
