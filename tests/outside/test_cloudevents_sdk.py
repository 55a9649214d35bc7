"""CloudEvents' own SDK reads what we write, and we take what it writes in structured mode. Binary mode is refused."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from shopsync_contracts import CONTENT_TYPE, ContractError, EmptyValue, NotCloudEvent, NotJson, parse, topic_of
from shopsync_contracts.events import BODIES, SyncTargetSet
from shopsync_contracts.examples import example
from shopsync_contracts.topics import TOOL_EDITS
from shopsync_runtime.delivery import Undecodable, decode

PUBLISHING = (Path(__file__).resolve().parents[2] / "docs" / "publishing.md").read_text(encoding="utf-8")

every_type = pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)


def read_by_sdk(event) -> CloudEvent:
    message = KafkaMessage(headers={"content-type": CONTENT_TYPE.encode()}, key=event.key(), value=event.to_bytes())
    read = from_kafka_event(message)
    assert isinstance(read, CloudEvent)
    return read


def record(message, spec):
    """The message as it comes from Kafka."""
    headers = tuple((name, value) for name, value in message.headers.items())
    return SimpleNamespace(
        topic=spec.full_name("shopsync"),
        partition=0,
        offset=0,
        timestamp=0,
        key=None if message.key is None else message.key.encode(),
        value=message.value,
        headers=headers,
    )


@every_type
def test_the_sdk_reads_what_we_write(body):
    event = parse(example(body).encode())
    read = read_by_sdk(event)
    assert (read.get_id(), read.get_source(), read.get_type()) == (event.id, event.source, body.wire_type())
    assert (read.get_subject(), read.get_time()) == (event.subject, event.time)
    assert read.get_data() == json.loads(event.to_bytes())["data"]


@every_type
def test_we_take_what_the_sdk_writes_in_structured_mode(body):
    event = parse(example(body).encode())
    message = to_structured_event(read_by_sdk(event), key_mapper=lambda one: one.get_subject())
    delivery = decode(record(message, topic_of(body)), topic_of(body))
    assert not isinstance(delivery, Undecodable), delivery
    assert delivery.event == event


def test_a_trace_goes_through_the_sdk():
    document = {
        **json.loads(example(SyncTargetSet)),
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    event = parse(json.dumps(document).encode())
    message = to_structured_event(read_by_sdk(event))
    assert parse(message.value).traceparent == document["traceparent"]


def test_an_event_made_with_the_sdk_alone_is_taken():
    attributes = {"type": "jp.shopsync.sync_target.set.v1", "source": "/erp", "subject": "demo/A-100"}
    made = CloudEvent(
        {**attributes, "id": "erp-2", "specversion": "1.0", "time": parse(example(SyncTargetSet).encode()).time},
        {
            "shop_key": "demo",
            "product_no": "A-100",
            "sync_enabled": True,
        },
    )
    event = parse(to_structured_event(made).value)
    assert (event.id, event.data.sync_enabled) == ("erp-2", True)


@pytest.mark.parametrize(
    ("data", "refusal"), [({"shop_key": "demo"}, NotCloudEvent), ("in words", NotJson), (None, EmptyValue)]
)
def test_binary_mode_is_refused_and_the_reason_says_so(data, refusal):
    attributes = read_by_sdk(parse(example(SyncTargetSet).encode())).get_attributes()
    if isinstance(data, str):
        attributes = {**attributes, "datacontenttype": "text/plain"}
    message = to_binary_event(CloudEvent(attributes, data), key_mapper=lambda one: one.get_subject())
    assert "ce_type" in message.headers
    refused = decode(record(message, TOOL_EDITS), TOOL_EDITS)
    assert isinstance(refused, Undecodable)
    assert isinstance(refused.error, refusal)
    assert str(refused.error).endswith(
        "the attributes stand in headers (CloudEvents' binary mode): send the whole event as the value"
    )


def test_the_page_tells_what_every_refusal_means():
    told = set(re.findall(r"^\| `(\w+)` \|", PUBLISHING, re.MULTILINE))
    assert {one.__name__ for one in ContractError.__subclasses__()} <= told
    assert {"StampFromFuture", "UnknownProduct"} <= told
