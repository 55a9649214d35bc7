"""The whole system as others see it: what they publish, and what they read."""

from shopsync_contracts.asyncapi.document import Application, Receiving, Sending
from shopsync_contracts.topics import TOPICS, TopicSpec

_INSIDE = frozenset({"ingestor", "catalog", "publisher", "janitor", "janitor's clock", "scheduler", "all"})
"""Those among a topic's writers and readers that are parts of shopsync."""

_DESCRIPTION = """\
shopsync carries a merchant's products from futureshop to TikTok Shop.

The operations are shopsync's: you publish what it receives, and you read what it sends. Every message is one \
CloudEvents 1.0 document in JSON as the value (structured mode), keyed by its subject. Publish with the murmur2 \
partitioner, as the Java client does; tools on librdkafka need partitioner=murmur2_random. Ignore members and types \
that you do not know: within v1 they are added. An environment may have another prefix than shopsync in the names of \
topics.
"""


def _outside(words: str) -> tuple[str, ...]:
    named = [word.partition(" (")[0] for word in words.split(", ")]
    return tuple(word for word in named if word not in _INSIDE)


def _receiving(spec: TopicSpec) -> Receiving:
    return Receiving(spec, f"Published by {', '.join(_outside(spec.written_by))}.")


def _sending(spec: TopicSpec) -> Sending:
    return Sending(spec, spec.types, f"Read by {', '.join(_outside(spec.read_by))}.")


SYSTEM = Application(
    name="shopsync",
    title="shopsync",
    description=_DESCRIPTION,
    sends=tuple(_sending(spec) for spec in TOPICS if _outside(spec.read_by)),
    receives=tuple(_receiving(spec) for spec in TOPICS if _outside(spec.written_by)),
)
