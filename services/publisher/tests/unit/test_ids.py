"""Derived ids are those recorded here: an event or call sent again after an update must carry the id it had before."""

from types import SimpleNamespace
from typing import Any

import pytest

from publisher.content.seller_sku import seller_sku
from publisher.ids import derived_id
from publisher.pushing.refusals import failure_id

JOB: Any = SimpleNamespace(command_id="cmd-1", id="demo/A-100", attempts=2)


@pytest.mark.parametrize(
    ("made", "recorded"),
    [
        (derived_id("create", "demo/A-100", "cmd-1", 0), "814c2203-40f5-5cab-9319-774461b7a2a1"),
        (derived_id("cmd-1", "demo/A-100", 3, "created"), "8210d15b-3b63-5bc4-937c-2e5792337d5d"),
        (derived_id("cmd-1", "demo/A-100", 3, "unchanged"), "10b2942b-fde1-5b2b-bb54-c4da4d76755d"),
        (derived_id("cmd-1", "demo/A-100", 3, "rejected"), "d9b19d85-ae80-5ac5-b5bb-9cf02a6ad4e1"),
        (derived_id("cmd-1", "demo/A-100", 0, "skipped", "sync_disabled"), "49b06650-5bb8-53a5-9c63-eddffc7cbe8d"),
        (derived_id("review", "demo/商品-1", 3, "", "live", ""), "e75f7989-7fa3-580a-885e-ee4d31d19d47"),
        (
            derived_id("review", "demo/A-100", 3, "in_review abc", "rejected", "0123456789abcdef"),
            "596ddfb1-aef8-5b10-b742-484eb5eccdca",
        ),
        (failure_id(JOB, "not_ready"), "eb004710-c3d6-5c10-829e-871ab0d111ca"),
        (seller_sku("A-100", "M", "NV"), "A-100_M_NV"),
        (seller_sku("A_100", "赤", ""), "A100_75844ae5bc024d45"),
        (seller_sku("A" * 60, "M", "NV"), "A" * 33 + "_1b83509cb7bf1e56"),
    ],
)
def test_recorded_ids(made, recorded):
    assert made == recorded
