"""The variables of the services, as the sandbox's programs read them."""

import ssl

import pytest

from shopsync_rehearsals.kafka_login import login_of
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.settings_links import KafkaLink
from shopsync_testkit.certificates import Authority

SASL = {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "SCRAM-SHA-512", "USERNAME": "me"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"SECURITY_PROTOCOL": "SSL", "CERTIFICATE_FILE": "{certificate}", "KEY_FILE": "{key}"},
        {**SASL, "PASSWORD": "s3cret"},
        {**SASL, "PASSWORD_FILE": "{password}"},
        {"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": "OAUTHBEARER", "TOKEN_FILE": "{password}"},
    ],
)
async def test_it_is_what_a_service_makes_of_them(given, tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    issued, password = authority.user("me"), tmp_path / "password"
    password.write_text("s3cret\n")
    files = {"certificate": issued.certificate, "key": issued.key, "password": password, "ca": authority.certificate}
    if given and given["SECURITY_PROTOCOL"].endswith("SSL"):
        given = {**given, "CA_FILE": "{ca}"}
    environ = {f"SHOPSYNC_KAFKA_{name}": value.format(**files) for name, value in given.items()}
    for name, value in {**environ, "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = login_of(environ), KafkaConnection.of(KafkaLink()).options()
    assert {"bootstrap_servers", *ours} == theirs.keys()
    for name, value in ours.items():
        if isinstance(value, str):
            assert value == theirs[name]
    if "ssl_context" in ours:
        assert ours["ssl_context"].verify_mode == ssl.CERT_REQUIRED
        assert ours["ssl_context"].get_ca_certs() == theirs["ssl_context"]._present().get_ca_certs()
    if "sasl_oauth_token_provider" in ours:
        assert await ours["sasl_oauth_token_provider"].token() == "s3cret"
