import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shopsync_runtime import CommonSettings, Duration, ServiceSettings, SettingsError, load_settings
from shopsync_runtime.mongo import make_client
from shopsync_runtime.settings_loading import ELSEWHERE, common_settings_with, unknown_variables
from shopsync_runtime.settings_variables import variables_of

ROOT = Path(__file__).resolve().parents[4]


class Own(ServiceSettings):
    """Own settings."""

    model_config = SettingsConfigDict(env_prefix="OWN_", extra="forbid", frozen=True)

    secret: SecretStr = Field(SecretStr("none"), min_length=4, description="a secret")
    wait: Duration = Field(timedelta(seconds=1), description="a wait")
    share: float = Field(0.5, ge=0, le=1, description="a share")


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGO_URI", "HTTP_PORT", "TOPIC_PREFIX"):
        monkeypatch.delenv(f"SHOPSYNC_{name}", raising=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("30s", 30), ("0.5", 0.5), ("250ms", 0.25), ("5m", 300), ("2 h", 7200), ("7d", 604800), ("PT1M", 60)],
)
def test_durations_are_read_as_people_write_them(monkeypatch, text, seconds):
    monkeypatch.setenv("OWN_WAIT", text)
    assert load_settings(Own).wait == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["soon", "5 minutes", "-3s", "s"])
def test_other_durations_are_refused_with_examples(monkeypatch, text):
    monkeypatch.setenv("OWN_WAIT", text)
    with pytest.raises(SettingsError, match=r"OWN_WAIT: a duration is expected, such as 30s.*\(is '"):
        load_settings(Own)


def test_every_variable_at_fault_is_named_and_no_secret_is_shown(monkeypatch):
    monkeypatch.setenv("OWN_SECRET", "abc")
    monkeypatch.setenv("OWN_SHARE", "7")
    with pytest.raises(SettingsError) as caught:
        load_settings(Own)
    text = str(caught.value)
    assert "OWN_SECRET: value should have at least 4 items" in text
    assert "abc" not in text
    assert "OWN_SHARE: input should be less than or equal to 1 (is '7')" in text
    assert "\n" not in text


def test_the_http_port_has_the_services_default(monkeypatch):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "one:9092")
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://db")
    assert load_settings(common_settings_with(8082)).http_port == 8082
    monkeypatch.setenv("SHOPSYNC_HTTP_PORT", "0")
    assert load_settings(common_settings_with(8082)).http_port == 0
    assert isinstance(load_settings(common_settings_with(8082)), CommonSettings)


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("OWN_SHARE", "")
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "")
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://db")
    assert load_settings(Own).share == 0.5
    with pytest.raises(SettingsError, match="SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS is not set"):
        load_settings(CommonSettings)


@pytest.mark.parametrize("servers", ["kafka:9092", "kafka", "a:1,b:2", " a:1, b:2,", "[::1]:9092", "10.0.0.7:19092"])
def test_addresses_of_brokers_are_taken_as_the_kafka_client_reads_them(monkeypatch, servers):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", servers)
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://db")
    assert load_settings(CommonSettings).kafka_bootstrap_servers == servers.strip()


@pytest.mark.parametrize(
    "servers", ["kafka:port", "kafka:", "a:b:1", "kafka:0", "kafka:65536", "http://a:1", ",", "a..b:1"]
)
def test_other_addresses_of_brokers_are_refused_with_an_example(monkeypatch, servers):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", servers)
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://db")
    with pytest.raises(SettingsError, match=r"SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS: host:port is expected, such as kafka"):
        load_settings(CommonSettings)


@pytest.mark.parametrize("database", ["two words", "a.b", "a$", "a/b", "x" * 64])
def test_a_name_that_mongodb_does_not_allow_is_refused(monkeypatch, database):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://db")
    monkeypatch.setenv("SHOPSYNC_MONGO_DATABASE", database)
    with pytest.raises(SettingsError, match=r"SHOPSYNC_MONGO_DATABASE: a name of 1 to 63 characters is expected"):
        load_settings(CommonSettings)


def test_unread_variables_are_told_with_the_nearest_name():
    environ = {
        "OWN_SHAER": "1",
        "own_wait": "1s",
        "OWN_SOMETHING_ELSE": "1",
        "OWN_EMPTY": "",
        "OWN_SHARE": "1",
        "OWN_OF_A_FILE": "1",
        "SHOPSYNC_TOPIC_PREFIXES": "x",
        "SHOPSYNC_MONGO_DATABSE": "x",
        "SHOPSYNC_OF_NOBODY": "x",
        "OTHER_THING": "x",
        "PATH": "/bin",
    }
    assert unknown_variables([CommonSettings, Own], environ, also_read=["OWN_OF_A_FILE"]) == [
        "OWN_SHAER is not read by anything; did you mean OWN_SHARE?",
        "OWN_SOMETHING_ELSE is not read by anything",
        "SHOPSYNC_MONGO_DATABSE is not read by anything; did you mean SHOPSYNC_MONGO_DATABASE?",
        "SHOPSYNC_OF_NOBODY is not read by anything",
        "SHOPSYNC_TOPIC_PREFIXES is not read by anything; did you mean SHOPSYNC_TOPIC_PREFIX?",
    ]


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_variables_of_the_command_line_and_the_sandbox_are_nobodys_mistake(name):
    assert unknown_variables([CommonSettings, Own], {name: "x"}) == []


