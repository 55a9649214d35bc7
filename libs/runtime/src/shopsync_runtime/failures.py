"""Decides which exceptions are worth a retry."""

from collections.abc import Iterator

from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnsupportedCodecError,
)
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from shopsync_runtime.errors import PermanentError, RetryableError

# The message itself is at fault, so sending it again fails again.
_KAFKA_PERMANENT = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidTopicError,
    UnsupportedCodecError,
)

# Server codes that mean "not now" or "ask the operator", never "this document is wrong".
_MONGO_RETRYABLE_CODES = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        11,  # UserNotFound
        13,  # Unauthorized
        18,  # AuthenticationFailed
        24,  # LockTimeout
        43,  # CursorNotFound
        46,  # LockBusy
        50,  # MaxTimeMSExpired
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        112,  # WriteConflict
        133,  # FailedToSatisfyReadPreference
        134,  # ReadConcernMajorityNotAvailableYet
        136,  # CappedPositionLost
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        262,  # ExceededTimeLimit
        290,  # TransactionExceededLifetimeLimitSeconds
        8000,  # AtlasError: quota or space of a hosted cluster
        9001,  # SocketException
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        12501,  # quota exceeded
        13388,  # StaleConfig
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        14031,  # OutOfDiskSpace
    }
)
_MONGO_PEOPLE_CODES = frozenset({11, 13, 18, 8000, 12501, 14031})
"""Of these: a user, a right or space that somebody has to provide."""
_MONGO_RETRYABLE_LABELS = ("RetryableWriteError", "TransientTransactionError", "RetryableError")


def is_retryable(error: BaseException) -> bool:
    """Whether waiting may help: infrastructure down, a failover, a full disk, missing permissions.

    A wrong True costs a waiting partition and an alert, a wrong False a good message among the dead letters. So every
    error from the network, the broker and the database is retryable unless it names the message as the cause. An
    exception group is retryable when any member is, since the whole is retried.
    """
    if isinstance(error, BaseExceptionGroup):
        return any(is_retryable(member) for member in error.exceptions)
    if isinstance(error, RetryableError):
        return True
    if isinstance(error, PermanentError):
        return False
    if isinstance(error, KafkaError):
        return not isinstance(error, _KAFKA_PERMANENT)
    if isinstance(error, PyMongoError):
        return _is_retryable_mongo(error)
    return isinstance(error, OSError)  # TimeoutError and ConnectionError are OSErrors


def is_passing(error: BaseException) -> bool:
    """Whether it may work again in a moment, without anybody's help: a broker or a primary was lost."""
    if isinstance(error, KafkaError):
        return bool(error.retriable) or isinstance(error, KafkaTimeoutError)
    if isinstance(error, OperationFailure) and error.code in _MONGO_PEOPLE_CODES:
        return False
    if isinstance(error, PyMongoError):
        return _is_retryable_mongo(error)
    return isinstance(error, ConnectionError | TimeoutError)


def _is_retryable_mongo(error: PyMongoError) -> bool:
    if isinstance(error, ConnectionFailure | ExecutionTimeout | WriteConcernError):
        return True
    if any(error.has_error_label(label) for label in _MONGO_RETRYABLE_LABELS):
        return True
    if isinstance(error, BulkWriteError):
        return any(code in _MONGO_RETRYABLE_CODES for code in _codes_of_bulk(error)) or bool(
            (error.details or {}).get("writeConcernErrors")
        )
    return isinstance(error, OperationFailure) and error.code in _MONGO_RETRYABLE_CODES


def _codes_of_bulk(error: BulkWriteError) -> Iterator[int]:
    for failed in (error.details or {}).get("writeErrors", []):
        yield failed.get("code", 0)
