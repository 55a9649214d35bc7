"""Derived ids are those recorded here: an event sent again after an update must carry the id it had before."""

import pytest

from shopsync_contracts import bulk_edit_part_id
from shopsync_contracts.events import ProductEdited, SyncTargetSet


@pytest.mark.parametrize(
    ("cause", "recorded"),
    [
        (("evt-1", "A-100", ProductEdited), "47f417e6-3517-5571-a17d-6cfa92bdec96"),
        (("evt-1", "A-100", SyncTargetSet), "1b9d741e-638f-5c95-94aa-65a331c66dd8"),
    ],
)
def test_recorded_ids(cause, recorded):
    assert bulk_edit_part_id(*cause) == recorded
