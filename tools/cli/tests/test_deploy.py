"""What docker compose would read, checked without docker: shape, pins, ports, variables, files, rights."""

import ast
import importlib
import os
import re
import runpy
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
import yaml
from typer.main import get_command

from catalog.settings import CatalogSettings
from console.settings import ConsoleSettings
from ingestor.futureshop.shops import load_shops
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_cli.app import app
from shopsync_cli.mongo.database import SERVICE_COLLECTIONS
from shopsync_cli.mongo.users import read_plan
from shopsync_runtime.samples import SAMPLE_SECRETS, outside_the_sandbox
from shopsync_runtime.settings import CommonSettings, ServiceSettings
from shopsync_runtime.settings_loading import load_settings
from shopsync_runtime.settings_variables import variable_of
from shopsync_sandbox.futureshop.actions import ShopSpec
from shopsync_sandbox.futureshop.sandbox import FutureshopSandbox
from shopsync_sandbox.tiktok.sandbox import TikTokSandbox
from shopsync_sandbox.tiktok.settings import Settings

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
SETTINGS: dict[str, type[ServiceSettings]] = {
    "ingestor": IngestorSettings,
    "catalog": CatalogSettings,
    "publisher": PublisherSettings,
    "janitor": JanitorSettings,
    "console": ConsoleSettings,
}
ONE_SHOTS = {"topics", "mongo-users", "demo-shop"}
REFERENCE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")
SERVICE_PORTS = re.compile(r"127\.0\.0\.1:(?P<first>\d+)-(?P<last>\d+):8080")


