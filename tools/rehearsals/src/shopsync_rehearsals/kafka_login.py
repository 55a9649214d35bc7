"""TLS and log-in of a Kafka that somebody else runs, from the variables that the services read.

The runtime's `KafkaConnection` knows more, but the sandbox's image does not hold the runtime.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider

_PREFIX = "SHOPSYNC_KAFKA_"


class _Token(AbstractTokenProvider):  # type: ignore[misc] # aiokafka is untyped
    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:
        return self._path.read_text(encoding="utf-8").strip()


def login_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """What aiokafka's clients are told beside the address; nothing for PLAINTEXT. Raises OSError, ssl.SSLError."""
    given = {name.removeprefix(_PREFIX): value for name, value in environ.items() if name.startswith(_PREFIX) and value}
    protocol = given.get("SECURITY_PROTOCOL", "PLAINTEXT")
    told: dict[str, Any] = {} if protocol == "PLAINTEXT" else {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        told["ssl_context"] = context = ssl.create_default_context(cafile=given.get("CA_FILE"))
        if "CERTIFICATE_FILE" in given:
            password = _secret(given, "KEY_PASSWORD") or ""
            context.load_cert_chain(given["CERTIFICATE_FILE"], given.get("KEY_FILE"), password)
    if protocol.startswith("SASL"):
        told["sasl_mechanism"] = given.get("SASL_MECHANISM")
        if "TOKEN_FILE" in given:
            told["sasl_oauth_token_provider"] = _Token(Path(given["TOKEN_FILE"]))
        else:
            told["sasl_plain_username"] = given.get("USERNAME")
            told["sasl_plain_password"] = _secret(given, "PASSWORD")
    return told


def _secret(given: Mapping[str, str], name: str) -> str | None:
    path = given.get(f"{name}_FILE")
    return given.get(name) if path is None else Path(path).read_text(encoding="utf-8").removesuffix("\n")
