"""docs/wire-format.md names every limit."""

import re
from pathlib import Path

import pytest

from shopsync_contracts import limits

PAGE = (Path(__file__).parents[3] / "docs" / "wire-format.md").read_text(encoding="utf-8")
NAMES = [name for name in dir(limits) if name.startswith(("MAX_", "KEPT_", "FIRST_", "LAST_")) or name == "REPORT_PAGE"]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_names_the_limit(name):
    section = PAGE.partition("## Limits")[2].partition("\n## ")[0]
    value = getattr(limits, name)
    assert {str(value), f"{value:,}"} & set(re.findall(r"[0-9][0-9,]*[0-9]|[0-9]", section)), name


def test_there_are_limits():
    assert len(NAMES) > 35
