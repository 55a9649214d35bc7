"""TLS from files: certificates are checked at the start and read again when they change."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import structlog
from pydantic import SecretStr

from shopsync_runtime.errors import SettingsError
from shopsync_runtime.file_secrets import version_of

log = structlog.get_logger(__name__)

_OF_VERIFYING = {  # by OpenSSL's X509_V_ERR_…
    9: "has a certificate that is not valid yet: is this machine's clock right?",
    10: "has a certificate that has expired: renew it there",
    62: "has a certificate for other host names: connect by a name that stands in it",
    64: "has a certificate for other addresses: connect by a name or address that stands in it",
}
_OF_PASSWORDS = frozenset({"BAD_DECRYPT", "BAD_PASSWORD_READ", "PROBLEMS_GETTING_PASSWORD"})
_ALERTS = {  # that a server sends about a client's certificate
    "CERTIFICATE_EXPIRED": "has expired",
    "CERTIFICATE_REVOKED": "is revoked",
    "CERTIFICATE_REQUIRED": "is missing",
    "UNKNOWN_CA": "is of an authority that the server does not trust",
    "BAD_CERTIFICATE": "is refused",
    "CERTIFICATE_UNKNOWN": "is refused",
    "UNSUPPORTED_CERTIFICATE": "is of a kind that the server does not take",
}


class UnusableFileError(SettingsError, ValueError):
    """A file of keys or certificates cannot be used. The text names its variable and its path.

    A ValueError as well, for pydantic. After the start it comes from files that changed since they were checked.
    """


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The files of one link. `prefix` follows SHOPSYNC_ in the names of their variables, such as KAFKA.

    With `base` the CA file's authorities are trusted beside those of that context, else instead of the system's.
    `password_name` is what the key's password is called where it is no variable of that prefix.
    """

    prefix: str
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: SecretStr | None = None
    base: Callable[[], ssl.SSLContext] | None = None
    password_name: str | None = None

    def context(self) -> ssl.SSLContext:
        """A context as the files are now. Raises UnusableFileError.

        Without a CA file the system's authorities count. Names are always checked.
        """
        for variable, path in self._named():
            _check_readable(variable, path)
        context = self._trusting()
        if self.certificate_file is not None:
            self._load_certificate(context, self.certificate_file)
        return context

    def versions(self) -> tuple[Any, ...]:
        """What differs when a file or the key's password has changed."""
        password = None if self.key_password is None else self.key_password.get_secret_value()
        return (password, *(version_of(path) for _, path in self._named()))

    def paths(self) -> list[str]:
        """The files that are named."""
        return [str(path) for _, path in self._named()]

    def _named(self) -> Iterator[tuple[str, Path]]:
        for name, path in (
            ("CA_FILE", self.ca_file),
            ("CERTIFICATE_FILE", self.certificate_file),
            ("KEY_FILE", self.key_file),
        ):
            if path is not None:
                yield f"SHOPSYNC_{self.prefix}_{name}", path

    def _trusting(self) -> ssl.SSLContext:
        path, base = self.ca_file, self.base
        if path is None:
            return ssl.create_default_context() if base is None else base()
        try:
            if base is None:
                return ssl.create_default_context(cafile=path)
            context = base()
            context.load_verify_locations(cafile=path)
        except ssl.SSLError:
            raise UnusableFileError(f"SHOPSYNC_{self.prefix}_CA_FILE: {path} holds no certificate in PEM") from None
        except OSError as error:
            raise _unreadable(f"SHOPSYNC_{self.prefix}_CA_FILE", path, error) from None
        return context

    def _load_certificate(self, context: ssl.SSLContext, path: Path) -> None:
        key_variable, key_path = f"SHOPSYNC_{self.prefix}_KEY_FILE", self.key_file
        if key_path is None:
            key_variable, key_path = f"SHOPSYNC_{self.prefix}_CERTIFICATE_FILE", path
        _check_holds(f"SHOPSYNC_{self.prefix}_CERTIFICATE_FILE", path, b"CERTIFICATE-----", "certificate")
        _check_holds(key_variable, key_path, b"PRIVATE KEY-----", "private key")
        # Never None: OpenSSL would ask for the password at the terminal.
        password = "" if self.key_password is None else self.key_password.get_secret_value()
        try:
            context.load_cert_chain(path, self.key_file, password)
        except (ssl.SSLError, ValueError) as error:
            raise UnusableFileError(f"{key_variable}: {key_path} {self._of_key(error, path)}") from None
        except OSError as error:
            raise _unreadable(key_variable, key_path, error) from None

    def _of_key(self, error: ssl.SSLError | ValueError, certificate: Path) -> str:
        reason = error.reason if isinstance(error, ssl.SSLError) else None
        if reason == "KEY_VALUES_MISMATCH":
            return f"is not the key of the certificate in {certificate}"
        if reason is None or reason in _OF_PASSWORDS:
            name = self.password_name or f"SHOPSYNC_{self.prefix}_KEY_PASSWORD"
            return f"is encrypted: set {name}" if self.key_password is None else f"cannot be opened with {name}"
        return f"cannot be used: {reason}"


