"""One trace from a product's change to TikTok's answer, over all services; and a collector that is away."""

from collections import Counter

import httpx
import pytest
from otlp_receiver import receiving
from promtool import PROGRAM, promtool

from shopsync_contracts.events import ImportRequested
from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.demo.stack import SHOP, Plan, running_on
from shopsync_rehearsals.demo.story import Story
from shopsync_rehearsals.installation import Installation
from shopsync_testkit.polling import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
PATIENCE = 120
CHAIN = [
    ("ingestor", "product.changed", "producer"),
    ("catalog", "process {}.product-changes.v1", "consumer"),
    ("catalog", "fold", "internal"),
    ("catalog", "push.requested", "producer"),
    ("publisher", "process {}.push-commands.v1", "consumer"),
    ("publisher", "push", "internal"),
    ("catalog", "process {}.listing-events.v1", "consumer"),
    ("catalog", "fold", "internal"),
]
"""Each is beneath the one before it, over three services and three topics."""


async def test_one_trace_from_the_change_to_the_listing_event(
    kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path, monkeypatch
):
    installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)
    async with receiving() as collector:
        for name, value in {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20t",
            "OTEL_TRACES_SAMPLER": "always_on",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        }.items():
            monkeypatch.setenv(name, value)
        plan = Plan(products=8, seed=3, review_seconds=0.1, settings={"SHOPSYNC_TRACES": "otlp"})
        async with (
            running_on(installation, plan, tmp_path) as stack,
            connected(kafka_bootstrap, topic_prefix, shop=SHOP) as (bus, follower),
        ):
            story = Story(stack, plan, bus, follower, progress=lambda *_: None, patience=PATIENCE)
            await story.open_shop()
            await story.import_products()
            await story.complete_and_switch_on()
            await story.sync("sync")
            product = min(story.choice.complete_and_on - story.beyond_tiktok)
            await _change_upstream(stack, product)
            edited = follower.pushes["edited"]
            await bus.publish([ImportRequested(shop_key=SHOP, mode="changed_only", then_sync=True)])
            await follower.until(lambda: follower.pushes["edited"] > edited, seconds=PATIENCE, what="the edit")

            path = await eventually(lambda: _path(collector, product, topic_prefix), what="the whole trace")
            _check_calls(collector, path)
            _check_batches(collector, path)
            assert collector.headers["authorization"] == "Bearer t"
            assert {one["service.namespace"] for one in collector.resources} == {"shopsync"}
            await _check_metrics(stack)
            log = [line for line in stack.services["publisher"].log_lines() if line.get("event") == "pushed"]
            assert path[0].trace in {line.get("trace_id") for line in log}, "the log leads to the trace"

            await _collector_goes_away(collector, story, stack)


async def _change_upstream(stack, product):
    async with stack.sandbox(stack.futureshop) as control:
        answer = await control.patch(f"/_sandbox/shops/{SHOP}/products/{product}", json={"name": "別の名前"})
        answer.raise_for_status()


def _path(collector, product, prefix):
    """The spans of CHAIN, each beneath the one before; None while one is missing."""
    for begin in [one for one in collector.spans if one.name == "product.changed"]:
        if begin.attributes["shopsync.product_no"] == product:
            spans, path = collector.of_trace(begin.trace), [begin]
            for service, name, kind in CHAIN[1:]:
                wanted = (service, name.format(prefix), kind, path[-1].id)
                below = [one for one in spans if (one.service, one.name, one.kind, one.parent) == wanted]
                if not below:
                    break
                path.append(below[0])
            if len(path) == len(CHAIN):
                return path
    return None


def _check_calls(collector, path):
    push = path[5]
    calls = [one for one in collector.of_trace(push.trace) if one.parent == push.id and one.kind == "client"]
    assert "TikTok edit_product" in {one.name for one in calls}
    assert all(one.attributes["tiktok.request_id"] for one in calls)
    assert {one.attributes["http.response.status_code"] for one in calls} == {200}
    assert push.attributes["shopsync.product_no"] == path[0].attributes["shopsync.product_no"]
    assert push.attributes["shopsync.outcome"] == "finished"


def _check_batches(collector, path):
    """The batch is in a trace of its own, with a link to its messages, and they have one to it."""
    message = path[1]
    ((trace, span),) = message.links
    (batch,) = [one for one in collector.spans if (one.trace, one.id) == (trace, span)]
    assert trace != message.trace
    assert (path[0].trace, path[0].id) in batch.links
    assert batch.name.startswith("process batch ")
    roots = Counter(one.trace for one in collector.spans if not one.parent)
    assert set(roots.values()) == {1}, "a trace begins once"


async def _check_metrics(stack):
    """What a service really shows follows Prometheus' conventions, where promtool is there to say so."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        for name, service in stack.services.items():
            text = (await client.get(f"{service.url}/metrics")).text
            exported = 'shopsync_trace_spans_total{outcome="exported"}'
            assert exported in text or name == "console", "nobody opens a page"
            assert "_created" not in text
            if PROGRAM.is_built:
                assert promtool()("check", "metrics", given=text) == "", service.name


async def _collector_goes_away(collector, story, stack):
    """Nothing is disturbed, and each service that had spans says so once."""
    collector.stop()
    await story.sync("sync again")

    def lines(name):
        return [one for one in stack.services[name].log_lines() if "traces are not taken" in one.get("event", "")]

    await eventually(lambda: lines("catalog") and lines("publisher"), what="the line of both services")
    await story.sync("and once more")
    assert [await service.terminate() for service in stack.services.values()] == [0, 0, 0, 0, 0]
    assert (len(lines("catalog")), len(lines("publisher"))) == (1, 1)
    assert lines("catalog")[0]["reason"], "the line says what the exporter says, in its own words"
    assert not [
        one for one in stack.services["catalog"].log_lines() if one.get("logger", "").startswith("opentelemetry")
    ]
