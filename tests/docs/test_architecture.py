"""The rooms that docs/architecture.md names are those of the tree."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("\n## 2. Layout\n")[1].split("\n## ")[0]

IN_EVERY_SERVICE = set(re.findall(r"^  (\w+\.py) ", LAYOUT, re.MULTILINE))
ROOMS = {
    service: re.findall(r"`([\w/]+(?:\.py|/))`", rooms)
    for service, rooms in re.findall(r"^\| (\w+) \|(.*)$", LAYOUT, re.MULTILINE)
    if service != "service"
}
SERVICES = {path.name: path for path in ROOT.glob("services/*/src/*") if (path / "__init__.py").is_file()}
PYTHON_ITSELF = {"__init__.py", "__main__.py"}


def modules(package):
    for path in package.iterdir():
        if path.suffix == ".py":
            yield path.name
        elif (path / "__init__.py").is_file():
            yield f"{path.name}/"


def test_every_service_has_its_row():
    assert ROOMS.keys() == SERVICES.keys()
    assert {"app.py", "errors.py", "handlers.py", "metrics.py", "settings.py"} == IN_EVERY_SERVICE


@pytest.mark.parametrize("service", SERVICES)
def test_the_rooms_of_a_service_exist_and_none_is_missing(service):
    package, named = SERVICES[service], ROOMS[service]
    assert len(named) == len(set(named))
    assert [room for room in named if not (package / room).exists()] == []
    in_every = IN_EVERY_SERVICE - ({"handlers.py"} if service == "console" else set())  # it consumes nothing
    assert {*modules(package)} - PYTHON_ITSELF == in_every | {room for room in named if "/" not in room[:-1]}


def test_libraries_and_tools_are_named():
    named = set(re.findall(r"^((?:libs|tools)/\w+) ", LAYOUT, re.MULTILINE))
    tree = {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("*/*/pyproject.toml")}
    assert named == {path for path in tree if not path.startswith("services/")}