class FollowingContext(ssl.SSLContext):
    """Makes each new connection with the files as they are then. Connections that stand are left alone.

    A context that was changed in place would go on to trust an authority that was taken out of its file. So changed
    files make another context. If they do not fit each other, as between the writes of certificate and key, the last
    ones stay in force.
    """

    _files: TlsFiles
    # One value, as anyio begins connections in threads: a context must never stand with another one's versions.
    _in_force: tuple[tuple[Any, ...], ssl.SSLContext]
    _trouble: str | None

    def __new__(cls, files: TlsFiles) -> Self:
        """Raises UnusableFileError."""
        self = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        self._files, self._trouble = files, None
        self._in_force = files.versions(), files.context()
        return self

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """What asyncio and uvloop begin a connection with."""
        return self._present().wrap_bio(*args, **options)

    def _present(self) -> ssl.SSLContext:
        known, context = self._in_force
        versions = self._files.versions()  # before reading: a later change then differs from it
        if versions == known and self._trouble is None:
            return context
        try:
            context = self._files.context()
        except UnusableFileError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.warning("certificates cannot be read again, the last ones stay in force", problem=self._trouble)
            return context
        self._in_force, self._trouble = (versions, context), None
        log.info("certificates have changed", files=self._files.paths())
        return context


def tls_trouble(error: BaseException, files: TlsFiles) -> str | None:
    """What a failed handshake means and which variable helps, to follow a server's name; None for other errors."""
    prefix = files.prefix
    if isinstance(error, ssl.SSLCertVerificationError):
        unknown = (
            f"has a certificate of no authority that is trusted here: set SHOPSYNC_{prefix}_CA_FILE to its authority's"
        )
        return _OF_VERIFYING.get(error.verify_code, unknown)
    if not isinstance(error, ssl.SSLError):
        return None
    reason = error.reason or type(error).__name__
    for alert, meaning in _ALERTS.items():
        if reason.endswith(f"_ALERT_{alert}"):
            if files.certificate_file is None:
                return f"wants a certificate of ours: set SHOPSYNC_{prefix}_CERTIFICATE_FILE"
            return f"says that our certificate {meaning}: see SHOPSYNC_{prefix}_CERTIFICATE_FILE"
    return f"refuses the TLS handshake ({reason})"


def _check_readable(variable: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise _unreadable(variable, path, error) from None


def _check_holds(variable: str, path: Path, mark: bytes, what: str) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(variable, path, error) from None
    if mark not in content:
        raise UnusableFileError(f"{variable}: {path} holds no {what} in PEM")


def _unreadable(variable: str, path: Path, error: OSError) -> UnusableFileError:
    return UnusableFileError(f"{variable}: {path} cannot be read: {error.strerror}")
