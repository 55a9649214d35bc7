import tempfile
from pathlib import Path

from shopsync_testkit import scratch


def test_folders_are_made_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv(scratch.FOLDER, str(tmp_path))
    folder = scratch.new_folder("kind")
    assert folder.parent == tmp_path
    scratch.remove_folder(folder)
    assert list(tmp_path.iterdir()) == []


def test_without_the_variable_they_are_among_the_temporary_files(monkeypatch):
    monkeypatch.delenv(scratch.FOLDER, raising=False)
    folder = scratch.new_folder("kind")
    assert folder.parent == Path(tempfile.gettempdir())
    scratch.remove_folder(folder)


def test_what_a_dead_process_left_is_removed_and_what_lives_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv(scratch.FOLDER, str(tmp_path))
    living = scratch.new_folder("living")
    left = tmp_path / "shopsync-sandbox-left"
    left.mkdir()
    (left / "lock").touch()
    other = scratch.new_folder("other")
    assert {path.name for path in tmp_path.iterdir()} == {living.name, other.name}
    scratch.remove_folder(living)
    scratch.remove_folder(other)


def test_memory_is_used_only_where_it_has_room(monkeypatch, tmp_path):
    monkeypatch.setattr(scratch, "_MEMORY", tmp_path)
    assert scratch.memory_folder() == tmp_path
    monkeypatch.setattr(scratch, "_ENOUGH", 1 << 62)
    assert scratch.memory_folder() is None
    monkeypatch.setattr(scratch, "_MEMORY", tmp_path / "absent")
    assert scratch.memory_folder() is None
