"""Runs a service process: settings, start, run, stop, exit code."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib.metadata import version
from typing import Any, TypeVar

import structlog
from aiokafka.errors import KafkaError
from pydantic_settings import BaseSettings
from pymongo.errors import PyMongoError

from shopsync_runtime.cancelling import stop as cancel
from shopsync_runtime.collector import tune_collector
from shopsync_runtime.errors import OperationalError, SettingsError
from shopsync_runtime.http_server import HttpServer, make_http_app
from shopsync_runtime.lifecycle import start, stop
from shopsync_runtime.logs import configure_logging
from shopsync_runtime.loops import new_event_loop
from shopsync_runtime.phases import Phases
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.samples import outside_the_sandbox
from shopsync_runtime.settings import CommonSettings, ServiceSettings
from shopsync_runtime.settings_help import config_text, help_text
from shopsync_runtime.settings_loading import common_settings_with, load_settings, unknown_variables
from shopsync_runtime.startup import wait_for_dependencies
from shopsync_runtime.tracing import use_tracer
from shopsync_runtime.tracing_settings import is_wanted, problems_with
from shopsync_runtime.watchdog import Watchdog
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=ServiceSettings)
B = TypeVar("B", bound=BaseSettings)
Build = Callable[[Runtime, S], None]

_LAST_TRACES_SECONDS = 3.0

EXIT_FAILED = 1
EXIT_SETTINGS = 2


def run_service(name: str, settings_class: type[S], build: Build[S], *, default_http_port: int) -> None:
    """Run until SIGTERM or SIGINT, then call `sys.exit`.

    Exit codes: 0 stopped by a signal, with the batch in flight finished and committed; 1 could not start or stop
    cleanly, with one line on stderr that says why; 2 wrong settings, with one line that names each variable; 70 blocked
    event loop. A second signal ends the process at once.
    """
    phases = Phases()
    phases.ended("imports")
    common_class = common_settings_with(default_http_port)
    arguments = sys.argv[1:]
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(help_text(name, [common_class, settings_class]) + "\n")
        sys.exit(0)
    if "--version" in arguments:
        sys.stdout.write(f"{name} {version('shopsync-runtime')}\n")
        sys.exit(0)
    common, settings = _settings(name, common_class, settings_class, arguments)
    configure_logging(common.log_level, service=name)
    for sentence in _unknown_variables(common, settings):
        log.warning("unknown variable", problem=sentence)
    phases.ended("settings")
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        code = runner.run(_run(name, common, lambda runtime: build(runtime, settings), phases))
        # The runner would wait for every task on exit, even for one that cannot be cancelled.
        if asyncio.all_tasks(runner.get_loop()):
            logging.shutdown()
            os._exit(code)
    sys.exit(code)


def _settings(
    name: str, common_class: type[CommonSettings], settings_class: type[S], arguments: Sequence[str]
) -> tuple[CommonSettings, S]:
    for argument in arguments:
        if argument != "--print-config":
            _print_error(name, f"unknown argument {argument!r}; see --help")
            sys.exit(EXIT_SETTINGS)
    try:
        common, settings = _load_both(common_class, settings_class)
    except SettingsError as error:
        _print_error(name, str(error))
        sys.exit(EXIT_SETTINGS)
    if arguments:
        sys.stdout.write(config_text([common, settings]) + "\n")
        sys.exit(0)
    return common, settings


def _load_both(common_class: type[CommonSettings], settings_class: type[S]) -> tuple[CommonSettings, S]:
    problems: list[str] = []
    common, settings = _load(common_class, problems), _load(settings_class, problems)
    if common is None or settings is None:
        unknown = unknown_variables([common_class, settings_class])
        # Without settings it is not known which other variables are read, so only likely misspellings are reported.
        raise SettingsError("; ".join([*problems, *(one for one in unknown if "did you mean" in one)]))
    if common.unknown_variables == "refuse" and (unknown := _unknown_variables(common, settings)):
        raise SettingsError("; ".join(unknown))
    if is_wanted(common.traces, os.environ) and (problems := problems_with(os.environ)):
        raise SettingsError("; ".join(problems))
    if problems := outside_the_sandbox(common, settings):
        raise SettingsError("; ".join(problems))
    return common, settings


def _load(cls: type[B], problems: list[str]) -> B | None:
    try:
        return load_settings(cls)
    except SettingsError as error:
        problems.append(str(error))
        return None


def _unknown_variables(common: CommonSettings, settings: ServiceSettings) -> list[str]:
    return unknown_variables([type(common), type(settings)], also_read=settings.variables_read_elsewhere())


def _print_error(name: str, text: str) -> None:
    sys.stderr.write(f"{name}: {' '.join(text.split())}\n")


async def _run(name: str, common: CommonSettings, build: Callable[[Runtime], None], phases: Phases) -> int:
    stopping = _stop_on_signals()
    watchdog = _watchdog(common)
    runtime = Runtime(name, common, phases=phases)
    http: HttpServer | None = None
    stop_traces = _no_traces
    code = 0
    try:
        stop_traces = _start_traces(name, common)
        build(runtime)
        tune_collector()
        http = HttpServer(
            make_http_app(
                livez=runtime.livez,
                readyz=runtime.readyz,
                routes=runtime.routes,
                is_started=lambda: runtime.state == "running",
            ),
            host=common.http_host,
            port=common.http_port,
        )
        await http.start()
        runtime.phases.ended("build")
        if await _until(stopping, _start(runtime)):
            log.info(
                "started",
                subscriptions=[one.group for one in runtime.subscriptions],
                after_s=runtime.phases.total,
                seconds=runtime.phases.seconds,
            )
            await stopping.wait()
    except (OperationalError, KafkaError, PyMongoError, OSError) as error:
        code = EXIT_FAILED
        log.critical("cannot run", error=str(error), error_type=type(error).__name__)
        _print_error(name, f"cannot run: {error_text(error)}")
    except Exception as error:
        code = EXIT_FAILED
        log.exception("cannot run, this is a bug")
        _print_error(name, f"cannot run: {type(error).__name__}: {error}")
    log.info("stopping")
    if not await stop(runtime, http):
        code = EXIT_FAILED
    await asyncio.to_thread(stop_traces)
    if watchdog is not None:
        watchdog.stop()
    log.info("stopped", exit_code=code)
    return code


async def _start(runtime: Runtime) -> None:
    await wait_for_dependencies(runtime)
    runtime.phases.ended("dependencies")
    await start(runtime)


async def _until(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work unless a signal comes first. Returns whether it was done. Raises what the work raises."""
    task = asyncio.create_task(work)
    signalled = asyncio.create_task(stopping.wait())
    await asyncio.wait({task, signalled}, return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    if not task.done():
        await cancel(task)
        if task.cancelled():
            return False
    task.result()
    return True


def _stop_on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def received(number: signal.Signals) -> None:
        if stopping.is_set():
            os._exit(128 + number)
        log.info("signal received", signal=number.name)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received, number)
    return stopping


def _start_traces(name: str, common: CommonSettings) -> Callable[[], None]:
    """Switch traces on if they are wanted. Returns what exports the last ones, within bounds.

    Raises SettingsError for variables that only the SDK knows, some of which it reads when it is imported.
    """
    if not is_wanted(common.traces, os.environ):
        return _no_traces
    try:
        from shopsync_runtime.tracing_otlp import OtlpTracing  # noqa: PLC0415 - the SDK takes time and memory

        tracing = OtlpTracing(name, version("shopsync-runtime"), common.instance_id)
    except (ValueError, RuntimeError) as error:
        raise SettingsError(f"OpenTelemetry refuses its variables (OTEL_…): {error}") from None
    use_tracer(tracing)
    return lambda: tracing.stop(_LAST_TRACES_SECONDS)


def _no_traces() -> None:
    """In place of exporting the last ones."""


def _watchdog(common: CommonSettings) -> Watchdog | None:
    timeout = common.watchdog_timeout.total_seconds()
    if timeout <= 0:
        return None
    watchdog = Watchdog(asyncio.get_running_loop(), timeout)
    watchdog.start()
    return watchdog
