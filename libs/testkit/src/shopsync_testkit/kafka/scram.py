"""Sets the SCRAM passwords of users on a running cluster, which aiokafka's admin client cannot."""

import hashlib
import os
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

_ITERATIONS = 4096  # the least that Kafka takes
_MECHANISMS = {1: "sha256", 2: "sha512"}  # the numbers are Kafka's


class _Response(Response):  # type: ignore[misc] # aiokafka is untyped
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _Struct(RequestStruct):  # type: ignore[misc] # aiokafka is untyped
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterUserScramCredentials(Request[_Struct]):  # type: ignore[misc] # aiokafka is untyped
    API_KEY = 51

    def __init__(self, passwords: Mapping[str, str], mechanism: int) -> None:
        self._upsertions = [_salted(user, password, mechanism) for user, password in passwords.items()]

    def build(self, request_struct_class: type[_Struct]) -> _Struct:
        """The request of the only version there is."""
        return request_struct_class([], self._upsertions, {})


def _salted(user: str, password: str, mechanism: int) -> tuple[str, int, int, bytes, bytes, dict[int, bytes]]:
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac(_MECHANISMS[mechanism], password.encode(), salt, _ITERATIONS)
    return user, mechanism, _ITERATIONS, salt, salted, {}


async def set_passwords(admin: AIOKafkaAdminClient, passwords: Mapping[str, str]) -> None:
    """Create the users or change their passwords, for SCRAM-SHA-256 and SCRAM-SHA-512. Raises KafkaError."""
    for mechanism in _MECHANISMS:  # a request may change a user once
        request = _AlterUserScramCredentials(passwords, mechanism)
        answer = await admin._send_request(request)  # noqa: SLF001 - it has no other way
        for user, code, message, _ in answer.results:
            if code:
                raise for_code(code)(f"cannot set the password of {user}: {message}")
