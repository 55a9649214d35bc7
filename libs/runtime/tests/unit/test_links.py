"""Settings of the links to Kafka, MongoDB and the web: what fits together, and files that are read again."""

import os
import ssl

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from shopsync_runtime import CommonSettings, SettingsError, file_secrets, load_settings, tls
from shopsync_runtime.kafka.connection import KafkaConnection, TokenFile
from shopsync_runtime.tls import FollowingContext, TlsFiles, UnusableFileError
from shopsync_testkit.certificates import Authority

USER = {"USERNAME": "catalog", "PASSWORD": "s3cret"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def client(authority):
    return authority.user("client")


@pytest.fixture
def load(monkeypatch):
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://db")
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")

    def loaded(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"SHOPSYNC_{name}", str(value))
        return load_settings(CommonSettings)

    return loaded


def kafka(variables):
    return {f"KAFKA_{name}": value for name, value in variables.items()}


def test_addresses_alone_are_plain(load):
    assert KafkaConnection.of(load()).options() == {"bootstrap_servers": "kafka:9092"}


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
def test_a_user_logs_in(load, mechanism):
    given = load(**kafka({"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": mechanism, **USER}))
    assert KafkaConnection.of(given).options() == {
        "bootstrap_servers": "kafka:9092",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "catalog",
        "sasl_plain_password": "s3cret",
    }
    assert "s3cret" not in repr(KafkaConnection.of(given))


def test_a_certificate_is_shown_and_names_are_checked(load, authority, client):
    given = {"SECURITY_PROTOCOL": "SSL", "CA_FILE": authority.certificate, "CERTIFICATE_FILE": client.certificate}
    options = KafkaConnection.of(load(**kafka({**given, "KEY_FILE": client.key}))).options()
    context = options["ssl_context"]._present()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"SECURITY_PROTOCOL": "TLS"}, "SHOPSYNC_KAFKA_SECURITY_PROTOCOL: input should be 'PLAINTEXT'"),
        ({"CA_FILE": "/x"}, "SHOPSYNC_KAFKA_CA_FILE: needs SHOPSYNC_KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL"),
        (USER, "SHOPSYNC_KAFKA_USERNAME, SHOPSYNC_KAFKA_PASSWORD: needs SHOPSYNC_KAFKA_SECURITY_PROTOCOL=SASL_SSL"),
        ({"SECURITY_PROTOCOL": "SASL_SSL"}, "SHOPSYNC_KAFKA_SASL_MECHANISM is not set"),
        (
            {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "PLAIN", "USERNAME": "a"},
            "SHOPSYNC_KAFKA_PASSWORD is not set: PLAIN needs it",
        ),
        (
            {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "OAUTHBEARER"},
            "SHOPSYNC_KAFKA_TOKEN_FILE is not set: OAUTHBEARER needs it",
        ),
        (
            {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "SCRAM-SHA-512", **USER, "TOKEN_FILE": "/x"},
            "SHOPSYNC_KAFKA_TOKEN_FILE: SCRAM-SHA-512 does not use it, leave it out",
        ),
        (
            {"SECURITY_PROTOCOL": "SSL", "KEY_FILE": "/x"},
            "SHOPSYNC_KAFKA_KEY_FILE: needs SHOPSYNC_KAFKA_CERTIFICATE_FILE",
        ),
        (
            {"SECURITY_PROTOCOL": "SSL", "CA_FILE": "/nowhere/ca.pem"},
            "SHOPSYNC_KAFKA_CA_FILE: /nowhere/ca.pem cannot be read: No such file or directory",
        ),
    ],
)
def test_what_does_not_fit_is_named_at_the_start(load, variables, told):
    with pytest.raises(SettingsError) as caught:
        load(**kafka(variables))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_files_that_do_not_fit_are_named_with_the_reason(authority, client, tmp_path):
    other, sealed = authority.user("other"), authority.new_user("sealed", key_password="s3cret")
    text = tmp_path / "text.pem"
    text.write_text("nothing of the kind")

    def problem(password=None, **files):
        with pytest.raises(UnusableFileError) as caught:
            TlsFiles("X", key_password=password and SecretStr(password), **files).context()
        return str(caught.value)

    assert problem(ca_file=text) == f"SHOPSYNC_X_CA_FILE: {text} holds no certificate in PEM"
    assert problem(certificate_file=text) == f"SHOPSYNC_X_CERTIFICATE_FILE: {text} holds no certificate in PEM"
    assert problem(certificate_file=client.certificate) == (
        f"SHOPSYNC_X_CERTIFICATE_FILE: {client.certificate} holds no private key in PEM"
    )
    assert (
        problem(certificate_file=client.certificate, key_file=text)
        == f"SHOPSYNC_X_KEY_FILE: {text} holds no private key in PEM"
    )
    assert problem(certificate_file=client.certificate, key_file=other.key) == (
        f"SHOPSYNC_X_KEY_FILE: {other.key} is not the key of the certificate in {client.certificate}"
    )
    assert (
        problem(certificate_file=sealed.both)
        == f"SHOPSYNC_X_CERTIFICATE_FILE: {sealed.both} is encrypted: set SHOPSYNC_X_KEY_PASSWORD"
    )
    assert problem("wrong", certificate_file=sealed.certificate, key_file=sealed.key) == (
        f"SHOPSYNC_X_KEY_FILE: {sealed.key} cannot be opened with SHOPSYNC_X_KEY_PASSWORD"
    )
    TlsFiles("X", authority.certificate, sealed.certificate, sealed.key, SecretStr("s3cret")).context()


