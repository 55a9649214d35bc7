"""Traces switched off cost and change nothing; switched on, each keeps to its product."""

import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.util.re import parse_env_headers
from prometheus_client import REGISTRY
from recorded_traces import ids, ids_of, recorded_traces
from structlog.testing import capture_logs

from shopsync_runtime import tracing_otlp
from shopsync_runtime.consuming.traced import traced
from shopsync_runtime.delivery import Delivery, RefusedDelivery
from shopsync_runtime.tracing import NO_SPAN, continuing, current_traceparent, is_sampled, product_span, span
from shopsync_runtime.tracing_settings import is_wanted, problems_with, sampling_in

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STAMP = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UNSAMPLED = PARENT[:-1] + "0"


@pytest.fixture
def kept():
    """Traces are on, and every one is kept."""
    with recorded_traces() as recorded:
        yield recorded


@pytest.fixture
def not_begun():
    """Traces are on, and none is begun here."""
    with recorded_traces("parentbased_always_off") as recorded:
        yield recorded


@pytest.fixture
def make_delivery(make_event, spec):
    """The message `number` of partition 0."""

    def make(number, traceparent=None, headers=()):
        event = make_event(number, traceparent)
        return Delivery(
            topic="p.push-commands.v1",
            partition=0,
            offset=number,
            timestamp=STAMP,
            key=event.key(),
            value=event.to_bytes(),
            headers=headers,
            spec=spec,
            parsed=event,
        )

    return make


# Switched off ------------------------------------------------------------------------------------------------


def test_a_service_without_traces_does_not_import_the_sdk():
    code = "import shopsync_runtime.service, sys; print([n for n in sys.modules if n.startswith('opentelemetry.sdk')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_off_a_span_is_the_same_nothing_every_time():
    assert span("a") is span("b", attributes={"x": 1}) is product_span("c") is NO_SPAN
    with continuing(PARENT), span("a") as made:
        made.note("x", 1)
        made.fail("Broken")
        assert current_traceparent() == PARENT, "a context that came in goes on"


def test_off_a_handler_is_left_as_it_is():
    async def handler(_batch):
        return []

    assert traced(handler, "g") is handler


# Spans -------------------------------------------------------------------------------------------------------


def test_a_span_is_beneath_its_parent_and_what_is_published_inside_beneath_the_span(kept):
    with span("outer", parent=PARENT, kind="client", attributes={"a": 1, "b": None}):
        inside = current_traceparent()
        with span("inner"):
            pass
    assert current_traceparent() is None
    inner, outer = kept.spans()
    assert ids(inside) == ids_of(outer)
    assert (ids_of(outer)[0], f"{outer.parent.span_id:016x}") == ids(PARENT)
    assert inner.parent.span_id == outer.context.span_id
    assert dict(outer.attributes) == {"a": 1}
    assert outer.resource.attributes["service.instance.id"] == "probe-0"


def test_a_failure_is_marked_and_goes_on(kept):
    with pytest.raises(ValueError, match="no"), span("a", parent=PARENT):
        raise ValueError("no")
    (made,) = kept.spans()
    assert not made.status.is_ok
    assert made.attributes["error.type"] == "ValueError"
    assert current_traceparent() is None


def test_only_what_may_begin_a_trace_does(kept):
    with span("call"):
        assert current_traceparent() is None
    with span("page", begins=True):
        assert is_sampled(current_traceparent())
    assert [made.name for made in kept.spans()] == ["page"]


def test_what_is_not_kept_costs_no_span_and_says_so_downstream(not_begun):
    with span("page", begins=True) as made, span("below"):
        assert made is NO_SPAN
        assert not is_sampled(current_traceparent())
        assert tracing_otlp.read(current_traceparent()) is not None, "a reader knows that this trace is not kept"
    with continuing(UNSAMPLED), span("below"):
        assert current_traceparent() == UNSAMPLED
    with span("below", parent=PARENT):
        pass
    assert [made.name for made in not_begun.spans()] == ["below"], "what its beginner keeps is kept"


def test_a_product_has_a_trace_of_its_own_linked_to_the_work_about_many(kept):
    with span("page", parent=PARENT):
        page = current_traceparent()
        with product_span("product.changed"):
            product = current_traceparent()
        with product_span("push.requested", goes_on=product):
            pass
    changed, requested, _ = kept.spans()
    assert ids(product)[0] != ids(page)[0]
    assert changed.parent is None
    assert f"{changed.links[0].context.span_id:016x}" == ids(page)[1]
    assert requested.parent.span_id == changed.context.span_id
    assert f"{requested.links[0].context.span_id:016x}" == ids(page)[1]


