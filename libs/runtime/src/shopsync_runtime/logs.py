"""Structured logs: one JSON object per line on stdout, including those of libraries."""

import logging
import logging.config
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from shopsync_runtime.repeats import Repeats
from shopsync_runtime.wording import written_out

# aiokafka logs every metadata refresh and reconnect at INFO, FastStream every task callback.
_QUIETER = {
    "aiokafka": logging.WARNING,
    "faststream": logging.ERROR,  # warns at every start that topics are not created automatically
    "uvicorn": logging.WARNING,
    "asyncio": logging.WARNING,
    "pymongo": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
}
# These log an outage once per second and connection; `outage` logs when it begins and ends.
_QUIETEST = {"aiokafka.conn": logging.ERROR, "aiokafka.consumer.subscription_state": logging.ERROR}


def configure_logging(level: str = "INFO", *, service: str) -> None:
    """Send structlog and the standard library's loggers to stdout as JSON. Idempotent.

    Unless the level is DEBUG, repeated lines of a library are written once a minute, with a count (`repeats`).
    Tracebacks are text without local variables, which may hold secrets. What a terminal would obey or hide is written
    out: JSON itself escapes only some of it.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_service(service),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
                _write_out,
            ],
        )
    )
    if level != "DEBUG":
        handler.addFilter(Repeats([*_QUIETER]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    faststream = logging.getLogger("faststream")  # has a handler of its own, in colour
    faststream.handlers, faststream.propagate = [], True
    for name, least in {**_QUIETER, **_QUIETEST}.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(True)


@contextmanager
def warnings_on_stderr() -> Iterator[None]:
    """For a command, whose stdout holds its result alone: our own warnings and errors go to stderr, each a JSON line.

    Without it structlog prints them to stdout. What was configured before is in force again afterwards.
    """
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            _write_out,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _write_out(_logger: Any, _method: str, line: Any) -> str:
    return written_out(line)


def _name_service(service: str) -> structlog.typing.Processor:
    def add(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.setdefault("service", service)
        return event

    return add
