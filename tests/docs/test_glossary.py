"""docs/glossary.md: every term has a meaning and a place that exists, and stands once, in order."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGE = (DOCS / "glossary.md").read_text(encoding="utf-8")
TABLES = [
    [row.split(" | ") for row in re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[1:]]
    for section in PAGE.split("\n## ")[1:]
]
TERMS = [row for table in TABLES for row in table]
PLACE = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#[^)]*)?\)")
IN_JAPANESE = "".join(
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.ja.md", "docs/domain.md", "docs/operations.md")
)


def test_there_are_terms():
    assert len(TERMS) > 50


@pytest.mark.parametrize("term", TERMS, ids=lambda row: row[0])
def test_a_term_says_what_it_means_and_where_it_is_defined(term):
    english, japanese, meaning, place = term
    assert english
    assert japanese
    assert meaning
    (path,) = PLACE.findall(place)
    assert (DOCS / path).resolve().exists(), place


@pytest.mark.parametrize("table", TABLES, ids=["merchant", "system"])
def test_terms_stand_in_order_and_once(table):
    words = [row[0].strip("`").replace("_", " ").lower() for row in table]
    assert words == sorted(set(words))


def test_japanese_terms_are_those_of_the_other_pages():
    told = {word for row in TERMS for word in re.split(r"[,;] ", row[1]) if word != "–"}
    assert [word for word in sorted(told) if word not in IN_JAPANESE] == []
