import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    MessageSizeTooLargeError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
)
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DocumentTooLarge,
    DuplicateKeyError,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

from shopsync_runtime import LeaseLost, PermanentError, RetryableError
from shopsync_runtime.failures import is_retryable

DISK_FULL, OVER_QUOTA, PRIMARY_STEPPED_DOWN, BAD_VALUE = 14031, 8000, 189, 2


def bulk(*codes, concern=False):
    return BulkWriteError(
        {
            "writeErrors": [{"code": code, "index": 0, "errmsg": ""} for code in codes],
            "writeConcernErrors": [{"code": 64}] if concern else [],
        }
    )


@pytest.mark.reliability(30)
@pytest.mark.parametrize(
    "error",
    [
        RetryableError("TikTok answers 503"),
        LeaseLost("gone"),
        AutoReconnect("closed"),
        NotPrimaryError("not primary"),
        NetworkTimeout("slow"),
        ServerSelectionTimeoutError("nobody"),
        WTimeoutError("no majority", 64, {}),
        WriteConcernError("no majority", 64, {}),
        OperationFailure("disk full", DISK_FULL),
        OperationFailure("over quota", OVER_QUOTA),
        OperationFailure("stepped down", PRIMARY_STEPPED_DOWN),
        OperationFailure("transient", 1, {"errorLabels": ["TransientTransactionError"]}),
        bulk(PRIMARY_STEPPED_DOWN),
        bulk(concern=True),
        KafkaConnectionError("closed"),
        RequestTimedOutError(),
        TopicAuthorizationFailedError({"t"}),
        ConnectionResetError("reset"),
        TimeoutError(),
        ExceptionGroup("two", [ValueError("bug"), AutoReconnect("closed")]),
    ],
    ids=repr,
)
def test_what_waiting_may_help(error):
    assert is_retryable(error)


@pytest.mark.reliability(30)
@pytest.mark.parametrize(
    "error",
    [
        PermanentError("no"),
        ValueError("bug"),
        KeyError("bug"),
        MessageSizeTooLargeError("too large"),
        DuplicateKeyError("twice", 11000),
        DocumentTooLarge("17 MB"),
        OperationFailure("bad value", BAD_VALUE),
        bulk(11000),
        ExceptionGroup("two", [ValueError("bug"), KeyError("bug")]),
    ],
    ids=repr,
)
def test_what_never_passes(error):
    assert not is_retryable(error)