def test_certificates_that_change_count_for_the_next_connection(authority, tmp_path):
    ours, trusted = tmp_path / "ours.pem", tmp_path / "trusted.pem"
    ours.write_bytes(authority.user("first").both.read_bytes())
    trusted.write_bytes(authority.certificate.read_bytes())
    context = FollowingContext(TlsFiles("X", trusted, ours))

    def used():
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a")
        return context._present()

    first = used()
    assert used() is first, "files that did not change are not read again"
    ours.write_text("half of")
    assert used() is first, "what cannot be used does not count"
    ours.write_bytes(authority.user("second").both.read_bytes())
    second = used()
    assert second is not first
    before = second.get_ca_certs()
    Authority(tmp_path / "next").certificate.replace(trusted)
    now = used().get_ca_certs()
    assert len(now) == 1
    assert now != before, "an authority that was replaced is trusted no longer"


@pytest.mark.parametrize("gone", ["ca_file", "certificate_file", "key_file"])
def test_a_file_that_vanishes_while_it_is_read_leaves_the_last_ones_in_force(
    authority, client, tmp_path, monkeypatch, gone
):
    contents = {"ca_file": authority.certificate, "certificate_file": client.certificate, "key_file": client.key}
    paths = {name: tmp_path / name for name in contents}
    for name, path in paths.items():
        path.write_bytes(contents[name].read_bytes())
    context = FollowingContext(TlsFiles("X", **paths))
    first = context._present()
    monkeypatch.setattr(tls, "_check_readable", lambda _variable, path: path.unlink() if path == paths[gone] else None)
    os.utime(paths[gone], (0, 0))
    with capture_logs() as logs:
        assert context._present() is first
    (told,) = logs
    assert told["problem"] == f"SHOPSYNC_X_{gone.upper()}: {paths[gone]} cannot be read: No such file or directory"
    monkeypatch.undo()
    paths[gone].write_bytes(contents[gone].read_bytes())
    assert context._present() is not first


async def test_the_token_is_what_the_file_holds_at_that_moment(tmp_path):
    path = tmp_path / "token"
    provider = TokenFile(path)
    for told in ("cannot be read: No such file", "is empty"):
        with pytest.raises(OSError, match=f"SHOPSYNC_KAFKA_TOKEN_FILE: .*token {told}"):
            await provider.token()
        path.write_text("\n")
    for token in ("one", "two"):
        path.write_text(f"{token}\n")
        assert await provider.token() == token


async def test_a_client_takes_the_password_from_its_file_for_each_connection(tmp_path, monkeypatch):
    from aiokafka.client import AIOKafkaClient  # noqa: PLC0415

    monkeypatch.setattr(file_secrets, "_LOOK_EVERY_SECONDS", 0.0)
    path = tmp_path / "password"
    path.write_text("first\n")
    secret = file_secrets.FileSecret("SHOPSYNC_KAFKA_PASSWORD_FILE", path)
    connection = KafkaConnection("kafka:9092", "SASL_PLAINTEXT", "PLAIN", "catalog", secret)
    client = AIOKafkaClient(**connection.options())
    connection.follow_password(client)
    assert client._sasl_plain_password == "first"
    path.write_text("second\n")
    assert client._sasl_plain_password == "second"


def test_the_proxy_and_its_authority_are_checked_at_the_start(load, tmp_path):
    with pytest.raises(SettingsError, match=r"SHOPSYNC_HTTP_CA_FILE: .* cannot be read") as caught:
        load(HTTP_PROXY="http://me:s3cret@proxy:3128", HTTP_CA_FILE=tmp_path / "nowhere")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(SettingsError, match="SHOPSYNC_HTTP_PROXY: http://") as caught:
        load(HTTP_PROXY="socks5://me:s3cret@proxy", HTTP_CA_FILE="")
    assert "s3cret" not in str(caught.value)
