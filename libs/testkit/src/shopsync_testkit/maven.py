"""Java programs as Maven artifacts, fetched once per machine. Maven's own settings say from where."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.cache import locked

_MAVEN_SECONDS = 300  # some 40 MB of jars, once
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>jp.shopsync</groupId><artifactId>sandbox-jars</artifactId><version>1</version>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""


def fetched(what: str, artifacts: Sequence[str], home: Path) -> Path:
    """The folder `libs` in `home` with these artifacts (`group:artifact:version`) and all that they need.

    Maven resolves them when they are not there yet. `what`: how messages call them. Several processes may call it at
    the same time. Raises Unavailable when the jars are missing and Maven is too, or when Maven fails.
    """
    target = home / "libs"
    if target.is_dir():
        return target
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable(f"{what}'s jars are not in {target} and there is no mvn to fetch them")
    home.mkdir(parents=True, exist_ok=True)
    with locked(home / "lock"):
        if not target.is_dir():
            _resolve(maven, what, artifacts, target)
    return target


def pom(artifacts: Sequence[str]) -> str:
    """A project that depends on these artifacts, `group:artifact:version`."""
    dependencies = []
    for artifact in artifacts:
        group, name, version = artifact.split(":")
        dependencies.append(
            f"    <dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>"
            f"<version>{version}</version></dependency>"
        )
    return _POM.format(dependencies="\n".join(dependencies))


def _resolve(maven: str, what: str, artifacts: Sequence[str], target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="resolving-") as work:
        project, jars = Path(work) / "pom.xml", Path(work) / "libs"
        project.write_text(pom(artifacts), encoding="utf-8")
        command = [
            maven,
            "-q",
            "-B",
            "-f",
            str(project),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={jars}",
            "-DincludeScope=runtime",
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_SECONDS, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"mvn did not resolve {what} within {_MAVEN_SECONDS} s") from error
        if done.returncode != 0 or not jars.is_dir():
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise Unavailable(f"mvn could not resolve {what} (code {done.returncode}):\n{tail}")
        jars.rename(target)
