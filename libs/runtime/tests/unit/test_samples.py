"""Published secrets are found wherever a setting may hold them (decision 0013)."""

import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from shopsync_runtime import CommonSettings, ServiceSettings
from shopsync_runtime.samples import SAMPLE_SECRETS, outside_the_sandbox, sample_in

KEY = next(value for value, kind in SAMPLE_SECRETS.items() if kind == "key")


class Own(ServiceSettings):
    """Own settings."""

    model_config = SettingsConfigDict(env_prefix="OWN_", extra="forbid", frozen=True)

    secret: SecretStr = SecretStr("")
    speed: int = 1

    def only_in_the_sandbox(self):
        return {"speed": "is too fast"} if self.speed > 1 else {}


def common(uri="mongodb://me:mine@mongo/", **more):
    return CommonSettings(kafka_bootstrap_servers="k:9092", mongo_uri=uri, **more)


@pytest.mark.parametrize(
    "secret",
    [
        *SAMPLE_SECRETS,
        f"mine,{KEY}",
        f"mine , {KEY} ",
        "mongodb://catalog:sandbox-catalog@mongo:27017/?authSource=shopsync",
        "mongodb+srv://root:sandbox-root@cluster.example/db",
    ],
)
def test_a_published_secret_is_found_and_not_repeated(secret):
    told = sample_in(secret)
    assert told is not None
    assert not [one for one in SAMPLE_SECRETS if one in told]
    (problem, way_out) = outside_the_sandbox(common(), Own(secret=SecretStr(secret)))
    assert problem.startswith("OWN_SECRET holds the ")
    assert "SHOPSYNC_SANDBOX=true" in way_out
    assert outside_the_sandbox(common(sandbox=True), Own(secret=SecretStr(secret))) == []


@pytest.mark.parametrize("secret", ["", "mine", f"{KEY}x", "mongodb://sandbox-root.example/db", "my-sandbox-root"])
def test_other_secrets_are_nobodys_business(secret):
    assert sample_in(secret) is None
    assert outside_the_sandbox(common(), Own(secret=SecretStr(secret))) == []


def test_a_password_that_stands_apart_is_looked_at_too():
    (problem, _) = outside_the_sandbox(common("mongodb://a@m/", mongo_password="sandbox-root"), Own())
    assert problem.startswith("SHOPSYNC_MONGO_PASSWORD holds the password")


def test_every_variable_is_named_at_once():
    problems = outside_the_sandbox(common("mongodb://a:sandbox-root@m/"), Own(secret=SecretStr(KEY), speed=9))
    names = [problem.split()[0] for problem in problems]
    assert names == ["SHOPSYNC_MONGO_URI", "OWN_SECRET", "OWN_SPEED", "SHOPSYNC_SANDBOX=true"]
