# ruff: noqa: INP001 - a script
"""Writes the tables that come from code (`make generated`): settings, metrics, topics, users of Kafka."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from prometheus_client.metrics import MetricWrapperBase
from pydantic_settings import BaseSettings

import catalog.metrics
import console.metrics
import ingestor.metrics
import janitor.metrics
import publisher.metrics
import shopsync_runtime.metrics
from catalog.settings import CatalogSettings
from console.settings import ConsoleSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_cli.commands.topics import as_markdown
from shopsync_cli.views.access import access_markdown
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_help import show
from shopsync_runtime.settings_variables import variable_of

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
    "console": ConsoleSettings,
}


METRICS: dict[str, ModuleType] = {
    "all": shopsync_runtime.metrics,
    "ingestor": ingestor.metrics,
    "catalog": catalog.metrics,
    "publisher": publisher.metrics,
    "janitor": janitor.metrics,
    "console": console.metrics,
}


class Metric(NamedTuple):
    """A metric as it is scraped. `kind`: counter, gauge or histogram; `service`: which has it, or all."""

    name: str
    kind: str
    labels: tuple[str, ...]
    service: str
    meaning: str


def declared_metrics() -> Iterator[Metric]:
    """Every metric of every service, in the order of the modules."""
    for service, module in METRICS.items():
        for made in vars(module).values():
            if isinstance(made, MetricWrapperBase):
                (family,) = made.describe()
                name = f"{family.name}_total" if family.type == "counter" else family.name
                yield Metric(name, family.type, tuple(made._labelnames), service, family.documentation)  # noqa: SLF001


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


def with_metrics(page: str) -> str:
    """The page with the table of metrics."""
    rows = ["| metric | kind | labels | service | meaning |", "|---|---|---|---|---|"]
    for one in declared_metrics():
        labels = ", ".join(f"`{label}`" for label in one.labels)
        rows.append(f"| `{one.name}` | {one.kind} | {labels} | {one.service} | {one.meaning} |")
    return _between(page, "<!-- metrics -->", "<!-- /metrics -->", "\n".join(rows))


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
    for path, render in (
        (REFERENCE, with_settings),
        (REFERENCE, with_metrics),
        (WIRE_FORMAT, with_topics),
        (ACCESS, with_access),
    ):
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
