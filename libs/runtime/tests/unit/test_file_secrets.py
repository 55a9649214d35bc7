"""Secrets in files: how they are read, what is told about them, and when another value counts."""

import os
from types import SimpleNamespace

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shopsync_runtime import ServiceSettings, SettingsError, file_secrets, load_settings
from shopsync_runtime.file_secrets import FileSecret
from shopsync_runtime.settings_help import config_text, help_text
from shopsync_runtime.settings_loading import unknown_variables


class Own(ServiceSettings):
    """Own settings."""

    model_config = SettingsConfigDict(env_prefix="OWN_")

    secret: SecretStr = Field(min_length=4, description="a secret")
    second: SecretStr | None = Field(None, min_length=2, description="another one")
    share: float = Field(0.5, description="a share")


@pytest.fixture
def at_once(monkeypatch):
    """A changed file is looked at with every use."""
    monkeypatch.setattr(file_secrets, "_LOOK_EVERY_SECONDS", 0.0)


@pytest.fixture
def write(tmp_path):
    def at(text, name="secret"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return at


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("s3cret", "s3cret"),
        ("s3cret\n", "s3cret"),
        ("s3cret\r\n", "s3cret"),
        (" s3cret \n\n", " s3cret \n"),
        ("パスワード\n", "パスワード"),
    ],
)
def test_the_content_without_the_last_line_end_is_the_value(monkeypatch, write, content, value):
    monkeypatch.setenv("OWN_SECRET_FILE", str(write(content)))
    assert load_settings(Own).secret.get_secret_value() == value


def test_everything_that_is_wrong_is_told_in_one_line(monkeypatch, write, tmp_path):
    monkeypatch.setenv("OWN_SECRET_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("OWN_SECOND_FILE", str(write("\n")))
    monkeypatch.setenv("OWN_SHARE", "much")
    with pytest.raises(SettingsError) as caught:
        load_settings(Own)
    text = str(caught.value)
    assert f"OWN_SECRET_FILE: {tmp_path / 'nowhere'} cannot be read: No such file or directory" in text
    assert f"OWN_SECOND_FILE: {tmp_path / 'secret'} is empty" in text
    assert "OWN_SHARE: " in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("content", "told"), [(b"\xff\xfe", "is not UTF-8"), (b"abc\n", r"OWN_SECRET: value should have at least 4 items")]
)
def test_content_that_is_no_value_is_told_and_not_shown(monkeypatch, write, content, told):
    monkeypatch.setenv("OWN_SECRET_FILE", str(write(content)))
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings(Own)
    assert "abc" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(monkeypatch, write):
    path = write("s3cret")
    path.chmod(0)
    monkeypatch.setenv("OWN_SECRET_FILE", str(path))
    with pytest.raises(SettingsError, match=r"OWN_SECRET_FILE: .*secret cannot be read: Permission denied"):
        load_settings(Own)


def test_a_folder_is_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("OWN_SECRET_FILE", str(tmp_path))
    with pytest.raises(SettingsError, match=r"OWN_SECRET_FILE: .* cannot be read: Is a directory"):
        load_settings(Own)


def test_both_variables_are_an_error_that_names_both(monkeypatch, write):
    monkeypatch.setenv("OWN_SECRET", "s3cret")
    monkeypatch.setenv("OWN_SECRET_FILE", str(write("0ther")))
    with pytest.raises(SettingsError, match=r"^OWN_SECRET and OWN_SECRET_FILE are both set: keep one of them$"):
        load_settings(Own)
    monkeypatch.setenv("OWN_SECRET", "")
    assert load_settings(Own).secret.get_secret_value() == "0ther", "an empty variable is as good as none"


def test_the_variables_are_known_shown_in_the_help_and_no_value_is(monkeypatch, write):
    assert unknown_variables([Own], {"OWN_SECRET_FILE": "x"}) == []
    assert unknown_variables([Own], {"OWN_SHARE_FILE": "x"}) != []
    assert "OWN_SECRET (or OWN_SECRET_FILE)" in help_text("own", [Own])
    monkeypatch.setenv("OWN_SECRET_FILE", str(write("s3cret")))
    shown = config_text([load_settings(Own)])
    assert "OWN_SECRET=**********" in shown
    assert "s3cret" not in shown
    assert "s3cret" not in repr(load_settings(Own))


def test_a_file_that_changes_is_read_again(at_once, write):
    secret = FileSecret("X_FILE", write("first\n"))
    write("second\n")
    assert secret.get_secret_value() == "second"
    write("third\n", "other").replace(secret.path)
    assert secret.get_secret_value() == "third"


def test_a_mount_that_is_switched_is_read_again(at_once, write, tmp_path):
    """As Kubernetes does it: the path leads through a link that is replaced."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "password").write_text(name)
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "password").symlink_to("..data/password")
    secret = FileSecret("X_FILE", tmp_path / "password")
    assert secret.get_secret_value() == "one"
    (tmp_path / "..new").symlink_to("two")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert secret.get_secret_value() == "two"


@pytest.mark.parametrize("broken", [b"", b"\n", b"\xff", None])
def test_while_the_file_holds_nothing_the_last_value_stays(at_once, write, broken):
    secret = FileSecret("X_FILE", write("first"))
    secret.path.unlink() if broken is None else write(broken)
    assert [secret.get_secret_value() for _ in range(3)] == ["first"] * 3
    write("second")
    assert secret.get_secret_value() == "second"


def test_the_file_is_looked_at_once_a_second_at_most(write, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(file_secrets, "time", SimpleNamespace(monotonic=lambda: now[0]))
    secret = FileSecret("X_FILE", write("first"))
    write("second")
    assert secret.get_secret_value() == "first"
    now[0] += 1.1
    assert secret.get_secret_value() == "second"
