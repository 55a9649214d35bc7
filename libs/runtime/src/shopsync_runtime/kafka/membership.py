"""Static membership that notices a second process with the same instance id.

The last process to join with a `group.instance.id` gets the static membership, and aiokafka joins again when it loses
it. Two replicas with one id would take the membership from each other endlessly and silently. Here, the process that
lost it checks who has it, and waits until it is free.
"""

import asyncio
import re
from typing import Any, Protocol

import structlog
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError

from shopsync_runtime.kafka.admin import group_members
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 5.0
_UUID = r"[0-9a-f-]{36}"
# aiokafka has no class for the error FENCED_INSTANCE_ID.
_UNKNOWN = "UnknownError"


class FencingListener(Protocol):
    """Is told when another process has taken its membership."""

    def fenced(self, holder: str | None) -> None:
        """Another process, named by client id and address, has our instance id. None: the id is free again."""


class Place:
    """One consumer's static membership in its group, and who else claims it."""

    def __init__(
        self, connection: KafkaConnection, group: str, instance: str, fencing_listener: FencingListener
    ) -> None:
        self._connection = connection
        self._group = group
        self._names = re.compile(re.escape(instance) + "-" + _UUID)  # the broker's ids of a static member
        self._fencing_listener = fencing_listener
        self._member_id = ""
        self._was_refused = False
        self._is_outside = False

    def is_lost(self, member_id: str) -> bool:
        """Whether we lost the membership. A process that has just started takes its predecessor's without asking."""
        return self._was_refused or (bool(self._member_id) and not member_id)

    async def is_taken(self) -> bool:
        """Whether another process has it now. False if that cannot be found out."""
        try:
            members = await group_members(self._connection, self._group)
        except (KafkaError, OSError) as error:
            log.warning("cannot see who is in the group, joining it", group=self._group, error=error_text(error))
            return False
        holders = [
            f"{client} at {host}"
            for member, client, host in members
            if self._names.fullmatch(member) and member != self._member_id
        ]
        if holders and not self._is_outside:
            self._is_outside = True
            self._fencing_listener.fenced(holders[0])
        return bool(holders)

    def refused(self, error: KafkaError) -> None:
        """Note that the group refused us: another process joined with our id at the same time."""
        log.warning("refused by the group", group=self._group, error=error_text(error))
        self._was_refused = True

    def joined(self, member_id: str) -> None:
        """Note that we have the membership."""
        self._member_id, self._was_refused = member_id, False
        if self._is_outside:
            self._is_outside = False
            self._fencing_listener.fenced(None)


class StaticMember(GroupCoordinator):  # type: ignore[misc] # aiokafka is untyped
    """aiokafka's group coordinator, which checks for another holder before it joins again after a loss."""

    place: Place
    _performed_join_prepare: bool

    async def ensure_active_group(self, subscription: Any, prev_assignment: Any) -> Any:
        """Join the group. aiokafka calls this for each attempt, and again when it returns None."""
        if self.place.is_lost(self.member_id) and await self.place.is_taken():
            await self._wait_outside(prev_assignment)
            return None
        try:
            assignment = await super().ensure_active_group(subscription, prev_assignment)
        except KafkaError as error:
            if _UNKNOWN not in str(error):
                raise
            self.place.refused(error)
            self.reset_generation()
            return None
        if assignment is not None:
            self.place.joined(self.member_id)
        return assignment

    async def _wait_outside(self, prev_assignment: Any) -> None:
        if not self._performed_join_prepare:  # our partitions are the other process's now
            await self._on_join_prepare(prev_assignment)
            self._performed_join_prepare = True
        await asyncio.wait({self._closing}, timeout=_LOOK_SECONDS)
