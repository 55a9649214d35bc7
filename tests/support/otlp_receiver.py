"""A collector for tests: takes OTLP over HTTP, as protobuf, and keeps the spans."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shopsync_testkit.polling import eventually


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it came over the wire; ids in hexadecimal."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: str
    is_error: bool
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]


@dataclass
class Receiver:
    """What came so far. `headers` are those of the last request."""

    url: str = ""
    spans: list[ReceivedSpan] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    stop: Callable[[], None] = lambda: None

    def of_trace(self, trace: str) -> list[ReceivedSpan]:
        return [span for span in self.spans if span.trace == trace]

    async def take(self, request: Request) -> Response:
        self.requests += 1
        self.headers = dict(request.headers)
        message = ExportTraceServiceRequest.FromString(await request.body())
        for group in message.resource_spans:
            resource = {one.key: _value(one.value) for one in group.resource.attributes}
            self.resources.append(resource)
            self.spans += [_read(resource, span) for scope in group.scope_spans for span in scope.spans]
        return Response(b"", media_type="application/x-protobuf")


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port, until the block ends."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/v1/traces", receiver.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started, what="the receiver of traces")
        receiver.stop = lambda: setattr(server, "should_exit", True)
        receiver.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield receiver
    finally:
        server.should_exit = True
        await task


def _read(resource: dict[str, Any], span: Any) -> ReceivedSpan:
    return ReceivedSpan(
        service=resource["service.name"],
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        kind=type(span).SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        is_error=span.status.code == 2,
        attributes={one.key: _value(one.value) for one in span.attributes},
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
    )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))