def test_what_kubernetes_tells_every_pod_is_no_setting():
    """A service named `own` puts these into each pod of its namespace, unless enableServiceLinks is off."""
    links = {
        "OWN_SERVICE_HOST": "10.0.0.7",
        "OWN_SERVICE_PORT": "8081",
        "OWN_SERVICE_PORT_HTTP": "8081",
        "OWN_PORT": "tcp://10.0.0.7:8081",
        "OWN_PORT_8081_TCP": "tcp://10.0.0.7:8081",
        "OWN_PORT_8081_TCP_PROTO": "tcp",
        "OWN_PORT_8081_TCP_PORT": "8081",
        "OWN_PORT_8081_TCP_ADDR": "10.0.0.7",
        "SHOPSYNC_CATALOG_SERVICE_HOST": "10.0.0.8",
        "SHOPSYNC_CATALOG_PORT": "tcp://10.0.0.8:8082",
    }
    assert unknown_variables([CommonSettings, Own], links) == []
    assert unknown_variables([CommonSettings, Own], {"OWN_PORT": "8081"}) == ["OWN_PORT is not read by anything"]


def test_every_variable_with_the_common_prefix_that_the_project_reads_is_known():
    """Whoever adds one to the command line or the sandbox finds here that services would refuse it."""
    known = {*variables_of(CommonSettings)} | ELSEWHERE
    sources = [
        *ROOT.glob("libs/*/src/**/*.py"),
        *ROOT.glob("services/*/src/**/*.py"),
        *ROOT.glob("tools/*/src/**/*.py"),
        *ROOT.glob("deploy/**/*.py"),
    ]
    sources += [ROOT / "Makefile", ROOT / "docker-compose.yml", ROOT / "conftest.py", *ROOT.glob("tests/**/*.py")]
    assert len(sources) > 100
    for path in sources:
        for name in re.findall(r"\bSHOPSYNC_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")):
            assert name in known, f"{path.relative_to(ROOT)} names {name}"


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://catalog:p@ss/w:rd%@mongo:27017/?replicaSet=rs0",
        "mongodb://catalog:a%zz@mongo/",
        "mongodb://mongo:port/",
        "mongodb://",
        "mongo:27017",
        "mongodb://mongo/?replicaSet",
        "mongodb://mongo:27017:27018/?p@ss",
    ],
)
def test_a_broken_connection_string_is_named_and_not_repeated(monkeypatch, uri):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", uri)
    with pytest.raises(SettingsError, match=r"SHOPSYNC_MONGO_URI.*SHOPSYNC_MONGO_PASSWORD") as raised:
        load_settings(CommonSettings)
    assert "p@ss" not in str(raised.value)


def test_a_file_in_the_connection_string_that_cannot_be_read_is_told(monkeypatch):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://catalog:p@mongo/?tls=true&tlsCAFile=/nowhere/ca.pem")
    told = r"^SHOPSYNC_MONGO_URI: a file of certificates .* No such file or directory$"
    with pytest.raises(SettingsError, match=told):
        load_settings(CommonSettings)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("mongodb://catalog@mongo/?authSource=shopsync", "p@ss/w:rd%2F#?&[]"),
        ("mongodb://catalog:own@mongo/?authSource=shopsync", "own"),  # what the string says goes before
        ("mongodb://mongo/", None),
    ],
)
async def test_a_password_may_stand_apart_with_any_character(uri, expected):
    async with make_client(uri, app_name="test", password="p@ss/w:rd%2F#?&[]") as client:
        credentials = client.options.pool_options._credentials
    assert (None if credentials is None else credentials.password) == expected


def test_a_password_of_nobody_is_refused(monkeypatch):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://mongo/?replicaSet=rs0")
    monkeypatch.setenv("SHOPSYNC_MONGO_PASSWORD", "s3cret")
    with pytest.raises(SettingsError, match=r"^SHOPSYNC_MONGO_PASSWORD: SHOPSYNC_MONGO_URI names no user") as raised:
        load_settings(CommonSettings)
    assert "s3cret" not in str(raised.value)
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://catalog@mongo/?replicaSet=rs0")
    load_settings(CommonSettings)


def test_a_line_end_behind_a_secret_is_no_part_of_it(monkeypatch):
    """As a Kubernetes secret made by `echo secret | base64` ends."""
    monkeypatch.setenv("OWN_SECRET", "secret\n")
    assert load_settings(Own).secret.get_secret_value() == "secret"
    monkeypatch.setenv("OWN_SECRET", " \n")
    with pytest.raises(SettingsError, match="OWN_SECRET"):
        load_settings(Own)
