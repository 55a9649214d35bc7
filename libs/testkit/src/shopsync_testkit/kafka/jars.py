"""Apache Kafka's Maven artifacts, fetched once per machine into the cache folder."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.cache import cache_folder, locked

KAFKA_VERSION = "4.1.0"
_SCALA = "2.13"
_SLF4J_VERSION = "1.7.36"
_JAVA_AT_LEAST = 17
_MAVEN_SECONDS = 300  # 43 MB of jars, once
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>jp.shopsync</groupId><artifactId>sandbox-kafka</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_{_SCALA}</artifactId><version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{_SLF4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


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


def java_version(binary: str) -> int:
    """The major version that a java reports. Raises Unavailable when it does not run."""
    shown = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    match = re.search(r'version "(?:1\.)?(\d+)', shown.stderr + shown.stdout)
    if match is None:
        raise Unavailable(f"{binary} -version does not run: {(shown.stderr or shown.stdout).strip()}")
    return int(match.group(1))


def home() -> Path:
    """The cache folder of this Kafka version."""
    return cache_folder() / f"kafka_{_SCALA}-{KAFKA_VERSION}"


def libs() -> Path:
    """The folder with Kafka's jars. Maven resolves them when they are not there yet.

    Several processes may call it at the same time. Raises Unavailable when the jars are missing and Maven is too, or
    when Maven fails.
    """
    target = home() / "libs"
    if target.is_dir():
        return target
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable(f"Kafka's jars are not in {target} and there is no mvn to fetch them")
    home().mkdir(parents=True, exist_ok=True)
    with locked(home() / "lock"):
        if not target.is_dir():
            _resolve(maven, target)
    return target


def _resolve(maven: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="resolving-") as work:
        pom, jars = Path(work) / "pom.xml", Path(work) / "libs"
        pom.write_text(_POM, encoding="utf-8")
        command = [
            maven,
            "-q",
            "-B",
            "-f",
            str(pom),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={jars}",
            "-DincludeScope=runtime",
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_SECONDS, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"mvn did not resolve Kafka {KAFKA_VERSION} within {_MAVEN_SECONDS} s") from error
        if done.returncode != 0 or not jars.is_dir():
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise Unavailable(f"mvn could not resolve Kafka {KAFKA_VERSION} (code {done.returncode}):\n{tail}")
        jars.rename(target)
