"""Texts for people that several commands and services share. Pure."""

import re
import shlex

from aiokafka.errors import KafkaConnectionError
from pymongo.errors import PyMongoError

from shopsync_runtime.errors import RuntimeFailure

_KAFKA_NUMBER = re.compile(r"^\[Error -?\d+\] (?=\w+: )")
_MONGO_ADDENDA = re.compile(r", (?:full error|Timeout): .*", re.DOTALL)
# The drivers also insert their timeouts, and addresses as Python tuples.
_MONGO_ASIDES = re.compile(r" \((?:configured timeouts: [^()]*|'[^'()]*', [\d, ]+)\)")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, the escape of terminal sequences among them
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # those that change the direction of writing
    r"\u2028\u2029\ud800-\udfff]"  # line ends of Unicode; surrogates, which UTF-8 cannot encode
)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 message`, `2 messages`, `0 messages`; `plural` where it is not the noun with an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def written_out(text: str) -> str:
    r"""The text with control and invisible characters written as in JSON: `\u001b`. Line feeds and tabs stay.

    Names, numbers and reasons come from other systems (decision 0028).
    """
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def no_settings(shop_key: str) -> str:
    """Why nothing is done for a shop without settings, and how to publish them."""
    return f"shop {shop_key!r} has no settings: publish them with `shopsync shops put {shlex.quote(shop_key)}`"


def error_text(error: BaseException) -> str:
    """The error in one line, after its class name unless the text needs none.

    Errors of the runtime, MongoDB and the operating system are sentences and need no class name.
    """
    if isinstance(error, KafkaConnectionError) and "Unable to bootstrap from" in str(error):
        return "no broker answers"
    text = _KAFKA_NUMBER.sub("", " ".join(str(error).split()))
    if isinstance(error, TimeoutError) and not text:
        return "no answer in time"
    if isinstance(error, PyMongoError):
        text = _MONGO_ASIDES.sub("", _MONGO_ADDENDA.sub("", text))
    name = type(error).__name__
    if text and (name in text or isinstance(error, RuntimeFailure | PyMongoError | OSError)):
        return text
    return f"{name}: {text}" if text else name