@pytest.mark.parametrize("broken", ["", "x", "00-1-2-01", PARENT.replace("0af7", "0AF7"), f"ff{PARENT[2:]}", "0" * 55])
def test_a_broken_context_is_none(kept, broken):
    assert tracing_otlp.read(broken) is None
    with continuing(broken), span("call"):
        pass
    assert kept.spans() == []


def test_a_later_version_of_the_header_is_read():
    assert tracing_otlp.read(f"01{PARENT[2:]}-more") is not None
    context: Any = tracing_otlp.read(PARENT)
    assert tracing_otlp.written(context) == PARENT


# Batches -----------------------------------------------------------------------------------------------------


def deliveries(make_delivery, *parents):
    return [make_delivery(number, traceparent=parent) for number, parent in enumerate(parents)]


async def test_only_sampled_messages_have_spans_and_the_batch_is_linked_to_them(not_begun, make_delivery):
    seen = []

    async def handler(batch):
        seen.extend(one.traceparent for one in batch)
        return []

    batch = deliveries(make_delivery, PARENT, None, UNSAMPLED, "broken")
    await traced(handler, "prefix.probe.g")(batch)
    message, whole = not_begun.spans()
    assert whole.name == "process batch prefix.probe.g"
    assert whole.attributes["messaging.batch.message_count"] == 4
    assert whole.parent is None
    assert [f"{link.context.span_id:016x}" for link in whole.links] == [ids(PARENT)[1]]
    assert [link.context.span_id for link in message.links] == [whole.context.span_id]
    assert f"{message.parent.span_id:016x}" == ids(PARENT)[1]
    assert message.attributes["messaging.kafka.offset"] == 0
    assert ids(seen[0]) == ids_of(message), "what follows is beneath the span"
    assert ids_of(message)[0] == ids(PARENT)[0]
    assert seen[1:] == [None, UNSAMPLED, "broken"]


async def test_a_batch_without_sampled_messages_has_no_span(not_begun, make_delivery):
    async def handler(_batch):
        return []

    await traced(handler, "g")(deliveries(make_delivery, None, UNSAMPLED))
    assert not_begun.spans() == []


async def test_refused_messages_and_batches_that_are_put_back_are_marked(kept, make_delivery):
    async def refuses(batch):
        return [RefusedDelivery(batch[1], ValueError("no"))]

    async def breaks(_batch):
        raise ConnectionError

    batch = deliveries(make_delivery, PARENT, PARENT)
    await traced(refuses, "g")(batch)
    assert [one.attributes.get("error.type") for one in kept.spans()] == [None, "ValueError", None]
    with pytest.raises(ConnectionError):
        await traced(breaks, "g")(batch)
    assert [one.attributes.get("error.type") for one in kept.spans()[3:]] == ["ConnectionError"] * 3


async def test_a_header_of_an_instrumented_client_counts_where_the_envelope_has_none(kept, make_delivery):
    own = make_delivery(1, traceparent=PARENT, headers=(("traceparent", UNSAMPLED.encode()),))
    other = make_delivery(2, headers=(("content-type", b"x"), ("traceparent", PARENT.encode())))
    assert (own.traceparent, other.traceparent) == (PARENT, PARENT)
    assert make_delivery(3, headers=(("traceparent", None),)).traceparent is None
    assert make_delivery(4, headers=(("traceparent", b"\xff" * 3),)).traceparent is None


# The collector -----------------------------------------------------------------------------------------------


def lost():
    return REGISTRY.get_sample_value("shopsync_trace_spans_total", {"outcome": "lost"}) or 0


def test_an_outage_of_the_collector_is_one_line(monkeypatch):
    results = [
        SpanExportResult.SUCCESS,
        *[SpanExportResult.FAILURE] * 3,
        ConnectionError("away"),
        *[SpanExportResult.SUCCESS] * 2,
    ]

    def export(_spans):
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        if result is SpanExportResult.FAILURE:
            for words in ("Transient error Connection refused", "Failed to export", "Failed to export"):
                logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter").warning(words)
        return result

    exporter: Any = SimpleNamespace(export=export)
    spans: Any = [object(), object()]
    watched = tracing_otlp._Watched(exporter, tracing_otlp._LastWords())
    before = lost()
    with capture_logs() as logs:
        while results:
            watched.export(spans)
    assert logs[0]["reason"] == "Transient error Connection refused; Failed to export"
    assert [(one["log_level"], one["event"]) for one in logs] == [
        ("warning", "traces are not taken, they are dropped until they are"),
        ("info", "traces are taken again"),
    ]
    assert lost() - before == 8


