"""Dead letters hold what nobody could read: whatever stands in one, what is kept of it can be stored."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import bson
import pytest

from console.live.knowledge import letter_of
from console.live.noting import refusal
from shopsync_runtime import deadletters as names

AT = datetime(2026, 11, 23, tzinfo=UTC)
HEADERS = {names.X_TOPIC: "shopsync.tool-edits.v1", names.X_ERROR: "no event"}
EVENT = {"id": "1", "subject": "demo/A-1", "type": "jp.shopsync.product.edited.v1"}


def refused(**members):
    return refusal("demo", json.dumps({**EVENT, **members}).encode(), HEADERS, AT, "shopsync")


def test_the_event_is_named():
    found = refused()
    assert (found.id, found.kind, found.product_no, found.at) == ("1", "product.edited", "A-1", AT)


@pytest.mark.parametrize("name", ["id", "subject", "type"])
@pytest.mark.parametrize("text", ["\ud800", "x" * 2_000_000, "商" * 500_000])
def test_two_hundred_of_them_fit_into_a_document(name, text):
    found = refused(**{name: f"demo/{text}"})
    assert len(bson.encode({"refusals": [asdict(found)] * 200})) < 2_000_000


@pytest.mark.parametrize("subject", ["other/A-1", "other", "", 5, None])
def test_one_that_names_another_shop_than_its_key_is_nobodys(subject):
    assert refused(subject=subject) is None


def test_an_id_that_no_event_may_have_is_not_kept_in_memory():
    assert letter_of(json.dumps({"id": "x" * 1024}).encode(), HEADERS) is not None
    assert letter_of(json.dumps({"id": "x" * 1025}).encode(), HEADERS) is None
