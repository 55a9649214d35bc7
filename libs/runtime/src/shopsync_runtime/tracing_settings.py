"""Checks the OTEL_… variables that say where traces go and which are kept. OpenTelemetry's SDK reads them itself.

The SDK takes its default for a value that it does not understand, and says so in the log. A service says so and ends.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

SAMPLER, SAMPLER_ARG = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
DEFAULT_SAMPLER, DEFAULT_SHARE = "parentbased_traceidratio", "0.01"
"""One of a hundred traces, where nothing is said. OpenTelemetry's own default is every trace, which is one per product
in an import.
"""

_SAMPLERS = ("always_on", "always_off", "traceidratio")
_KNOWN_SAMPLERS = frozenset({*_SAMPLERS, *(f"parentbased_{name}" for name in _SAMPLERS)})
_HEADER = re.compile(r"[!#-'*+.0-9A-Z^-z|~-]+[ \t]*=[ \t]*[ !#-+\x2d-:<-\[\]-~]*")
_PROTOCOL = "http/protobuf"
_OTLP = ("OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_")
_FILES = ("CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY")
_COMPRESSIONS = frozenset({"none", "gzip", "deflate"})
_QUEUE, _BATCH = "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"
_SIZES = {_QUEUE: 2048, _BATCH: 512}
"""What the queue of spans and one export hold where nothing is said."""
_COUNTS = (_QUEUE, _BATCH, "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT")


def problems_with(environ: Mapping[str, str]) -> list[str]:
    """One sentence per variable that cannot be used."""
    checks: list[tuple[str, Callable[[str], str | None]]] = [
        ("OTEL_TRACES_EXPORTER", _exporter),
        (SAMPLER, _sampler),
        (SAMPLER_ARG, _share),
        *((f"{prefix}PROTOCOL", _protocol) for prefix in _OTLP),
        *((f"{prefix}ENDPOINT", _endpoint) for prefix in _OTLP),
        *((f"{prefix}TIMEOUT", _seconds) for prefix in _OTLP),
        *((f"{prefix}COMPRESSION", _compression) for prefix in _OTLP),
        *((f"{prefix}HEADERS", _headers) for prefix in _OTLP),
        *((f"{prefix}{name}", _file) for prefix in _OTLP for name in _FILES),
        *((name, _count) for name in _COUNTS),
    ]
    return list(_problems(checks, environ)) or list(_queue_problems(environ))


def is_wanted(traces: str, environ: Mapping[str, str]) -> bool:
    """Whether spans are made: by SHOPSYNC_TRACES, unless OpenTelemetry's own switch is set."""
    return traces != "off" and environ.get("OTEL_SDK_DISABLED", "").strip().lower() != "true"


def sampling_in(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the sampler: those that are set, else our defaults. Blanks around a value do not count."""
    given = {name: value for name in (SAMPLER, SAMPLER_ARG) if (value := environ.get(name, "").strip())}
    return given if SAMPLER in given else {SAMPLER: DEFAULT_SAMPLER, SAMPLER_ARG: DEFAULT_SHARE, **given}


def _problems(checks: list[tuple[str, Callable[[str], str | None]]], environ: Mapping[str, str]) -> Iterable[str]:
    for name, check in checks:
        value = environ.get(name, "").strip()
        if value and (problem := check(value)) is not None:
            # The address of a collector may hold a password, and headers are there for tokens.
            is_secret = "@" in value or name.endswith("HEADERS")
            yield f"{name}: {problem}" + ("" if is_secret else f" (is {value!r:.80})")


def _queue_problems(environ: Mapping[str, str]) -> Iterable[str]:
    queue, batch = (int(environ.get(name, "").strip() or default) for name, default in _SIZES.items())
    if batch > queue:
        yield f"{_QUEUE}: {queue} spans are fewer than one export takes: set {_BATCH} too (is {batch})"


def _exporter(value: str) -> str | None:
    return None if value == "otlp" else "only otlp is built in; SHOPSYNC_TRACES=off exports nothing"


def _sampler(value: str) -> str | None:
    return None if value.lower() in _KNOWN_SAMPLERS else f"one of {', '.join(sorted(_KNOWN_SAMPLERS))} is expected"


def _share(value: str) -> str | None:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    return None if 0 <= share <= 1 else "a share from 0 to 1 is expected, such as 0.01"


def _protocol(value: str) -> str | None:
    return None if value == _PROTOCOL else f"only {_PROTOCOL} is spoken"


def _endpoint(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    return None if usable else "a URL is expected, such as http://collector:4318"


def _seconds(value: str) -> str | None:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    return None if seconds > 0 else "a number of seconds above zero is expected"


def _compression(value: str) -> str | None:
    return None if value.lower() in _COMPRESSIONS else f"one of {', '.join(sorted(_COMPRESSIONS))} is expected"


def _headers(value: str) -> str | None:
    """As the SDK reads them: it leaves out what it does not understand."""
    given = [one.strip() for one in value.split(",") if one.strip()]
    if all(_HEADER.fullmatch(one) for one in given):
        return None
    return "NAME=VALUE is expected, with commas between several and values percent-encoded, such as x-token=a%2Cb"


def _count(value: str) -> str | None:
    try:
        count = int(value)
    except ValueError:
        count = 0
    return None if count > 0 else "a whole number above zero is expected"


def _file(value: str) -> str | None:
    return None if Path(value).is_file() else "there is no such file"
