"""What a broker may lack: the names used by `Broker.lacks`.

The list holds what shopsync or its tests rely on. Apache Kafka lacks none of it. The tests of this package have a probe
for every name, and compare each backend's list with what its broker really does.
"""

from collections.abc import Mapping
from types import MappingProxyType

CAPABILITIES: Mapping[str, str] = MappingProxyType(
    {
        "restart": "can be stopped, killed and started again from here",
        "restart-durability": "records and committed offsets are there again after an orderly restart",
        "crash-durability": "acknowledged records and committed offsets are there again after SIGKILL",
        "declared-topics-only": "refuses records for a topic that nobody created",
        "idempotent-producer": "accepts enable_idempotence",
        "transactions": "aborted records are hidden from read_committed readers",
        "static-membership": "a member that returns under its group.instance.id causes no rebalance",
        "session-expiry": "a member that dies without leaving is taken out of its group",
        "commit-in-rebalance": "takes a member's commit while a rebalance waits for it to join again",
        "short-sessions": "accepts session timeouts below 6 s",
        "zombie-fencing": "refuses commits of a member that is no longer in the group",
        "group-offsets": "commits and lists the offsets of a group, with metadata, also from outside the group",
        "describe-groups": "lists and describes consumer groups",
        "topic-configs": "keeps, describes, alters and checks topic settings",
        "create-partitions": "adds partitions to a topic",
        "delete-topics": "deletes topics with their records",
        "delete-records": "cuts a log at an offset",
        "compaction": "keeps only the latest record per key where cleanup.policy is compact",
        "null-bytes": "keeps null values (tombstones) and null header values apart from empty ones",
        "compression": "stores gzip, lz4, snappy and zstd batches",
        "time-index": "finds offsets by time and stamps LogAppendTime",
        "size-limit": "refuses records above max.message.bytes",
    }
)
