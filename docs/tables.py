# ruff: noqa: INP001 - a script
"""Writes the tables that come from code (`make generated`): settings, topics, users of Kafka."""

import re
from pathlib import Path

from pydantic_settings import BaseSettings

from catalog.settings import CatalogSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_cli.commands.topics import as_markdown
from shopsync_cli.views.access import access_markdown
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_help import show
from shopsync_runtime.settings_loading import variable_of

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "operations-reference.md"
WIRE_FORMAT = ROOT / "docs" / "wire-format.md"
ACCESS = ROOT / "docs" / "access.md"
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


def with_settings(page: str) -> str:
    """The page with every settings table between its two marks written again."""
    for name, cls in CLASSES.items():
        page = _between(page, f"<!-- settings: {name} -->", "<!-- /settings -->", table(cls))
    return page


def with_topics(page: str) -> str:
    """The page with the topics table, as `shopsync topics list --markdown` prints it."""
    return _between(
        page, "<!-- topics: shopsync topics list --markdown -->", "<!-- /topics -->", as_markdown("shopsync")
    )


def with_access(page: str) -> str:
    """The page with the users of Kafka."""
    return _between(page, "<!-- access -->", "<!-- /access -->", access_markdown("shopsync"))


def _between(page: str, begin: str, end: str, text: str) -> str:
    marks = rf"({re.escape(begin)}\n).*?({re.escape(end)})"
    page, count = re.subn(marks, lambda found: f"{found[1]}{text.strip()}\n{found[2]}", page, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page needs the marks {begin!r} and {end!r} once, has them {count} times")
    return page


def main() -> None:
    """Write the pages."""
    for path, render in ((REFERENCE, with_settings), (WIRE_FORMAT, with_topics), (ACCESS, with_access)):
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
