"""Static membership that notices a second process with its name.

The broker gives a static member's place to whoever joins with its `group.instance.id` last, and aiokafka answers the
loss by joining again: two replicas with one name take the place from each other without end and without a word. Here
the one that lost its place looks who has it, and steps aside until it is free.
"""

import asyncio
import re
from typing import Any, Protocol

import structlog
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError

from shopsync_runtime.kafka.admin import group_members
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 5.0
_UUID = r"[0-9a-f-]{36}"
# FENCED_INSTANCE_ID is no error that aiokafka knows by name.
_UNKNOWN = "UnknownError"


class Outsider(Protocol):
    """Who is told that its place in the group is another's."""

    def fenced(self, holder: str | None) -> None:
        """Another process, described by its client id and address, has our name; None: the name is free again."""


class Place:
    """One consumer's place in its group, and who else claims it."""

    def __init__(self, bootstrap_servers: Any, group: str, instance: str, outsider: Outsider) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._group = group
        self._names = re.compile(re.escape(instance) + "-" + _UUID)  # the broker's ids of a static member
        self._outsider = outsider
        self._member_id = ""
        self._was_refused = False
        self._is_outside = False

    def is_lost(self, member_id: str) -> bool:
        """A process that has just started takes its predecessor's place without asking: the name is for that."""
        return self._was_refused or (bool(self._member_id) and not member_id)

    async def is_taken(self) -> bool:
        """Whether another process has it now. False when nobody can tell."""
        try:
            members = await group_members(self._bootstrap_servers, self._group)
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
            self._outsider.fenced(holders[0])
        return bool(holders)

    def refused(self, error: KafkaError) -> None:
        """The group did not let us in: somebody joined by our name at the same moment."""
        log.warning("refused by the group", group=self._group, error=error_text(error))
        self._was_refused = True

    def joined(self, member_id: str) -> None:
        """The place is ours."""
        self._member_id, self._was_refused = member_id, False
        if self._is_outside:
            self._is_outside = False
            self._outsider.fenced(None)


class StaticMember(GroupCoordinator):  # type: ignore[misc] # aiokafka is untyped
    """aiokafka's coordinator of a group, which looks before every joining that follows a loss of its place."""

    place: Place
    _performed_join_prepare: bool

    async def ensure_active_group(self, subscription: Any, prev_assignment: Any) -> Any:
        """Join; aiokafka calls it for each attempt, and again when it returns None."""
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
        if not self._performed_join_prepare:  # what we held is the other's now
            await self._on_join_prepare(prev_assignment)
            self._performed_join_prepare = True
        await asyncio.wait({self._closing}, timeout=_LOOK_SECONDS)
