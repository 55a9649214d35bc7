import base64
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from publisher.errors import ConsentRefused, KeyMissing
from publisher.settings import PublisherSettings
from publisher.tiktok.vault import ConsentState, Vault, fingerprint
from shopsync_runtime import SettingsError, load_settings

GOOD = {
    "PUBLISHER_TIKTOK_API_URL": "http://127.0.0.1:1/",
    "PUBLISHER_TIKTOK_AUTH_URL": "http://127.0.0.1:1",
    "PUBLISHER_TIKTOK_APP_KEY": "key",
    "PUBLISHER_TIKTOK_APP_SECRET": "very-secret",
}


@pytest.fixture
def environment(monkeypatch):
    def use(**changes):
        values = {**GOOD, "PUBLISHER_TOKEN_KEY": Fernet.generate_key().decode(), **changes}
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return use


def test_the_names_others_rely_on_are_read(environment):
    environment()
    settings = load_settings(PublisherSettings)
    assert settings.tiktok_api_url == "http://127.0.0.1:1"
    assert settings.tiktok_app_key == "key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLISHER_TOKEN_KEY", "too-short"),
        ("PUBLISHER_TIKTOK_API_URL", "open-api.example"),
        ("PUBLISHER_WORKERS", "0"),
        ("PUBLISHER_JOB_LEASE", "soon"),
        ("PUBLISHER_INTERNAL_TOKEN", "fifteen-letters"),
        ("PUBLISHER_CONSOLE_URL", "console.example.jp"),
        ("PUBLISHER_CONSOLE_URL", "https://console.example.jp/path"),
    ],
)
def test_a_wrong_value_is_named(environment, name, value):
    environment(**{name: value})
    with pytest.raises(SettingsError, match=name) as raised:
        load_settings(PublisherSettings)
    assert "very-secret" not in str(raised.value)
    if name in {"PUBLISHER_TOKEN_KEY", "PUBLISHER_INTERNAL_TOKEN"}:
        assert value not in str(raised.value)


def test_the_internal_apis_token_may_stand_in_a_file(environment, tmp_path):
    file = tmp_path / "token"
    file.write_text("a-token-of-the-console\n")
    environment(PUBLISHER_INTERNAL_TOKEN_FILE=str(file), PUBLISHER_CONSOLE_URL="https://console.example.jp/")
    settings = load_settings(PublisherSettings)
    assert settings.internal_token.get_secret_value() == "a-token-of-the-console"
    assert settings.console_url == "https://console.example.jp"


def test_tokens_are_read_with_every_key_and_sealed_with_the_newest():
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = Vault(SecretStr(old)).seal(SecretStr("ROW_token"))
    both = Vault(SecretStr(f"{new}, {old}"))
    assert both.open(sealed).get_secret_value() == "ROW_token"
    assert Vault(SecretStr(new)).open(both.seal(SecretStr("x"))).get_secret_value() == "x"
    assert both.fingerprints == (fingerprint(new), fingerprint(old))
    assert [both.key_of(both.seal(SecretStr("x"))), both.key_of(sealed)] == list(both.fingerprints)
    assert Vault(SecretStr(new)).key_of(sealed) is None
    with pytest.raises(KeyMissing, match="PUBLISHER_TOKEN_KEY"):
        Vault(SecretStr(new)).open(sealed)


def test_the_key_in_use_seals_tokens_and_consents(now):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    both, former = Vault(SecretStr(f"{new},{old}")), Vault(SecretStr(old))
    both.in_use = fingerprint(old)
    assert former.open(both.seal(SecretStr("x"))).get_secret_value() == "x"
    state = both.sign_state(ConsentState("demo"), now)
    assert former.read_state(state, now=now, lifetime=timedelta(hours=1)) == ConsentState("demo", begun_at=now)


def test_a_fingerprint_is_the_same_however_the_key_is_written_and_holds_nothing_of_it():
    key = base64.urlsafe_b64encode(bytes([255] * 32)).decode()
    assert fingerprint(key) == fingerprint(key.replace("_", "/")) != fingerprint(Fernet.generate_key().decode())
    assert fingerprint(key) not in key


def test_states_cannot_be_forged_and_expire(now):
    vault, hour = Vault(SecretStr(Fernet.generate_key().decode())), timedelta(hours=1)
    state = vault.sign_state(ConsentState("demo", "7"), now)
    assert vault.read_state(state, now=now, lifetime=hour) == ConsentState("demo", "7", begun_at=now)
    assert vault.read_state("demo", now=now, lifetime=hour) is None
    assert vault.read_state(state[:-2] + "AA", now=now, lifetime=hour) is None
    with pytest.raises(ConsentRefused, match="too long ago"):
        vault.read_state(state, now=now + 2 * hour, lifetime=hour)
