"""A result of a push is taken when the catalog's own rules have taken it, in whatever order results come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.rules import push_results
from catalog.rules.model import Record, State, Upstream
from catalog.store.documents import layer_changes
from shopsync_contracts.events import PushFailed, PushSkipped, PushSucceeded
from shopsync_readmodel.stored.push_results import PushResult, is_taken

AT = datetime(2026, 11, 23, tzinfo=UTC)
RESULTS = st.lists(st.tuples(st.sampled_from(["succeeded", "failed", "skipped"]), st.integers(1, 4)), max_size=9)


def applied(record, event_id, kind, version):
    body = {"shop_key": "demo", "product_no": "A-1", "content_version": version}
    if kind == "succeeded":
        told = {**body, "action": "edited", "tiktok_product_id": "T1", "review": "in_review"}
        return push_results.push_succeeded(record, PushSucceeded.model_validate(told), event_id, AT)
    if kind == "failed":
        told = {**body, "status": "sync_error", "code": "1", "message": "no"}
        return push_results.push_failed(record, PushFailed.model_validate(told), event_id)
    skipped = PushSkipped(shop_key="demo", product_no="A-1", why="not_authorized")
    return push_results.push_skipped(record, skipped, event_id, version)


def document_of(record):
    empty = Record("demo", "A-1", record.upstream)
    layers = layer_changes(State(empty, None, None, {}), State(record, None, None, {}))
    return {**layers, "first_content_version": record.first_content_version, "born_after": record.born_after}


@given(results=RESULTS, first=st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_what_the_catalog_has_taken_or_ignored_is_taken_and_nothing_else(results, first):
    record = Record("demo", "A-1", Upstream({}, AT, AT), first_content_version=first)
    for number, (kind, version) in enumerate(results):
        event_id = f"result-{number}"
        result = PushResult(event_id, AT, kind, None if kind == "skipped" else version)
        after = applied(record, event_id, kind, version)
        is_ignored = after.listing == record.listing
        assert is_taken(result, document_of(record)) is is_ignored
        assert is_taken(result, document_of(after))
        record = after


@pytest.mark.parametrize(("minutes", "taken"), [(-1, True), (1, False)])
def test_a_result_of_an_earlier_product_of_that_number_is_waited_for_no_more(minutes, taken):
    result = PushResult("result", AT + timedelta(minutes=minutes), "skipped")
    assert is_taken(result, {"born_after": AT}) is taken
    assert is_taken(result, None)
