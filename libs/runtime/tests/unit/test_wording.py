"""Counts and errors in words that a person reads."""

import re

import pytest
from aiokafka.errors import (
    CorruptRecordException,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from shopsync_runtime.errors import StartError
from shopsync_runtime.kafka.admin import partitions_of
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.wording import counted, error_text

_PYTHON = re.compile(r"\w+\(|<\w+|\('|b'|\[\(|(\b\w+Error\b).*\1")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((0, "message"), "0 messages"),
        ((1, "message"), "1 message"),
        ((2, "failed attempt"), "2 failed attempts"),
        ((1, "push", "pushes"), "1 push"),
        ((2, "push", "pushes"), "2 pushes"),
    ],
)
def test_a_count_agrees_with_its_noun(given, told):
    assert counted(*given) == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            KafkaConnectionError("Unable to bootstrap from [('a', 1, <AddressFamily.AF_UNSPEC: 0>)]"),
            "no broker answers",
        ),
        (
            KafkaConnectionError("No connection to node with id 1"),
            "KafkaConnectionError: No connection to node with id 1",
        ),
        (KafkaTimeoutError(), "KafkaTimeoutError"),
        (KafkaError("x\n y"), "KafkaError: x y"),
        (TopicAuthorizationFailedError("topic a"), "TopicAuthorizationFailedError: topic a"),
        (MessageSizeTooLargeError("a"), "MessageSizeTooLargeError: a"),
        (CorruptRecordException("Invalid CRC"), "CorruptRecordException: Invalid CRC"),
        (OSError("[Error 5] no class of ours"), "[Error 5] no class of ours"),
        (StartError("topics are missing"), "topics are missing"),
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (KeyError("a"), "KeyError: 'a'"),
        (RuntimeError(), "RuntimeError"),
        (OperationFailure("not authorized", 13, {"ok": 0.0, "errmsg": b"x"}), "not authorized"),
        (
            ServerSelectionTimeoutError(
                "a:1: Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), [Errno 111] Connect call"
                " failed ('127.0.0.1', 1) (configured timeouts: socketTimeoutMS: 5000.0ms, connectTimeoutMS: 5000.0ms),"
                " Timeout: 5.0s, Topology Description: <TopologyDescription id: 1, servers: [<ServerDescription>]>"
            ),
            "a:1: Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_one_line_without_pythons_notation(error, told):
    assert error_text(error) == told


async def test_the_drivers_errors_of_an_address_where_nobody_listens():
    with pytest.raises(KafkaError) as kafka:
        await partitions_of(KafkaConnection("127.0.0.1:9"), [])
    client = AsyncMongoClient("mongodb://127.0.0.1:9,localhost:9/?serverSelectionTimeoutMS=300")
    with pytest.raises(PyMongoError) as mongo:
        await client.admin.command("ping")
    await client.close()
    for found in (kafka.value, mongo.value):
        assert not _PYTHON.search(error_text(found)), error_text(found)
        assert _PYTHON.search(str(found)), "the drivers say it in words by now: error_text can go"
