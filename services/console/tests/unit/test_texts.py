"""Every text is there in both languages, and used."""

import re
from pathlib import Path

import pytest

from console.text import ALL

SOURCE = Path(__file__).parents[2] / "src" / "console"
KEY = re.compile(r"""\b(?:t|text)\(\s*["']([a-z_]+\.[a-z0-9_.]+)["']""")
PREFIX = re.compile(r"""\b(?:t|text)\(\s*f?["']([a-z_]+\.[a-z0-9_]*)(?:["']\s*~|\{)""")


def sources():
    return [
        file for kind in ("*.html", "*.py") for file in SOURCE.rglob(kind) if file != SOURCE / "text" / "__init__.py"
    ]


def test_every_used_text_exists():
    missing = {
        f"{file.name}: {key}"
        for file in sources()
        for key in KEY.findall(file.read_text(encoding="utf-8"))
        if key not in ALL and not any(one.startswith(key) for one in ALL)
    }
    assert not missing


def test_every_text_is_used():
    words = "\n".join(file.read_text(encoding="utf-8") for file in sources())
    used, prefixes = set(KEY.findall(words)), tuple(PREFIX.findall(words))
    unused = [key for key in ALL if key not in used and not key.startswith(prefixes)]
    assert not unused


@pytest.mark.parametrize("key", sorted(ALL))
def test_both_languages_take_the_same_values(key):
    japanese, english = ALL[key]
    assert japanese
    assert english
    assert set(re.findall(r"\{(\w+)", japanese)) == set(re.findall(r"\{(\w+)", english))
