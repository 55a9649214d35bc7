"""The trace of a push: from its command to TikTok's answers and the listing event."""

from recorded_traces import ids, ids_of, recorded_traces

from shopsync_sandbox.tiktok import Fault
from shopsync_testkit.polling import eventually

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def traces_of_events(world):
    return [event.get("traceparent") for event in world.producer.sent]


async def test_without_traces_the_events_of_a_push_go_on_with_its_command_s_trace(demo):
    await demo.store()
    await demo.push("A-100", traceparent=TRACE)
    assert traces_of_events(demo) == [TRACE]
    await demo.push("A-100")
    assert traces_of_events(demo) == [TRACE, None], "the next command had none"


async def test_a_review_belongs_to_the_trace_of_the_push_that_it_is_about(demo):
    await demo.store()
    await demo.push("A-100", traceparent=TRACE)
    (pushed,) = demo.events("push.succeeded")
    demo.sandbox.reviews.approve(demo.sandbox.world.product(pushed["tiktok_product_id"]))
    await eventually(lambda: demo.events("review.changed"))
    review = next(event for event in demo.producer.sent if event["type"].endswith("review.changed.v1"))
    assert review["traceparent"] == TRACE
    await demo.store(content={"name": "another name"}, content_version=2, version=2)
    await demo.push("A-100")
    assert "traceparent" not in await demo.listing(), "the next push had none"


async def test_every_call_of_a_push_is_a_span_with_tiktok_s_request_id(demo):
    await demo.store()
    with recorded_traces("parentbased_always_off") as traces:
        await demo.push("A-100", traceparent=TRACE)
        await demo.store("B-200")
        await demo.push("B-200")
    (push,) = traces.named("push")
    calls = [span for span in traces.spans() if span.name.startswith("TikTok ")]
    assert {"TikTok upload_image", "TikTok create_product"} <= {span.name for span in calls}
    assert {span.parent.span_id for span in calls} == {push.context.span_id}
    assert len({span.attributes["tiktok.request_id"] for span in calls}) == len(calls)
    assert (ids_of(push)[0], f"{push.parent.span_id:016x}") == ids(TRACE)
    assert push.attributes["shopsync.outcome"] == "finished"
    first, second = traces_of_events(demo)
    assert ids(first) == ids_of(push)
    assert second is None, "a push begins no trace"


async def test_a_call_that_fails_and_its_push_are_marked(demo):
    await demo.store()
    demo.sandbox.faults.add(Fault("error", operation="create*", times=1))
    with recorded_traces() as traces:
        await demo.push("A-100", traceparent=TRACE)
    failed = [span for span in traces.spans() if "error.type" in span.attributes]
    assert [span.name for span in failed][:2] == ["TikTok create_product", "push"]
    assert failed[0].attributes["error.type"] == failed[1].attributes["error.type"]
    outcomes = [span.attributes.get("shopsync.outcome") for span in traces.named("push")]
    assert (outcomes[0], outcomes[-1]) == (None, "finished"), "each attempt is a span of the same trace"


async def test_spans_hold_no_tokens_and_no_signatures(demo):
    await demo.store()
    with recorded_traces() as traces:
        await demo.push("A-100", traceparent=TRACE)
    text = " ".join(f"{value}" for span in traces.spans() for value in span.attributes.values())
    assert traces.spans()
    assert not [word for word in ("sign=", "access_token", demo.sandbox.identity.app_secret) if word in text]
