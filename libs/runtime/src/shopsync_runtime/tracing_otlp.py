"""Traces by OpenTelemetry's SDK, exported by OTLP over HTTP. Imported only where traces are switched on.

The SDK is large, which is why nothing else imports it. It reads where to from the OTEL_… variables. Spans are exported
by a thread of the SDK from a queue of bounded length: what does not fit is dropped, and nobody waits for the collector.
"""

import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Decision, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.trace import Span as SdkSpan
from opentelemetry.trace.propagation import set_span_in_context
from structlog.contextvars import bound_contextvars

from shopsync_runtime.metrics import TRACE_SPANS
from shopsync_runtime.tracing import NO_SPAN, Attributes, BatchSpans, Kind, Place, Span, TracedMessage, continuing
from shopsync_runtime.tracing_settings import SAMPLER, SAMPLER_ARG, sampling_in

log = structlog.get_logger(__name__)

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(-.*)?"
)
_KINDS: Mapping[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
    "producer": SpanKind.PRODUCER,
}
_LONGEST_TEXT = 300
_PARENT_BASED = "parentbased_"


class OtlpTracing:
    """The spans of a process, until `stop`."""

    def __init__(self, service: str, version: str, instance: str | None) -> None:
        own = {"service.namespace": "shopsync", "service.name": service, "service.version": version}
        if instance is not None:
            own["service.instance.id"] = instance
        # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes first.
        resource = Resource.create(own).merge(OTELResourceDetector().detect())
        # Which traces are kept is decided here, before a span is made; see `_wants`.
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Watched(OTLPSpanExporter(), _LastWords())))
        self._tracer = self._provider.get_tracer("shopsync", version)
        self._sampler = _sampler_of(sampling_in(os.environ))
        self._ids = RandomIdGenerator()

    def stop(self, within: float) -> None:
        """Export what is left, for at most `within` seconds."""
        # A thread of its own, because the interpreter waits for those of a pool when it ends.
        ending = threading.Thread(target=self._provider.shutdown, name="traces-ending", daemon=True)
        ending.start()
        ending.join(within)

    @contextmanager
    def span(
        self, name: str, *, kind: Kind, parent: str | None, begins: bool, links: Sequence[str], attributes: Attributes
    ) -> Iterator[Span]:
        """See `tracing.Tracer`."""
        above = read(parent)
        if above is None and not begins:
            yield NO_SPAN
        elif not self._wants(above):
            # So that nothing beneath it begins a trace of its own.
            with continuing(parent if above is not None else self._unsampled()):
                yield NO_SPAN
        else:
            contexts = [one for link in links if (one := read(link)) is not None]
            made = self._tracer.start_span(
                name, under(above), _KINDS[kind], _without_none(attributes), [Link(one) for one in contexts]
            )
            context = made.get_span_context()
            with _ending([made]), continuing(written(context)), bound_contextvars(trace_id=f"{context.trace_id:032x}"):
                yield _OtlpSpan(made)

    @contextmanager
    def batch(self, group: str, messages: Sequence[TracedMessage]) -> Iterator[BatchSpans]:
        """A span of each message that is sampled, in the message's own trace, and one of the batch if there are such.

        The batch's is in a trace of its own, since its messages belong to many. Both are linked.
        """
        chosen = [(one, above) for one in messages if self._wants(above := read(one.parent))]
        if not chosen:
            yield _Batch({})
            return
        whole = self._tracer.start_span(
            f"process batch {group}",
            Context(),
            SpanKind.CONSUMER,
            {
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.consumer.group.name": group,
                "messaging.batch.message_count": len(messages),
            },
            [Link(above) for _, above in chosen if above is not None],
        )
        links = [Link(whole.get_span_context())]
        made: dict[Place, SdkSpan] = {
            one.place: self._tracer.start_span(
                f"process {one.place[0]}",
                under(above),
                SpanKind.CONSUMER,
                {"messaging.consumer.group.name": group, **_without_none(one.attributes())},
                links,
            )
            for one, above in chosen
        }
        with _ending([*made.values(), whole]):
            yield _Batch(made)

    def _wants(self, above: SpanContext | None) -> bool:
        """Whether the trace is kept: as its beginner decided, or by the sampler where it begins here."""
        if above is not None and isinstance(self._sampler, ParentBased):
            return above.trace_flags.sampled
        trace_id = self._ids.generate_trace_id() if above is None else above.trace_id
        return self._sampler.should_sample(under(above), trace_id, "").decision is Decision.RECORD_AND_SAMPLE

    def _unsampled(self) -> str:
        """The context of a trace that is not kept."""
        return written(SpanContext(self._ids.generate_trace_id(), self._ids.generate_span_id(), is_remote=False))


