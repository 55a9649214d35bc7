"""The month's watch holds the pipeline for busy as long as a push is on its way."""

import pytest

from shopsync_rehearsals.month.compare import differences
from shopsync_rehearsals.month.operations import Kind, Operation
from shopsync_sandbox.tiktok import Fault

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


async def test_a_push_that_waits_for_its_next_attempt_is_not_over(month):
    """A create without an answer is not repeated before TikTok must have shown it. On a busy machine that happens."""
    async with month(seed=1) as one:
        await one._open()
        one._world.tiktok.faults.add(Fault("drop", operation="create_product*", times=3))
        await one._do(Operation(Kind.SYNC, args={"product_nos": None}))
        assert one._model.listings()
        assert await differences(one._world, one._model) == []
