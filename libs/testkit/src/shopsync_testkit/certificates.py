"""A certificate authority for tests, with certificates of servers on this machine and of users, as PEM files."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shopsync_testkit.backends import require_package

ORGANIZATION = "shopsync tests"
USERS_UNIT = "users"
SERVERS_UNIT = "servers"
_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate. `both` holds key and certificate in one file, as MongoDB and Kafka's brokers want it."""

    certificate: Path
    key: Path
    both: Path
    subject: str
    """In the order of RFC 2253, as MongoDB names the user."""


class Authority:
    """Issues certificates into a folder. Two authorities do not trust each other's."""

    def __init__(self, folder: Path) -> None:
        require_package("trustme")
        import trustme  # noqa: PLC0415 - images do not have it

        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._issued: dict[str, Issued] = {}
        self._authority = trustme.CA(organization_name=ORGANIZATION)
        self.certificate = folder / "ca.pem"
        """What clients and servers are told to trust."""
        self._authority.cert_pem.write_to_path(str(self.certificate))

    def server(
        self, name: str = "server", *, addresses: tuple[str, ...] = _NAMES, until: datetime | None = None
    ) -> Issued:
        """A new certificate of a server that is reached by these names and addresses."""
        return self._issue(name, SERVERS_UNIT, addresses, file=name, until=until)

    def user(self, name: str) -> Issued:
        """The certificate of a user, issued once."""
        return self._issued.get(name) or self.new_user(name)

    def new_user(
        self, name: str, *, file: str | None = None, until: datetime | None = None, key_password: str | None = None
    ) -> Issued:
        """A new certificate, in the place of the user's present one or in files of another name.

        `key_password` encrypts the key.
        """
        # Java refuses a certificate whose list of other names is empty.
        address = f"{name}@users.example"
        issued = self._issue(name, USERS_UNIT, (address,), file=file or name, until=until, key_password=key_password)
        if file is None:
            self._issued[name] = issued
        return issued

    def _issue(
        self,
        name: str,
        unit: str,
        addresses: tuple[str, ...],
        *,
        file: str,
        until: datetime | None = None,
        key_password: str | None = None,
    ) -> Issued:
        leaf = self._authority.issue_cert(
            *addresses,
            common_name=name,
            organization_name=ORGANIZATION,
            organization_unit_name=unit,
            not_after=until,
        )
        key = _as_pkcs8(leaf.private_key_pem.bytes(), key_password)
        certificate = b"".join(one.bytes() for one in leaf.cert_chain_pems)
        issued = Issued(
            self._folder / f"{file}.crt.pem",
            self._folder / f"{file}.key.pem",
            self._folder / f"{file}.pem",
            subject=f"CN={name},OU={unit},O={ORGANIZATION}",
        )
        for path, content in ((issued.certificate, certificate), (issued.key, key), (issued.both, key + certificate)):
            path.write_bytes(content)
            path.chmod(0o600)
        return issued


def _as_pkcs8(pem: bytes, password: str | None) -> bytes:
    """Kafka's brokers read keys in this form only."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - comes with trustme
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return load_pem_private_key(pem, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
