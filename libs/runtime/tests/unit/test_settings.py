from datetime import timedelta

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shopsync_runtime import CommonSettings, Duration, ServiceSettings, SettingsError, load_settings
from shopsync_runtime.settings_loading import common_settings_with, unknown_variables


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


def test_unread_variables_are_told_with_the_nearest_name():
    environ = {
        "OWN_SHAER": "1",
        "OWN_SOMETHING_ELSE": "1",
        "OWN_SHARE": "1",
        "SHOPSYNC_TOPIC_PREFIXES": "x",
        "SHOPSYNC_KAFKA": "embedded",
        "SHOPSYNC_OF_ANOTHER_TOOL": "x",
        "PATH": "/bin",
    }
    assert unknown_variables([CommonSettings, Own], environ) == [
        "OWN_SHAER is not read by anything; did you mean OWN_SHARE?",
        "OWN_SOMETHING_ELSE is not read by anything",
        "SHOPSYNC_TOPIC_PREFIXES is not read by anything; did you mean SHOPSYNC_TOPIC_PREFIX?",
    ]