# Variables ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}),
        (
            {"OTEL_TRACES_SAMPLER_ARG": "0.5"},
            {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"},
        ),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, {"OTEL_TRACES_SAMPLER": "always_on"}),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
        ),
        (
            {"OTEL_TRACES_SAMPLER": " always_off\n", "OTEL_TRACES_SAMPLER_ARG": " "},
            {"OTEL_TRACES_SAMPLER": "always_off"},
        ),
        (
            {"OTEL_TRACES_SAMPLER": " ", "OTEL_TRACES_SAMPLER_ARG": " "},
            {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"},
        ),
    ],
)
def test_one_in_a_hundred_unless_a_sampler_is_named(variables, expected):
    assert sampling_in(variables) == expected
    tracing_otlp._sampler_of(expected)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OTEL_TRACES_EXPORTER", "console", "only otlp"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "always_on"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "from 0 to 1"),
        ("OTEL_TRACES_SAMPLER_ARG", "half", "from 0 to 1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "only http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318", "a URL is expected"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "a URL is expected"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:99999", "a URL is expected"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "a number of seconds"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file", "no such file"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip", "gzip"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "above zero"),
        ("OTEL_BSP_SCHEDULE_DELAY", "5s", "a whole number"),
    ],
)
def test_a_wrong_variable_is_named(name, value, words):
    (problem,) = problems_with({name: value})
    assert problem.startswith(f"{name}: ")
    assert words in problem
    assert repr(value) in problem


def test_a_password_in_the_address_is_not_repeated():
    (problem,) = problems_with({"OTEL_EXPORTER_OTLP_ENDPOINT": "me:s3cret@collector:4318"})
    assert problem.startswith("OTEL_EXPORTER_OTLP_ENDPOINT: a URL is expected")
    assert "s3cret" not in problem


@pytest.mark.parametrize("value", ["foo", "a=b,s3cret", "=s3cret", "a=s3cret;b"])
def test_headers_that_are_none_are_named_and_not_repeated(value):
    (problem,) = problems_with({"OTEL_EXPORTER_OTLP_HEADERS": value})
    assert problem.startswith("OTEL_EXPORTER_OTLP_HEADERS: NAME=VALUE is expected")
    assert "s3cret" not in problem


@pytest.mark.parametrize("value", ["a=b", "a=b, c = d%20e,", "authorization=Basic dXNlcjpw=="])
def test_headers_that_the_sdk_takes_are_no_problem(value):
    assert parse_env_headers(value, liberal=True)
    assert problems_with({"OTEL_EXPORTER_OTLP_TRACES_HEADERS": value}) == []


def test_a_queue_that_is_shorter_than_an_export_is_named():
    (problem,) = problems_with({"OTEL_BSP_MAX_QUEUE_SIZE": "100"})
    assert problem.startswith("OTEL_BSP_MAX_QUEUE_SIZE: 100 ")
    assert "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" in problem
    assert problems_with({"OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100"}) == []


def test_what_only_the_sdk_refuses_is_one_line():
    """It reads this one when it is imported."""
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SHOPSYNC_", "OTEL_"))},
        "SHOPSYNC_TRACES": "otlp",
        "SHOPSYNC_MONGO_URI": "mongodb://127.0.0.1:1",
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "many",
    }
    code = (
        "from shopsync_runtime import ServiceSettings\n"
        "from shopsync_runtime.service import run_service\n"
        "run_service('probe', ServiceSettings, lambda *_: None, default_http_port=0)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert (done.returncode, len(lines)) == (1, 1)
    assert lines[0].startswith("probe: cannot run: OpenTelemetry refuses its variables (OTEL_…): ")
    assert "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT" in lines[0]


@pytest.mark.parametrize(
    ("traces", "disabled", "wanted"),
    [
        ("off", "", False),
        ("otlp", "", True),
        ("otlp", "false", True),
        ("otlp", " True ", False),
        ("off", "true", False),
    ],
)
def test_open_telemetry_s_own_switch_counts(traces, disabled, wanted):
    assert is_wanted(traces, {"OTEL_SDK_DISABLED": disabled}) is wanted


def test_right_variables_are_no_problem(tmp_path):
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    variables = {
        "OTEL_TRACES_SAMPLER": "parentbased_always_on",
        "OTEL_TRACES_SAMPLER_ARG": "1",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example:4318",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2.5",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": str(tmp_path / "ca.pem"),
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=secret",
    }
    assert problems_with(variables) == []
    assert problems_with({"OTEL_TRACES_SAMPLER": " "}) == []
