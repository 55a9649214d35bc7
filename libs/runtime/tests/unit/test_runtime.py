import json

import pytest

from shopsync_contracts.events import ProductChanged
from shopsync_contracts.topics import PRODUCT_CHANGES, PUSH_COMMANDS, TOOL_EDITS
from shopsync_runtime import CommonSettings, Runtime, SettingsError
from shopsync_runtime.lifecycle import stop


@pytest.fixture
def runtime():
    return Runtime("catalog", CommonSettings(kafka_bootstrap_servers="broker:9092", mongo_uri="mongodb://db"))


async def take_all(_batch):
    """Folds what it is told."""
    return []


def test_the_app_describes_its_messages(runtime):
    runtime.consume("products", [PRODUCT_CHANGES, TOOL_EDITS], take_all)
    document = json.loads(runtime.app.schema.to_specification().to_json())
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == {"shopsync.product-changes.v1", "shopsync.tool-edits.v1"}
    assert "Event_ProductChanged_" in document["components"]["schemas"]
    assert "Folds what it is told." in json.dumps(document)


async def test_a_service_whose_client_of_mongodb_cannot_be_made_ends_in_one_line():
    """Files that a connection string of this kind names are only looked for when the client is made."""
    uri = "mongodb+srv://catalog:s3cret@db.example.com/?tlsCAFile=/nowhere/ca.pem"
    runtime = Runtime("catalog", CommonSettings(kafka_bootstrap_servers="broker:9092", mongo_uri=uri))
    with pytest.raises(SettingsError, match=r"^SHOPSYNC_MONGO_URI, .* cannot be read: No such file or directory$"):
        _ = runtime.mongo
    assert await stop(runtime, None), "to stop needs no client either"


def test_a_name_is_used_once(runtime):
    async def run():
        pass

    runtime.consume("products", [PRODUCT_CHANGES], take_all)
    with pytest.raises(ValueError, match="'products' is declared twice"):
        runtime.consume("products", [TOOL_EDITS], take_all)
    runtime.background("worker", run)
    with pytest.raises(ValueError, match="'worker' is declared twice"):
        runtime.background("worker", run)


def test_the_subscriber_is_set_up_as_the_streaming_rules_say(runtime):
    runtime.consume("products", [PRODUCT_CHANGES], take_all, max_records=7)
    [subscriber] = runtime.app.broker.subscribers
    options = subscriber._connection_args
    assert subscriber.group_id == "shopsync.catalog.products"
    assert subscriber.max_records == 7
    assert options["enable_auto_commit"] is False
    assert options["auto_offset_reset"] == "none"
    assert options["isolation_level"] == "read_committed"
    assert options["session_timeout_ms"] == 30_000
    assert options["heartbeat_interval_ms"] <= options["session_timeout_ms"] / 3
    assert options["rebalance_timeout_ms"] > runtime.subscriptions[0]._revoke_timeout * 1_000
    assert runtime.app.broker.config.broker_config.allow_auto_create_topics is False


def test_replicas_with_a_name_are_static_members():
    common = CommonSettings(kafka_bootstrap_servers="b:1", mongo_uri="mongodb://db", instance_id="catalog-0")
    runtime = Runtime("catalog", common)
    runtime.consume("products", [PRODUCT_CHANGES], take_all)
    [subscriber] = runtime.app.broker.subscribers
    assert subscriber._connection_args["group_instance_id"] == "catalog-0-products"


async def test_once_something_is_declared_nothing_else_is_published(runtime, make_event):
    runtime.publishes(ProductChanged)
    with pytest.raises(
        ValueError, match=r"catalog does not declare that it publishes jp\.shopsync\.push\.requested\.v1"
    ):
        await runtime.events.publish(PUSH_COMMANDS, make_event(1))


async def test_an_event_goes_only_where_it_belongs(runtime, make_event):
    with pytest.raises(ValueError, match=r"jp\.shopsync\.push\.requested\.v1 does not belong on tool-edits\.v1"):
        await runtime.events.publish(TOOL_EDITS, make_event(1))
