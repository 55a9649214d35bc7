"""Traces switched on in a test's own process, with their spans kept in memory."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shopsync_runtime import tracing, tracing_otlp


class RecordedTraces:
    """The spans that have ended so far."""

    def __init__(self, memory: InMemorySpanExporter) -> None:
        self._memory = memory

    def spans(self) -> list[Any]:
        """In the order in which they ended."""
        return list(self._memory.get_finished_spans())

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans() if span.name == name]


@contextlib.contextmanager
def recorded_traces(sampler: str = "parentbased_always_on") -> Iterator[RecordedTraces]:
    """Inside the block traces are on, and those are begun that the sampler wants."""
    memory = InMemorySpanExporter()
    replaced: Any = {
        "_LastWords": lambda: None,
        "OTLPSpanExporter": lambda: memory,
        "BatchSpanProcessor": SimpleSpanProcessor,
    }
    with mock.patch.multiple(tracing_otlp, **replaced), mock.patch.dict(os.environ, {"OTEL_TRACES_SAMPLER": sampler}):
        tracing.use_tracer(tracing_otlp.OtlpTracing("probe", "1.0", "probe-0"))
    try:
        yield RecordedTraces(memory)
    finally:
        tracing.use_tracer(None)


def ids(traceparent: str | None) -> tuple[str, str]:
    """Trace and span of a `traceparent`."""
    assert traceparent is not None
    _, trace, span, _ = traceparent.split("-")
    return trace, span


def ids_of(span: Any) -> tuple[str, str]:
    """Trace and span of a span."""
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"
