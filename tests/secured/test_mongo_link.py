"""TLS and log-ins of MongoDB: every way in, and what is told when one is closed, held against the real mongod."""

import pytest
import pytest_asyncio
from pydantic import SecretStr

from shopsync_runtime import CommonSettings, SettingsError, load_settings
from shopsync_runtime.mongo import MongoAccess, ping_error
from shopsync_testkit.certificates import Authority
from shopsync_testkit.polling import eventually


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(secured_mongo):
    await secured_mongo.create_user("by-password", "s3cret/@", [], source="shopsync")
    await secured_mongo.create_user("by-certificate", None, [], source="$external")
    return secured_mongo


def uri(server, user="", **options):
    told = {"directConnection": "true", **options}
    return f"mongodb://{user}127.0.0.1:{server.port}/?" + "&".join(f"{name}={value}" for name, value in told.items())


def by_certificate(server, certificate, ca=None):
    address = uri(server, authMechanism="MONGODB-X509")
    return MongoAccess(SecretStr(address), None, ca or server.authority.certificate, certificate)


def by_password(server, password="s3cret/@", ca=None, **options):  # noqa: S107
    address = uri(server, "by-password@", authSource="shopsync", **options)
    return MongoAccess(SecretStr(address), SecretStr(password), ca)


async def told(access):
    """What is in the way, or None. A busy machine may need several looks until the first attempt has an outcome."""
    assert access.problems() == []
    client = access.client(app_name="test")

    async def outcome():
        found = await ping_error(client, 0.7)
        return () if found is not None and found.startswith("no answer within") else (found,)

    try:
        [found] = await eventually(outcome, what="an answer")
        return found
    finally:
        await client.close()


async def test_every_way_in(server):
    trusted = server.authority.certificate
    assert await told(by_password(server, ca=trusted)) is None
    assert await told(by_password(server, tls="true", tlsCAFile=trusted)) is None
    assert await told(by_certificate(server, server.authority.user("by-certificate").both)) is None


async def test_a_closed_way_is_told_with_the_setting(server, tmp_path):
    stranger, trusted = Authority(tmp_path), server.authority.certificate
    found = {
        "password": await told(by_password(server, "wrong", ca=trusted)),
        "nobody": await told(by_certificate(server, server.authority.user("nobody").both)),
        "no TLS": await told(by_password(server)),
        "authority": await told(by_password(server, ca=stranger.certificate)),
        "stranger": await told(by_certificate(server, stranger.user("by-certificate").both)),
    }
    assert "SHOPSYNC_MONGO_PASSWORD" in found["password"]
    assert found["password"].startswith("Authentication failed")
    assert "SHOPSYNC_MONGO_CERTIFICATE_FILE with MONGODB-X509" in found["nobody"]
    assert "is TLS the same on both sides" in found["no TLS"]
    assert "SHOPSYNC_MONGO_CA_FILE" in found["no TLS"]
    assert found["authority"].endswith("set SHOPSYNC_MONGO_CA_FILE to the authority of the server's certificate")
    assert "SHOPSYNC_MONGO_CERTIFICATE_FILE" in found["stranger"], found["stranger"]
    assert "\n" not in "".join(found.values())
    assert "s3cret" not in "".join(found.values())


async def test_tls_to_a_server_without_it(mongo_uri, server):
    plain = mongo_uri.replace("replicaSet=rs0&", "")
    access = MongoAccess(SecretStr(plain), None, server.authority.certificate)
    assert "the server speaks no TLS" in await told(access)


@pytest.mark.parametrize(
    ("options", "changed", "problem"),
    [
        (
            "authMechanism=MONGODB-X509",
            {},
            "SHOPSYNC_MONGO_CERTIFICATE_FILE is not set: authMechanism=MONGODB-X509 in SHOPSYNC_MONGO_URI needs it",
        ),
        (
            "authMechanism=MONGODB-X509&authSource=admin",
            {"CERTIFICATE_FILE": "{both}"},
            "SHOPSYNC_MONGO_URI: authMechanism=MONGODB-X509 needs authSource=$external, or none",
        ),
        (
            "authMechanism=MONGODB-X509",
            {"CERTIFICATE_FILE": "{both}", "PASSWORD": "s3cret"},
            "SHOPSYNC_MONGO_PASSWORD: authMechanism=MONGODB-X509 in SHOPSYNC_MONGO_URI logs in by certificate",
        ),
        ("tls=false", {"CA_FILE": "{ca}"}, "SHOPSYNC_MONGO_CA_FILE: SHOPSYNC_MONGO_URI says tls=false, leave one"),
        ("tlsCAFile={ca}", {"CA_FILE": "{ca}"}, "SHOPSYNC_MONGO_CA_FILE and tlsCAFile in SHOPSYNC_MONGO_URI are both"),
        (
            "",
            {"CERTIFICATE_FILE": "{certificate}"},
            "SHOPSYNC_MONGO_CERTIFICATE_FILE: {certificate} holds no private",
        ),
        ("", {"CERTIFICATE_FILE": "{ca}"}, "SHOPSYNC_MONGO_CERTIFICATE_FILE: {ca} holds no private key in PEM"),
        ("", {"CA_FILE": "/nowhere"}, "SHOPSYNC_MONGO_CA_FILE: /nowhere cannot be read: No such file or directory"),
        (
            "",
            {"CERTIFICATE_FILE": "{sealed}"},
            "SHOPSYNC_MONGO_CERTIFICATE_FILE: {sealed} is encrypted: set tlsCertificateKeyFilePassword in",
        ),
    ],
)
def test_what_does_not_fit_is_named_at_the_start(tmp_path, monkeypatch, options, changed, problem):
    authority = Authority(tmp_path)
    janitor = authority.user("by-certificate")
    files = {
        "ca": authority.certificate,
        "certificate": janitor.certificate,
        "both": janitor.both,
        "sealed": authority.new_user("sealed", key_password="s3cret").both,
    }
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", f"mongodb://db/?{options.format(**files)}")
    for name, value in changed.items():
        monkeypatch.setenv(f"SHOPSYNC_MONGO_{name}", value.format(**files))
    with pytest.raises(SettingsError) as caught:
        load_settings(CommonSettings)
    assert problem.format(**files) in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
