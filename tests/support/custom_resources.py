"""Definitions of the operators' kinds that the chart has objects of: from their own releases, at pinned versions."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.cache import cache_folder
from shopsync_testkit.maven import fetched


@dataclass(frozen=True, slots=True)
class Source:
    """A Go module that holds definitions. `digest` is what go.sum would say of it."""

    module: str
    version: str
    digest: str
    folder: str
    kinds: tuple[str, ...]


SOURCES = (
    Source(
        "github.com/kedacore/keda/v2",
        "v2.21.0",
        "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        "config/crd/bases",
        ("scaledobjects", "triggerauthentications"),
    ),
    Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        "example/prometheus-operator-crd",
        ("servicemonitors", "prometheusrules"),
    ),
)
STRIMZI = "0.50.0"
_STRIMZI_KINDS = ("io.strimzi.api.kafka.model.topic.KafkaTopic", "io.strimzi.api.kafka.model.user.KafkaUser")
_STRIMZI_VERSION = "v1"
_GENERATOR = Path(__file__).with_name("strimzi") / "Definitions.java"


def definitions() -> list[dict[str, Any]]:
    """All of them. Skips the test where Go, or Java and Maven, would have to fetch them and are not there."""
    return [*_of_modules(), *_of_strimzi()]


def _of_modules() -> list[dict[str, Any]]:
    go = shutil.which("go")
    if go is None:
        pytest.skip(
            "the definitions of KEDA and the Prometheus Operator come from their Go modules, and there is no Go"
        )
    return [one for source in SOURCES for one in _of_module(go, source)]


def _of_module(go: str, source: Source) -> Iterator[dict[str, Any]]:
    command = [go, "mod", "download", "-json", f"{source.module}@{source.version}"]
    done = subprocess.run(command, cwd=cache_folder(), capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    told = json.loads(done.stdout)
    if told["Sum"] != source.digest:
        pytest.fail(f"{source.module} {source.version} has the digest {told['Sum']}, not {source.digest}")
    for kind in source.kinds:
        (path,) = (Path(told["Dir"]) / source.folder).glob(f"*_{kind}.yaml")
        yield from _documents(path)


def _documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]


def _of_strimzi() -> list[dict[str, Any]]:
    java = shutil.which("java")
    if java is None:
        pytest.skip("Strimzi's definitions come out of its Java classes, and there is no Java")
    try:
        jars = fetched("Strimzi", [f"io.strimzi:api:{STRIMZI}"], cache_folder() / f"strimzi-{STRIMZI}")
    except Unavailable as error:
        pytest.skip(str(error))
    command = [java, "-cp", f"{jars}/*", str(_GENERATOR), _STRIMZI_VERSION, *_STRIMZI_KINDS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        pytest.fail(f"{_GENERATOR.name}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]
