import subprocess

import pytest

from shopsync_testkit import npm
from shopsync_testkit.backends import Unavailable


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPSYNC_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "one"}', encoding="utf-8")
    (folder / "package-lock.json").write_text('{"name": "one"}', encoding="utf-8")
    (folder / "main.mjs").write_text("", encoding="utf-8")
    return folder


def answering(monkeypatch, code, told=""):
    calls = []

    def run(command, **options):
        calls.append(command)
        (options["cwd"] / "node_modules").mkdir()
        return subprocess.CompletedProcess(command, code, stdout="", stderr=told)

    monkeypatch.setattr("shopsync_testkit.npm.shutil.which", lambda name: name)
    monkeypatch.setattr("shopsync_testkit.npm.subprocess.run", run)
    return calls


def test_packages_are_installed_once_and_from_the_lock(project, monkeypatch, tmp_path):
    calls = answering(monkeypatch, 0)
    target = tmp_path / "target"
    target.mkdir()
    assert npm.installed(project) == npm.installed(project)
    assert [command[:3] for command in calls] == [["npm", "ci", "--ignore-scripts"]]
    assert npm.placed(project, ["main.mjs"], target) == target
    assert (target / "node_modules").is_dir()
    assert (target / "main.mjs").exists()
    (project / "package-lock.json").write_text('{"name": "two"}', encoding="utf-8")
    npm.installed(project)
    assert len(calls) == 2


def test_without_node_or_npm_the_reason_is_said(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unavailable, match="there is no node"):
        npm.node()
    with pytest.raises(Unavailable, match="the packages of project are not installed and there is no npm"):
        npm.installed(project)


def test_what_npm_says_is_passed_on_and_nothing_counts_as_installed(project, monkeypatch):
    calls = answering(monkeypatch, 1, "no such package")
    with pytest.raises(Unavailable, match=r"(?s)npm could not install project \(code 1\).*no such package"):
        npm.installed(project)
    assert len(calls) == 1
