"""The tables that come from code are those that the code gives."""

import runpy
from pathlib import Path

import pytest

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
