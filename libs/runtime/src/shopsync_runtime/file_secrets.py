"""Secrets in files, as Kubernetes and Docker mount them: `X_FILE` names the file that holds what `X` would hold."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

import structlog
from pydantic import SecretStr

log = structlog.get_logger(__name__)

SUFFIX = "_FILE"
"""What follows the name of a secret's variable when its value is a path."""
_LOOK_EVERY_SECONDS = 1.0

FileVersion = tuple[int, int, int, int]
"""What differs when another file is at a path, or the file was written."""


class UnusableSecretError(ValueError):
    """The variables of a secret do not lead to a value. The text names them, and never shows a value."""


class FileSecret(SecretStr):
    """A secret that follows its file: a file that was replaced or rewritten is read again at the next use.

    A file that can no longer be read, or is empty, leaves the last value in force: somebody may be writing it.
    """

    def __init__(self, variable: str, path: Path) -> None:
        """Raises UnusableSecretError. `variable` is the one that names the file."""
        self._variable, self._path = variable, path
        self._version = version_of(path)
        self._look_at = time.monotonic() + _LOOK_EVERY_SECONDS
        self._trouble: str | None = None
        super().__init__(read_secret(variable, path))

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def get_secret_value(self) -> str:
        """The value in the file now, at most a second old."""
        if time.monotonic() >= self._look_at:
            self._look()
        return self._secret_value

    def _look(self) -> None:
        self._look_at = time.monotonic() + _LOOK_EVERY_SECONDS
        version = version_of(self._path)  # before reading: a later change then differs from it
        if version == self._version and self._trouble is None:
            return
        try:
            value = read_secret(self._variable, self._path)
        except UnusableSecretError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.warning("a secret cannot be read again, the last value stays in force", problem=self._trouble)
            return
        self._version, self._trouble = version, None
        if value != self._secret_value:
            self._secret_value = value
            log.info("a secret has changed", variable=self._variable, path=str(self._path))


def secret_of(name: str, environ: Mapping[str, str]) -> SecretStr | None:
    """The secret in the variable `name`, or in the file that `name`_FILE names; None when neither is set.

    Raises UnusableSecretError when both are set, and for a file that cannot be read or is empty.
    """
    path, given = environ.get(name + SUFFIX), environ.get(name)
    if not path:
        return SecretStr(given) if given else None
    if given:
        raise UnusableSecretError(f"{name} and {name}{SUFFIX} are both set: keep one of them")
    return FileSecret(name + SUFFIX, Path(path))


def read_secret(variable: str, path: Path) -> str:
    """What the file holds, without the last line end. Raises UnusableSecretError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnusableSecretError(f"{variable}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnusableSecretError(f"{variable}: {path} is not UTF-8") from None
    value = text.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise UnusableSecretError(f"{variable}: {path} is empty")
    return value


def version_of(path: Path) -> FileVersion | None:
    """Of the file that is at the path now; None when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - in half the time, and it is asked often
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
