import re
import subprocess
from pathlib import Path

import pytest

from shopsync_testkit import maven
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.kafka import jars

ARTIFACTS = ("org.example:one:1.0", "org.example:two:2.1")


def test_the_project_names_every_artifact():
    found = re.findall(r"<groupId>(.+?)</groupId><artifactId>(.+?)</artifactId><version>(.+?)</", maven.pom(ARTIFACTS))
    assert [":".join(one) for one in found[1:]] == list(ARTIFACTS), "the first is the project itself"


def test_jars_that_are_there_are_not_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    (tmp_path / "libs").mkdir()
    assert maven.fetched("it", ARTIFACTS, tmp_path) == tmp_path / "libs"


def test_without_maven_the_reason_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unavailable, match=r"it's jars are not in .* no mvn"):
        maven.fetched("it", ARTIFACTS, tmp_path)


def test_what_maven_says_is_passed_on(tmp_path, monkeypatch):
    monkeypatch.setattr("shopsync_testkit.maven.shutil.which", lambda _: "mvn")
    failed = subprocess.CompletedProcess([], 1, stdout="[ERROR] no such artifact", stderr="")
    monkeypatch.setattr("shopsync_testkit.maven.subprocess.run", lambda *_, **__: failed)
    with pytest.raises(Unavailable, match=r"(?s)could not resolve it .*no such artifact"):
        maven.fetched("it", ARTIFACTS, tmp_path)
    assert not (tmp_path / "libs").exists()


@pytest.mark.parametrize(
    ("modules", "compiles"), [("java.base@17\njdk.compiler@17\n", True), ("java.base@17\n", False)]
)
def test_a_java_without_a_compiler_is_told_apart(monkeypatch, modules, compiles):
    monkeypatch.setattr(jars, "java", lambda: Path("java"))
    listed = subprocess.CompletedProcess([], 0, stdout=modules, stderr="")
    monkeypatch.setattr("shopsync_testkit.kafka.jars.subprocess.run", lambda *_, **__: listed)
    if compiles:
        assert jars.compiling_java() == Path("java")
    else:
        with pytest.raises(Unavailable, match="java has no compiler; install a JDK"):
            jars.compiling_java()