def values_of(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def environment_example() -> dict[str, str]:
    """The sandbox's values."""
    return values_of("sandbox.env")


def references() -> list[tuple[str, str | None, str | None]]:
    text = "\n".join(
        line
        for line in (ROOT / "docker-compose.yml").read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("#")
    )
    return [(found["name"], found["kind"], found["text"]) for found in REFERENCE.finditer(text)]


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_lasting_container_has_a_health_check(name):
    check = CONTAINERS[name]["healthcheck"]
    assert check == {"disable": True} if name in ONE_SHOTS else check["test"][0] == "CMD"


@pytest.mark.parametrize("name", CONTAINERS)
def test_images_are_pinned_or_built_here(name):
    container = CONTAINERS[name]
    if "build" in container:
        assert (ROOT / container["build"]["dockerfile"]).is_file()
        assert (ROOT / "deploy" / container["build"]["args"].get("LOCK", "requirements.lock")).is_file()
    else:
        assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+", container["image"])


@pytest.mark.parametrize("name", CONTAINERS)
def test_ports_are_open_on_this_machine_only(name):
    for port in CONTAINERS[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+(-\d+)?:\d+", port)


def test_no_port_is_published_twice():
    published = [port.split(":")[1] for container in CONTAINERS.values() for port in container.get("ports", [])]
    ends = [list(map(int, port.split("-"))) for port in published]
    every = [port for first, *rest in ends for port in range(first, (rest or [first])[0] + 1)]
    assert len(every) == len(set(every))


def test_a_container_depends_only_on_what_is_there_and_can_reach_that_state():
    for container in CONTAINERS.values():
        for other, how in container.get("depends_on", {}).items():
            one_shot = how["condition"] == "service_completed_successfully"
            assert one_shot == (other in ONE_SHOTS)


def test_only_the_sandbox_stands_under_the_profile():
    assert {name for name, c in CONTAINERS.items() if "profiles" in c} == {"futureshop", "tiktok", "demo-shop"}
    assert {name for name in CONTAINERS if name in SETTINGS} == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_services_variables_are_those_it_reads(name):
    classes = (CommonSettings, SETTINGS[name])
    known = {variable_of(cls, field) for cls in classes for field in cls.model_fields}
    required = {variable_of(cls, f) for cls in classes for f, info in cls.model_fields.items() if info.is_required()}
    given = {
        variable for variable in CONTAINERS[name]["environment"] if not variable.startswith(("FUTURESHOP_", "OTEL_"))
    }
    assert given <= known
    assert required <= given


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_scales(name):
    """No container name and no single port: a second replica would need the same."""
    container = CONTAINERS[name]
    assert "container_name" not in container
    assert "SHOPSYNC_INSTANCE_ID" not in container["environment"]
    (port,) = container["ports"]
    found = SERVICE_PORTS.fullmatch(port)
    assert found is not None
    assert int(found["last"]) - int(found["first"]) >= 4


def test_compose_falls_back_to_nothing_that_is_for_the_sandbox():
    """Compose requires a value or leaves it to the service's default; only the demo's size has a default in compose."""
    for name, kind, text in references():
        if kind == "?":
            assert text == "see .env.example"
        else:
            assert (name, kind, text) in {(name, "-", ""), ("DEMO_PRODUCTS", "-", "200")}


def test_every_value_is_in_the_example_or_of_the_sandbox():
    required = {name for name, kind, _ in references() if kind == "?"}
    optional = {name for name, kind, _ in references() if kind == "-"}
    example, sandbox = values_of(".env.example"), values_of("sandbox.env")
    assert required <= set(example)
    assert set(example) <= required | optional
    assert set(example.values()) == {""}, "an example value would be used as it is"
    assert required <= {name for name, value in sandbox.items() if value}
    assert set(sandbox) - {"COMPOSE_PROFILES"} <= required | optional
    assert (sandbox["COMPOSE_PROFILES"], sandbox["SHOPSYNC_SANDBOX"]) == ("sandbox", "true")


def test_the_services_know_every_secret_of_the_sandbox():
    values = values_of("sandbox.env")
    secrets = {values[name] for name in values if re.search("PASSWORD|SECRET$|TOKEN", name)}
    assert secrets - {values["FUTURESHOP_DEMO_CLIENT_SECRET"]} == set(SAMPLE_SECRETS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_with_the_sandboxs_values_starts_in_the_sandbox_only(name, monkeypatch):
    values = values_of("sandbox.env")
    given = {
        variable: REFERENCE.sub(lambda found: values.get(found["name"], found["text"] or ""), str(value))
        for variable, value in CONTAINERS[name]["environment"].items()
    }
    for variable, value in {**given, "INGESTOR_SHOPS_FILE": str(ROOT / values["INGESTOR_SHOPS_FILE"])}.items():
        monkeypatch.setenv(variable, value)
    common, settings = load_settings(CommonSettings), load_settings(SETTINGS[name])
    assert outside_the_sandbox(common, settings) == []
    monkeypatch.setenv("SHOPSYNC_SANDBOX", "false")
    problems = "; ".join(outside_the_sandbox(load_settings(CommonSettings), settings))
    refused = {
        "ingestor": {"SHOPSYNC_MONGO_PASSWORD", "INGESTOR_REQUESTS_PER_SECOND"},
        "publisher": {
            "SHOPSYNC_MONGO_PASSWORD",
            "PUBLISHER_TOKEN_KEY",
            "PUBLISHER_TIKTOK_APP_SECRET",
            "PUBLISHER_INTERNAL_TOKEN",
            "PUBLISHER_IMAGE_ALLOW_PRIVATE",
        },
        "console": {"SHOPSYNC_MONGO_PASSWORD", "CONSOLE_PUBLISHER_TOKEN", "CONSOLE_IMAGE_ALLOW_PRIVATE"},
    }.get(name, {"SHOPSYNC_MONGO_PASSWORD"})
    assert set(re.findall(r"(?:SHOPSYNC_MONGO|INGESTOR|PUBLISHER|CONSOLE)_\w+", problems)) == refused
    assert not [secret for secret in SAMPLE_SECRETS if secret in problems]


def test_the_shops_are_mounted_as_a_folder_and_a_file_still_works(tmp_path):
    """A single file is mounted by its inode: the container does not see a file that replaces it."""
    ingestor = CONTAINERS["ingestor"]
    source, target, mode = re.fullmatch(r"(\$\{.+\}):(/[^:]+):(ro)", ingestor["volumes"][0]).groups()
    assert source == "${INGESTOR_SHOPS_FILE:?see .env.example}"
    assert (target, mode) == (ingestor["environment"]["INGESTOR_SHOPS_FILE"], "ro")
    given = ROOT / environment_example()["INGESTOR_SHOPS_FILE"]
    assert given.is_dir()
    assert load_shops(given, environment_example()) == load_shops(given / "shops.yaml", environment_example())


def test_the_shops_file_finds_its_variables(tmp_path):
    shops = load_shops(ROOT / environment_example()["INGESTOR_SHOPS_FILE"], environment_example())
    assert list(shops) == ["demo"]
    given = CONTAINERS["ingestor"]["environment"]
    assert {name for name in environment_example() if name.startswith("FUTURESHOP_")} <= set(given)


def test_the_sandbox_values_are_what_the_sandboxes_draw():
    example = environment_example()
    seed = {name: option_of(name, "--seed") for name in ("futureshop", "tiktok")}
    facts = TikTokSandbox(seed=seed["tiktok"], shops=["demo"], settings=Settings()).facts()
    assert example["PUBLISHER_TIKTOK_APP_KEY"] == facts["app_key"]
    assert example["PUBLISHER_TIKTOK_APP_SECRET"] == facts["app_secret"]
    assert example["PUBLISHER_TIKTOK_SERVICE_ID"] == facts["service_id"]
    shop = FutureshopSandbox([ShopSpec.parse("demo:1")], seed=int(seed["futureshop"])).credentials("demo")
    assert example["FUTURESHOP_DEMO_CLIENT_ID"] == shop.client_id
    assert example["FUTURESHOP_DEMO_CLIENT_SECRET"] == shop.client_secret


def option_of(name: str, option: str) -> str:
    command = CONTAINERS[name]["command"]
    return command[command.index(option) + 1]


@pytest.mark.parametrize("name", ["futureshop", "tiktok"])
def test_the_sandbox_commands_exist_with_their_options(name):
    single = typer.Typer(add_completion=False)
    single.command()(getattr(importlib.import_module(f"shopsync_sandbox.{name}.commands"), name))
    _, *options = CONTAINERS[name]["command"]
    words = [REFERENCE.sub(lambda found: found["text"], word) for word in options]
    get_command(single).make_context(name, words)
    assert CONTAINERS[name]["ports"] == [f"127.0.0.1:{option_of(name, '--port')}:{option_of(name, '--port')}"]


@pytest.mark.parametrize("name", ["topics", "mongo-users"])
def test_the_one_shots_call_commands_that_exist(name):
    group, command, *options = CONTAINERS[name]["command"]
    found = get_command(app).commands[group].commands[command]  # type: ignore[attr-defined]
    found.make_context(command, list(options))


def test_a_role_owns_every_collection_its_service_names_and_no_other_service_owns_it():
    plan = {user.name: user for user in read_plan(ROOT / "deploy" / "mongo" / "roles.json").users}
    owned = [collection for user in plan.values() for collection in user.owns]
    assert len(owned) == len(set(owned))
    for service in SETTINGS:
        used = collections_in(ROOT / "services" / service / "src")
        if service != "console":  # its replicas share nothing out
            used.add(f"{service}_leases")
        missing = used - set(plan[service].owns) - set(plan[service].reads)
        assert not missing, f"{service} uses {missing}; deploy/mongo/roles.json does not grant that"


def collections_in(place: Path) -> set[str]:
    """Names in `database["…"]` of a file or a folder: the stores are the only modules that know collections."""
    return {
        node.slice.value
        for file in ([place] if place.is_file() else place.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and (getattr(node.value, "id", "") or getattr(node.value, "attr", "")).endswith("database")
    }


def test_the_console_may_read_what_its_part_of_the_read_model_reads_and_nothing_else():
    plan = {user.name: user for user in read_plan(ROOT / "deploy" / "mongo" / "roles.json").users}
    console, files = plan["console"], read_model_of(ROOT / "services" / "console" / "src")
    granted = {*console.owns, *console.reads}
    assert set().union(*map(collections_in, files)) <= granted
    sources = [*files, *(ROOT / "services" / "console" / "src").rglob("*.py")]
    assert [one for one in sorted(granted) if not any(names_text(file, one) for file in sources)] == []


def read_model_of(folder: Path) -> set[Path]:
    """The modules of the read model that the code of a folder imports, and those that they import."""
    package = ROOT / "libs" / "readmodel" / "src"
    found: set[Path] = set()
    waiting = list(folder.rglob("*.py"))
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shopsync_readmodel"):
                place = package.joinpath(*str(node.module).split("."))
                named = [place.with_suffix(".py"), *(place / f"{one.name}.py" for one in node.names)]
                new = {path for path in named if path.exists()} - found
                found |= new
                waiting += new
    return found


def names_text(file: Path, text: str) -> bool:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Constant) and node.value == text for node in ast.walk(tree))


def test_the_command_knows_every_collection_that_somebody_but_its_service_cares_for():
    """They distinguish a database of shopsync from an empty one with a misspelt name."""
    users = read_plan(ROOT / "deploy" / "mongo" / "roles.json").users
    read = {name for user in users for name in user.reads}
    owned = {name for user in users for name in user.owns}
    by_an_administrator = {"restorations"}
    assert read - by_an_administrator <= SERVICE_COLLECTIONS <= owned


def test_the_users_of_the_services_are_those_of_the_roles_file():
    passwords = {user.name: user.password_env for user in read_plan(ROOT / "deploy" / "mongo" / "roles.json").users}
    for service in SETTINGS:
        environment = CONTAINERS[service]["environment"]
        assert environment["SHOPSYNC_MONGO_URI"].startswith(f"mongodb://{service}@")
        assert environment["SHOPSYNC_MONGO_PASSWORD"].startswith(f"${{{passwords[service]}:?")
    assert set(passwords.values()) <= set(CONTAINERS["mongo-users"]["environment"])


def test_stopping_takes_longer_than_the_services_own_grace():
    """Which the batch in flight has, and then what runs in the background."""
    grace = CommonSettings.model_fields["shutdown_grace"].default.total_seconds()
    for service in SETTINGS:
        assert int(CONTAINERS[service]["stop_grace_period"].removesuffix("s")) >= 2 * grace + 10


def test_the_lock_files_hold_hashes_and_no_addresses():
    for lock in (ROOT / "deploy").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock
        packages = re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE)
        assert packages
        assert len(packages) == len(re.findall(r"(?:==.*\\\n    --hash)", text)), lock


def test_the_images_run_what_the_tests_run():
    tested = versions(ROOT / "requirements.lock")
    for name in ("requirements.lock", "requirements-sandbox.lock"):
        locked = versions(ROOT / "deploy" / name)
        assert locked.items() <= tested.items(), f"deploy/{name}: run `make lock`"


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_image_runs_as_a_number_with_an_exec_form_entry():
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    last_stage = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^USER \d+:\d+$", last_stage, re.MULTILINE)
    assert 'ENTRYPOINT ["/app/.venv/bin/run"]' in last_stage
    assert re.search(r"^ARG PYTHON=python:\d+\.\d+\.\d+-slim-\w+$", dockerfile, re.MULTILINE)
    for copied in re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.MULTILINE):
        assert list(ROOT.glob(copied.replace("${LOCK}", "requirements.lock"))), copied


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_the_health_check_tells_200_from_the_rest():
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_port)

    # Docker sets it in every container behind a proxy. It must not be used for our own port.
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), "http://127.0.0.1:9")

    def check(*arguments: str) -> tuple[int, str]:
        script = ROOT / "deploy" / "healthcheck.py"
        done = subprocess.run(
            [sys.executable, script, *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, **proxies, "no_proxy": "", "NO_PROXY": ""},
        )
        return done.returncode, done.stdout

    try:
        assert check("/livez", port) == (0, "/livez")
        assert check("/readyz", port) == (1, "503 /readyz")
    finally:
        server.shutdown()
        server.server_close()
    assert check("/livez", port)[0] == 1


def test_the_demo_script_finds_what_it_imports():
    """mypy does not check this script: it is copied into an image by itself."""
    script = ROOT / "deploy" / "sandbox" / "demo_shop.py"
    assert callable(runpy.run_path(str(script), run_name="imported")["main"])
    assert CONTAINERS["demo-shop"]["volumes"] == ["./deploy/sandbox/demo_shop.py:/demo_shop.py:ro"]
