# ruff: noqa: INP001 - a script
"""Writes the tables of settings into docs/operations.md: `python deploy/settings_tables.py [--check]`."""

import re
import sys
from pathlib import Path

from pydantic_settings import BaseSettings

from catalog.settings import CatalogSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_help import show
from shopsync_runtime.settings_loading import variable_of

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
CLASSES: dict[str, type[BaseSettings]] = {
    "common": CommonSettings,
    "ingestor": IngestorSettings,
    "catalog": CatalogSettings,
    "publisher": PublisherSettings,
    "janitor": JanitorSettings,
}


def table(cls: type[BaseSettings]) -> str:
    """One Markdown row per variable: name, default, meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in cls.model_fields.items():
        if field.is_required():
            default = "required"
        else:
            shown = show(field.get_default(call_default_factory=True, validated_data={}))
            default = f"`{shown}`" if shown else "–"
        meaning = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{variable_of(cls, name)}` | {default} | {meaning} |")
    return "\n".join(rows)


def render(page: str) -> str:
    """The page with every table between its two marks made anew."""
    for name, cls in CLASSES.items():
        marks = rf"(<!-- settings: {name} -->\n).*?(<!-- /settings -->)"
        page, count = re.subn(
            marks, lambda found, cls=cls: f"{found[1]}{table(cls)}\n{found[2]}", page, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"docs/operations.md needs the marks of {name!r} once, has them {count} times")
    return page


def main(arguments: list[str]) -> int:
    """Exit code 1 when `--check` finds a table that is out of date."""
    page = PAGE.read_text(encoding="utf-8")
    rendered = render(page)
    if arguments == ["--check"]:
        return int(rendered != page)
    PAGE.write_text(rendered, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
