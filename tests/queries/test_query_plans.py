"""The plugin that has every query explained notices what it should."""

import ast
import asyncio

import pytest
from query_exceptions import READ_AS_A_WHOLE
from query_plans import Plans, reads_everything
from query_recorder import Query, calls, senders_in_the_sources

IN_ORDER = {"filter": {}, "sort": {"held_at": 1, "_id": 1}}


def after_one(stage):
    """An aggregation that looks for one document by its id, and then does this."""
    return {"aggregate": "shops", "pipeline": [{"$match": {"_id": "a"}}, stage], "cursor": {}}


def joined_by(field):
    """A join with the products."""
    return after_one({"$lookup": {"from": "products", "localField": "_id", "foreignField": field, "as": "one"}})


@pytest.mark.parametrize(
    ("command", "everything"),
    [
        ({"find": "products", "filter": {"content.name": "x"}}, True),
        ({"find": "products", "filter": {"shop_key": "demo", "status": "on_sale"}}, False),
        ({"find": "products", "filter": {"_id": {"$in": ["demo/A"]}}}, False),
        ({"find": "held_messages", **IN_ORDER}, True),
        ({"find": "held_messages", **IN_ORDER, "limit": 5}, False),
        ({"find": "nobody_has_an_index", "filter": {"x": 1}}, True),
        (after_one({"$unionWith": {"coll": "products", "pipeline": [{"$match": {"x": 1}}]}}), True),
        (after_one({"$unionWith": {"coll": "products", "pipeline": [{"$match": {"_id": 1}}]}}), False),
        (joined_by("_id"), False),
        (joined_by("x"), True),
        ({"update": "products", "updates": [{"q": {"x": 1}, "u": {"$set": {"y": 1}}}]}, True),
        ({"update": "products", "updates": [{"q": {"_id": "a", "x": 1}, "u": {"$set": {"y": 1}}}]}, False),
        ({"delete": "products", "deletes": [{"q": {"x": 1}, "limit": 0}]}, True),
        ({"findAndModify": "push_jobs", "query": {"shop_key": "a"}, "sort": {"due_at": 1}, "remove": True}, False),
    ],
)
async def test_whole_collections_and_whole_indexes_are_noticed(mongo_client, command, everything):
    plans, server = Plans(), await mongo_client.address
    try:
        query = Query("a test", next(iter(command.values())), command, server)
        plan = await asyncio.to_thread(plans.explain, query)
    finally:
        await asyncio.to_thread(plans.drop)
    assert reads_everything(plan, limited="limit" in command) is everything


def test_calls_are_found_with_the_function_they_are_in():
    text = """
class Store:
    async def get(self):
        async def inner():
            return [one async for one in self._products.find({})]
        return await self._products.find_one({})
"""
    assert set(calls(ast.parse(text), "")) == {("Store.get.inner", "find"), ("Store.get", "find_one")}


def test_every_exception_names_a_function_of_the_sources_and_a_reason():
    known = senders_in_the_sources()
    named = {sender for sender, _ in READ_AS_A_WHOLE}
    assert named - known.keys() - {"libs/readmodel/src/shopsync_readmodel/permitted.py:if_allowed"} == set()
    assert all(READ_AS_A_WHOLE.values())
