"""The tables that come from code are those that the code gives."""

import re
import runpy
from pathlib import Path

import pytest

from shopsync_contracts.access import PRINCIPALS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("page", "render"),
    [
        ("docs/operations-reference.md", "with_settings"),
        ("docs/operations-reference.md", "with_metrics"),
        ("docs/wire-format.md", "with_topics"),
        ("docs/access.md", "with_access"),
    ],
)
def test_the_tables_are_up_to_date(page, render):
    text = (ROOT / page).read_text(encoding="utf-8")
    script = runpy.run_path(str(ROOT / "docs" / "tables.py"), run_name="imported")
    assert script[render](text) == text, "run: make generated"


def test_the_page_of_access_shows_the_number_of_permissions():
    text = (ROOT / "docs/access.md").read_text(encoding="utf-8")
    declared = {one.name: len(one.acls("shopsync")) for one in PRINCIPALS}
    (shown,) = re.findall(r"(\d+) permissions as declared \((\d+) granted now\)", text)
    assert {int(number) for number in shown} == {sum(declared.values())}
    granted = re.findall(r"granted User:([\w-]+) (\d+) permissions", text)
    assert granted
    assert {name: int(number) for name, number in granted} == {name: declared[name] for name, _ in granted}
