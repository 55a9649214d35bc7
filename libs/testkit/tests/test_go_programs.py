import subprocess
from dataclasses import replace

import pytest

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.go_programs import GoProgram, built

PROGRAM = GoProgram(
    "tool", "example.org/tool/cmd/tool", "v1.2.3", replaced=(("example.org/a", "example.org/b@v2.0.0"),)
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPSYNC_CACHE", str(tmp_path))


@pytest.fixture
def go(monkeypatch):
    """A Go that builds an empty file. Returns its calls; `fails` makes it fail at a step."""

    class Go:
        calls: list[list[str]] = []  # noqa: RUF012 - one per test
        fails = ""

        def __call__(self, command, **_):
            self.calls.append(list(command[1:]))
            if command[1] == self.fails:
                return subprocess.CompletedProcess(command, 1, stdout="", stderr="no required module provides it")
            if command[1] == "build":
                with open(command[command.index("-o") + 1], "w", encoding="utf-8"):  # noqa: PTH123
                    pass
            return subprocess.CompletedProcess(command, 0, stdout="", stderr="")

    stub = Go()
    stub.calls = []
    monkeypatch.setattr("shopsync_testkit.go_programs.shutil.which", lambda _: "go")
    monkeypatch.setattr("shopsync_testkit.go_programs.subprocess.run", stub)
    return stub


def test_it_is_built_in_a_module_of_its_own(go):
    binary = built(PROGRAM)
    assert binary.is_file()
    assert [call[0] for call in go.calls] == ["mod", "mod", "get", "build"]
    assert go.calls[1] == ["mod", "edit", "-replace=example.org/a=example.org/b@v2.0.0"]
    assert go.calls[2] == ["get", "example.org/tool/cmd/tool@v1.2.3"]
    assert go.calls[3][-1] == "example.org/tool/cmd/tool"


def test_a_main_of_our_own_is_what_is_built(go):
    built(replace(PROGRAM, main="package main"))
    assert go.calls[-1][-1] == "."


def test_what_is_there_is_not_built_again(go, monkeypatch):
    first = built(PROGRAM)
    monkeypatch.setattr("shopsync_testkit.go_programs.shutil.which", lambda _: None)
    assert built(PROGRAM) == first
    assert len(go.calls) == 4


def test_another_version_and_other_replacements_have_a_binary_of_their_own():
    others = [replace(PROGRAM, version="v1.2.4"), replace(PROGRAM, replaced=()), replace(PROGRAM, main="package main")]
    assert len({PROGRAM.home, *(one.home for one in others)}) == 4


def test_without_go_the_reason_is_said(monkeypatch):
    monkeypatch.setattr("shopsync_testkit.go_programs.shutil.which", lambda _: None)
    with pytest.raises(Unavailable, match=r"tool v1\.2\.3 is not in .* no go to build it"):
        built(PROGRAM)


@pytest.mark.parametrize("step", ["get", "build"])
def test_what_go_says_is_passed_on(go, step):
    go.fails = step
    with pytest.raises(Unavailable, match=r"(?s)could not build tool v1\.2\.3 .*no required module"):
        built(PROGRAM)
    assert not (PROGRAM.home / "tool").exists()


def test_a_build_that_takes_too_long_is_ended(go, monkeypatch):
    def hangs(command, **_):
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr("shopsync_testkit.go_programs.subprocess.run", hangs)
    with pytest.raises(Unavailable, match="did not build tool within"):
        built(PROGRAM)
