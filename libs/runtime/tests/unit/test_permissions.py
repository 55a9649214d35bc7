"""How a cluster is asked what we may do there."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import CoordinatorNotAvailableError

from shopsync_contracts.access import Acl
from shopsync_runtime.kafka.permissions import inspect

_EVERYTHING = 0b111_1111_1111_1000


class FakeCluster:
    """Answers about topics from last to first. The group "elected" has no coordinator, others answer later."""

    def __init__(self, *, missing=()):
        self.missing = missing
        self.under_way = 0

    async def find_coordinator(self, group):
        if group == "elected":
            raise CoordinatorNotAvailableError
        return 1

    async def _send_request(self, request, node=None):
        if node is None:
            codes = [(3 if name in self.missing else 0, name) for name in reversed(request._topics)]
            return SimpleNamespace(topics=[(code, name, False, [], _EVERYTHING) for code, name in codes])
        self.under_way += 1
        await asyncio.sleep(0.01)
        self.under_way -= 1
        return SimpleNamespace(groups=[(0, "g", _EVERYTHING)])


def wanted(resource, *names):
    return [Acl(resource, name, "literal", "Read") for name in names]


async def test_nothing_is_asked_any_more_when_the_answer_is_an_error():
    """The client is closed then."""
    cluster = FakeCluster()
    with pytest.raises(CoordinatorNotAvailableError):
        await inspect(cluster, wanted("group", "elected", "other"))
    assert cluster.under_way == 0


async def test_missing_topics_are_told_in_the_order_in_which_they_were_asked_for():
    found = await inspect(FakeCluster(missing=("a", "c")), wanted("topic", "a", "b", "c"))
    assert (found.missing, found.lacking) == (["a", "c"], [])
