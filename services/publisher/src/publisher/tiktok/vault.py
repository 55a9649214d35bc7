"""Encryption of tokens and signing of consent states, both with PUBLISHER_TOKEN_KEY. No I/O."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from publisher.errors import ConsentRefused, KeyMissing
from publisher.settings import keys_of

KEY_MISSING = "token_key"
UNREADABLE = "the stored tokens do not fit PUBLISHER_TOKEN_KEY: add the former key to it, behind a comma"


@dataclass(frozen=True, slots=True)
class ConsentState:
    """The shop a consent was begun for, and the TikTok shop to choose when the seller has several.

    `return_to`: the page of the console that began it.
    """

    shop_key: str
    tiktok_shop_id: str | None = None
    begun_at: datetime | None = None
    return_to: str | None = None


class Vault:
    """Fernet (AES-128-CBC with HMAC-SHA256). The key `in_use` encrypts, all keys decrypt.

    Outside of this class keys are known by their fingerprints only.
    """

    def __init__(self, keys: SecretStr) -> None:
        self._fernets = {fingerprint(key): Fernet(key) for key in keys_of(keys)}
        self._every = MultiFernet(list(self._fernets.values()))
        self.fingerprints = tuple(self._fernets)
        """Newest first, as in PUBLISHER_TOKEN_KEY."""
        self.in_use = self.fingerprints[0]
        """The key that encrypts. The keyring chooses one that every replica has."""

    def seal(self, secret: SecretStr) -> bytes:
        """Encrypt a token with the key in use."""
        return self._fernets[self.in_use].encrypt(secret.get_secret_value().encode())

    def open(self, sealed: bytes) -> SecretStr:
        """Decrypt a token. Raises KeyMissing when no key fits: the former key helps, or a new consent."""
        try:
            return SecretStr(self._every.decrypt(sealed).decode())
        except InvalidToken:
            raise KeyMissing(KEY_MISSING, UNREADABLE) from None

    def key_of(self, sealed: bytes) -> str | None:
        """The fingerprint of the key that encrypted it; None when we do not have that key."""
        return next((name for name, fernet in self._fernets.items() if _opens(fernet, sealed)), None)

    def sign_state(self, state: ConsentState, now: datetime) -> str:
        """The `state` parameter of a consent: encrypted, and different every time."""
        document = {
            "shop_key": state.shop_key,
            "tiktok_shop_id": state.tiktok_shop_id,
            "begun_at": now.isoformat(),
            "return_to": state.return_to,
            "nonce": secrets.token_hex(8),
        }
        return self._fernets[self.in_use].encrypt_at_time(json.dumps(document).encode(), int(now.timestamp())).decode()

    def read_state(self, text: str, *, now: datetime, lifetime: timedelta) -> ConsentState | None:
        """The state in `text`; None when we did not sign it. Raises ConsentRefused when it is older than `lifetime`."""
        state = self._state(text)
        if state is None:
            return None
        try:
            self._every.decrypt_at_time(text.encode(), int(lifetime.total_seconds()), int(now.timestamp()))
        except InvalidToken:
            raise ConsentRefused("state_expired", "this consent was begun too long ago: begin it again") from None
        return state

    def return_to(self, text: str) -> str | None:
        """The page of the console that began the consent, also when it was begun too long ago."""
        state = self._state(text)
        return None if state is None else state.return_to

    def _state(self, text: str) -> ConsentState | None:
        try:
            document = json.loads(self._every.decrypt(text.encode()))
            begun_at = datetime.fromisoformat(document["begun_at"])
            # States that an older publisher signed have no return_to.
            return ConsentState(document["shop_key"], document["tiktok_shop_id"], begun_at, document.get("return_to"))
        except (InvalidToken, ValueError, KeyError, TypeError):
            return None  # not encrypted with our key, or no state


def fingerprint(key: str) -> str:
    """16 hex digits that identify a key and do not help to find it."""
    return hashlib.sha256(b"shopsync token key " + base64.urlsafe_b64decode(key)).hexdigest()[:16]


def _opens(fernet: Fernet, sealed: bytes) -> bool:
    try:
        fernet.decrypt(sealed)
    except InvalidToken:
        return False
    return True
