# ruff: noqa: INP001 - a script
"""Writes the AsyncAPI documents (`make generated`): of each service from its application, and of the whole system."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

import catalog.app
import console.app
import ingestor.app
import janitor.app
import publisher.app
from catalog.settings import CatalogSettings
from console.settings import ConsoleSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_contracts.access import principal_of
from shopsync_contracts.asyncapi.document import PREFIX, Application, Receiving, Sending, document
from shopsync_contracts.asyncapi.system import SYSTEM
from shopsync_contracts.topics import DEAD_LETTERS, TOPICS
from shopsync_runtime import CommonSettings, Runtime

FOLDER = Path(__file__).parents[1] / "libs" / "contracts" / "src" / "shopsync_contracts" / "asyncapi"
COMMON = CommonSettings(kafka_bootstrap_servers="localhost:9092", mongo_uri="mongodb://localhost", topic_prefix=PREFIX)
HEADER = "# Made by `make generated` from code. Do not edit.\n"
TELLS = {
    "ingestor": "Turns futureshop's products into events and proves absences by complete listings.",
    "catalog": "Merges everything into one document per product, publishes it, and asks for pushes.",
    "publisher": "Creates, edits and relists products on TikTok Shop, and tells what became of it.",
    "janitor": "Asks every night for a fresh proof, then for the deletion of what is gone and OFF.",
    "console": "Publishes what the merchant does, and shows what becomes of it while it happens.",
}


def services(shops: Path) -> dict[str, Callable[[Runtime], None]]:
    """How each service's application is built. Nothing connects anywhere: the settings only have to be valid."""
    shops.write_text("demo: {base_url: 'http://localhost', client_id: id, client_secret: secret}", encoding="utf-8")
    return {
        "ingestor": lambda runtime: ingestor.app.build(runtime, IngestorSettings(shops_file=shops)),
        "catalog": lambda runtime: catalog.app.build(runtime, CatalogSettings()),
        "publisher": lambda runtime: publisher.app.build(
            runtime,
            PublisherSettings.model_validate(
                {"tiktok_app_key": "key", "tiktok_app_secret": "secret", "token_key": "A" * 43 + "="}
            ),
        ),
        "janitor": lambda runtime: janitor.app.build(runtime, JanitorSettings()),
        "console": lambda runtime: console.app.build(runtime, ConsoleSettings()),
    }


def application(name: str, build: Callable[[Runtime], None]) -> Application:
    """What a service receives, from FastStream's subscribers, and what it declares to publish.

    Who subscribes to nothing puts no message aside either; it follows what it may read.
    """
    runtime = Runtime(name, COMMON, clock=lambda: datetime.now(UTC))
    build(runtime)
    received = [one for subscriber in runtime.app.broker.subscribers for one in _receives(subscriber)]
    letters = [Sending(DEAD_LETTERS, (), "What can never be accepted, with the reason.")] if received else []
    return Application(
        name=name,
        title=f"shopsync {name}",
        description=TELLS[name],
        sends=(*_sends(runtime), *letters),
        receives=tuple(received or _followed(name)),
    )


def _followed(name: str) -> list[Receiving]:
    principal = principal_of(name)
    assert principal is not None  # noqa: S101 - every service is a user
    return [Receiving(spec, "Followed without a consumer group.") for spec in principal.reads]


def _sends(runtime: Runtime) -> list[Sending]:
    declared = runtime.events.declared
    return [
        Sending(spec, tuple(body for body in spec.types if body in declared))
        for spec in TOPICS
        if spec in declared.values()
    ]


def _receives(subscriber: Any) -> list[Receiving]:
    specification = subscriber.specification
    name, group = specification.config.title_, subscriber.group_id
    return [
        Receiving(spec, specification.description or "", name, group)
        for spec in TOPICS
        if spec.full_name(PREFIX) in specification.topics
    ]


def rendered() -> dict[str, str]:
    """Every document by the name of its file, as it is committed."""
    with TemporaryDirectory() as folder:
        built = services(Path(folder) / "shops.yaml")
        applications = [SYSTEM, *(application(name, build) for name, build in built.items())]
    return {f"{one.name}.yaml": HEADER + _yaml(document(one)) for one in applications}


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _yaml(content: dict[str, Any]) -> str:
    text: str = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text


def main() -> None:
    """Write every document."""
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
