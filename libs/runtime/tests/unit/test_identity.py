import base64
import json

import pytest
from pydantic import SecretStr

from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.identity import claims_of, who
from shopsync_runtime.tls import TlsFiles
from shopsync_testkit.certificates import Authority


def jwt(claims):
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


def test_a_user_with_a_password_is_named_as_kafka_names_it():
    known = KafkaConnection("k:9", "SASL_SSL", "SCRAM-SHA-512", "catalog", SecretStr("secret"))
    assert who(known) == "User:catalog"
    assert who(KafkaConnection("k:9")) == "whoever does not log in (User:ANONYMOUS)"


def test_a_token_tells_its_subject(tmp_path):
    file = tmp_path / "token"
    connection = KafkaConnection("k:9", "SASL_SSL", "OAUTHBEARER", token_file=file)
    assert who(connection) == f"the user of the token in {file}"
    for content, told in (
        (jwt({"sub": "catalog"}), f"User:catalog (of the token in {file})"),
        (jwt({"aud": "kafka"}), f"the user of the token in {file}"),
        ("opaque", f"the user of the token in {file}"),
    ):
        file.write_text(content)
        assert who(connection) == told


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", jwt([1]), "a.ÿÿ.c"])
def test_what_is_no_jwt_says_nothing(token):
    assert claims_of(token) == {}


def test_a_certificate_tells_its_subject_in_kafkas_order(tmp_path):
    issued = Authority(tmp_path).user("catalog")
    connection = KafkaConnection("k:9", "SSL", tls_files=TlsFiles("X", certificate_file=issued.both))
    assert who(connection) == f"User:{issued.subject} (of its certificate)"
    issued.both.write_text("no certificate")
    assert who(connection) == f"the user of the certificate in {issued.both}"