class _OtlpSpan:
    def __init__(self, span: SdkSpan) -> None:
        self._span = span

    def note(self, name: str, value: str | float | None) -> None:
        if value is not None:
            self._span.set_attribute(name, value)

    def fail(self, error_type: str, text: str = "") -> None:
        _fail(self._span, error_type, text)


class _Batch:
    def __init__(self, spans: Mapping[Place, SdkSpan]) -> None:
        self._spans = spans
        self.contexts = {place: written(span.get_span_context()) for place, span in spans.items()}

    def fail(self, place: Place, error_type: str) -> None:
        if (span := self._spans.get(place)) is not None:
            _fail(span, error_type)


class _LastWords(logging.Filter):
    """Keeps what the libraries say of an export, and out of the log: they say it at every attempt."""

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        for library in ("opentelemetry", "urllib3"):
            logging.getLogger(library).setLevel(logging.CRITICAL)
        exporter = logging.getLogger(OTLPSpanExporter.__module__)
        exporter.setLevel(logging.WARNING)
        exporter.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        self._said.append(record.getMessage())
        return False

    def taken(self) -> str:
        """What was said since the last time, each once: the cause first."""
        said, self._said = self._said, []
        return "; ".join(dict.fromkeys(said))


class _Watched(SpanExporter):
    """Counts spans by what became of them, and logs when the collector stops answering and when it answers again."""

    def __init__(self, exporter: SpanExporter, words: _LastWords) -> None:
        self._exporter = exporter
        self._words = words
        self._is_down = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result, reason = self._exporter.export(spans), self._words.taken()
        except Exception as error:  # noqa: BLE001 - the SDK's thread must go on
            result, reason = SpanExportResult.FAILURE, f"{type(error).__name__}: {error}"
        is_down = result is not SpanExportResult.SUCCESS
        TRACE_SPANS.labels("lost" if is_down else "exported").inc(len(spans))
        if is_down and not self._is_down:
            log.warning("traces are not taken, they are dropped until they are", reason=reason[:_LONGEST_TEXT])
        elif self._is_down and not is_down:
            log.info("traces are taken again")
        self._is_down = is_down
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def read(traceparent: str | None) -> SpanContext | None:
    """The context in a W3C `traceparent`; None when there is none or it is broken."""
    match = None if traceparent is None else _TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return None
    context = SpanContext(
        int(match["trace"], 16), int(match["span"], 16), is_remote=True, trace_flags=TraceFlags(int(match["flags"], 16))
    )
    return context if context.is_valid else None


def written(context: SpanContext) -> str:
    """The W3C `traceparent` of a context."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"


def under(above: SpanContext | None) -> Context:
    """The SDK's context beneath this span; without one, where a trace begins."""
    return Context() if above is None else set_span_in_context(NonRecordingSpan(above), Context())


@contextmanager
def _ending(spans: Sequence[SdkSpan]) -> Iterator[None]:
    """Ends the spans with the block, failed when an exception leaves it."""
    try:
        yield
    except BaseException as error:
        for span in spans:
            _fail(span, type(error).__name__, str(error))
        raise
    finally:
        for span in spans:
            span.end()


def _fail(span: SdkSpan, error_type: str, text: str = "") -> None:
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR, text[:_LONGEST_TEXT] or error_type)


def _without_none(attributes: Attributes) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}


def _sampler_of(variables: Mapping[str, str]) -> Sampler:
    name = variables[SAMPLER].lower()
    plain: dict[str, Sampler] = {
        "always_on": ALWAYS_ON,
        "always_off": ALWAYS_OFF,
        "traceidratio": TraceIdRatioBased(float(variables.get(SAMPLER_ARG, "1"))),
    }
    root = plain[name.removeprefix(_PARENT_BASED)]
    return ParentBased(root) if name.startswith(_PARENT_BASED) else root
