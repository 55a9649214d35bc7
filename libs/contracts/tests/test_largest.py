"""The largest message that a schema allows fits its topic."""

import pytest

from shopsync_contracts import topic_of
from shopsync_contracts.events import (
    BODIES,
    ProductChanged,
    ProductEdited,
    ProductsBulkEdited,
    ProductSnapshot,
    PushSucceeded,
    SyncRequested,
)
from shopsync_contracts.schemas import schema_of
from shopsync_contracts.testing import resolve

ROOM = 16 * 1024  # key, headers, the batch around the record

# Limited by the size of the message, which is checked when it is read. The catalog tests the snapshot.
BY_SIZE = {ProductChanged, ProductEdited, ProductsBulkEdited, SyncRequested, ProductSnapshot}
MADE_BY_US = [body for body in BODIES if body not in BY_SIZE]

ESCAPED = 6  # bytes of a control character in JSON, the widest of all


def largest(node, definitions):
    """Bytes of the largest JSON that the schema allows, without white space."""
    node = resolve(node, definitions)
    if "anyOf" in node:
        return max(largest(option, definitions) for option in node["anyOf"])
    if "const" in node or "enum" in node:
        return max(len(str(value)) for value in node.get("enum", [node.get("const")])) + 2
    match node["type"]:
        case "object":
            return 2 + sum(len(name) + 4 + largest(one, definitions) for name, one in node["properties"].items())
        case "array":
            return 2 + node.get("maxItems", node.get("x-kept")) * (1 + largest(node["items"], definitions))
        case "string":
            return 2 + ESCAPED * node.get("maxLength", node.get("x-kept"))
        case "integer":
            return len(str(node["maximum"])) + 1
        case "number":
            return 25
    return len("false")


@pytest.mark.parametrize("body", MADE_BY_US, ids=lambda body: body.TYPE)
def test_every_message_that_we_make_fits_its_topic(body):
    schema = schema_of(body)
    assert largest(schema, schema["$defs"]) + ROOM <= topic_of(body).max_message_bytes


def test_the_worst_case_is_no_underestimate():
    made = PushSucceeded.model_validate(
        {
            "shop_key": "\x01" * 32,
            "product_no": "\x01" * 32,
            "content_version": 2**53 - 1,
            "action": "unchanged",
            "tiktok_product_id": "\x01" * 128,
            "skus": [
                {
                    "vertical_no": "\x01" * 9,
                    "horizontal_no": "\x01" * 9,
                    "tiktok_sku_id": "\x01" * 128,
                    "stock_sent": 10**8,
                }
            ]
            * 400,
            "review": "in_review",
            "warnings": ["\x01" * 2_000] * 50,
        },
        strict=False,
    )
    schema = schema_of(PushSucceeded)
    body = largest(schema["properties"]["data"], schema["$defs"])
    assert 0.99 * body < len(made.model_dump_json()) <= body
