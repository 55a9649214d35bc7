"""Whom a cluster takes us for, as well as it can be said without asking it: for messages to operators."""

import base64
import binascii
import json
import ssl
from pathlib import Path
from typing import Any

from shopsync_runtime.file_secrets import UnusableSecretError, read_secret
from shopsync_runtime.kafka.connection import TOKEN_FILE, KafkaConnection

_SHORT = {
    "commonName": "CN",
    "organizationalUnitName": "OU",
    "organizationName": "O",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "countryName": "C",
}


def who(connection: KafkaConnection) -> str:
    """`User:catalog`; for a token and a certificate what stands in it, which a cluster may map to another name."""
    if connection.username is not None:
        return f"User:{connection.username}"
    if connection.token_file is not None:
        return _of_token(connection.token_file)
    if connection.tls_files.certificate_file is not None:
        return _of_certificate(connection.tls_files.certificate_file)
    return "whoever does not log in (User:ANONYMOUS)"


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says; empty where it is none. It is not verified: that is for the broker."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _of_token(path: Path) -> str:
    try:
        subject = claims_of(read_secret(TOKEN_FILE, path)).get("sub")
    except UnusableSecretError:
        subject = None
    return f"User:{subject} (of the token in {path})" if subject else f"the user of the token in {path}"


def _of_certificate(path: Path) -> str:
    """The subject in the order in which Kafka writes it. Python offers to read one for its own tests only."""
    decode = getattr(getattr(ssl, "_ssl", None), "_test_decode_cert", None)
    try:
        subject = decode(str(path))["subject"] if decode is not None else ()
    except (OSError, KeyError, ValueError):  # ssl.SSLError is an OSError
        subject = ()
    parts = [f"{_SHORT.get(name, name)}={value}" for entry in reversed(subject) for name, value in entry]
    return f"User:{','.join(parts)} (of its certificate)" if parts else f"the user of the certificate in {path}"
