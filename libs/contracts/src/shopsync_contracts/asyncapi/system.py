"""The whole system as others see it: what they publish, and what they read."""

from collections.abc import Iterable

from shopsync_contracts.access import PRINCIPALS, Principal
from shopsync_contracts.asyncapi.document import Application, Receiving, Sending
from shopsync_contracts.topics import TOPICS, TopicSpec

_DESCRIPTION = """\
shopsync carries a merchant's products from futureshop to TikTok Shop.

The operations are shopsync's: you publish what it receives, and you read what it sends. Every message is one
CloudEvents 1.0 document in JSON as the value (structured mode), keyed by its subject. Publish with the murmur2
partitioner, as the Java client does; tools on librdkafka need partitioner=murmur2_random. Ignore members and types that
you do not know: within v1 they are added. An environment may have another prefix than shopsync in the names of topics
and groups.

On a cluster with access control, `tool` is a tool of others in which products are completed, and `other-systems`
everybody else. Names of consumer groups begin with `shopsync.tool.` or `shopsync.other-systems.`
"""

_OTHERS: tuple[Principal, ...] = tuple(one for one in PRINCIPALS if one.name in ("tool", "other-systems"))


def _receiving(spec: TopicSpec) -> Receiving:
    return Receiving(spec, f"Published by {_named(one for one in _OTHERS if spec in one.writes)}.")


def _sending(spec: TopicSpec) -> Sending:
    return Sending(spec, spec.types, f"Read by {_named(one for one in _OTHERS if spec in one.reads)}.")


def _named(principals: Iterable[Principal]) -> str:
    return " and ".join(one.name for one in principals)


SYSTEM = Application(
    name="shopsync",
    title="shopsync",
    description=_DESCRIPTION,
    sends=tuple(_sending(spec) for spec in TOPICS if any(spec in one.reads for one in _OTHERS)),
    receives=tuple(_receiving(spec) for spec in TOPICS if any(spec in one.writes for one in _OTHERS)),
)
