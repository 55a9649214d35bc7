"""Apache Kafka's Maven artifacts, fetched once per machine into the cache folder."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

from shopsync_testkit import maven
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.cache import cache_folder

KAFKA_VERSION = "4.1.0"
_SCALA = "2.13"
SLF4J_VERSION = "1.7.36"
_JAVA_AT_LEAST = 17
_ARTIFACTS = (f"org.apache.kafka:kafka_{_SCALA}:{KAFKA_VERSION}", f"org.slf4j:slf4j-simple:{SLF4J_VERSION}")


def java() -> Path:
    """The java of JAVA_HOME, else of PATH. Raises Unavailable when there is none or it is too old."""
    home = os.environ.get("JAVA_HOME")
    at_home = Path(home) / "bin" / "java" if home else None
    found = str(at_home) if at_home is not None and at_home.exists() else shutil.which("java")
    if found is None:
        raise Unavailable(f"there is no java; install a JRE of version {_JAVA_AT_LEAST} or newer")
    version = java_version(found)
    if version < _JAVA_AT_LEAST:
        raise Unavailable(f"{found} is Java {version}; Kafka {KAFKA_VERSION} needs {_JAVA_AT_LEAST} or newer")
    return Path(found)


@functools.cache
def java_version(binary: str) -> int:
    """The major version that a java reports. Raises Unavailable when it does not run."""
    shown = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    match = re.search(r'version "(?:1\.)?(\d+)', shown.stderr + shown.stdout)
    if match is None:
        raise Unavailable(f"{binary} -version does not run: {(shown.stderr or shown.stdout).strip()}")
    return int(match.group(1))


def compiling_java() -> Path:
    """The java that also runs source files. Raises Unavailable where it is missing, or is a JRE without a compiler."""
    found = java()
    listed = subprocess.run([str(found), "--list-modules"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    if "jdk.compiler@" not in listed.stdout:
        raise Unavailable(f"{found} has no compiler; install a JDK")
    return found


def home() -> Path:
    """The cache folder of this Kafka version."""
    return cache_folder() / f"kafka_{_SCALA}-{KAFKA_VERSION}"


def libs() -> Path:
    """The folder with Kafka's jars. Maven resolves them when they are not there yet. Raises Unavailable."""
    return maven.fetched(f"Kafka {KAFKA_VERSION}", _ARTIFACTS, home())
