"""Encryption of tokens and signing of consent states, both with PUBLISHER_TOKEN_KEY. No I/O."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from publisher.errors import ConsentRefused, ShopBlocked


@dataclass(frozen=True, slots=True)
class ConsentState:
    """For which shop a consent was begun, and which TikTok shop was asked for when the seller has several."""

    shop_key: str
    tiktok_shop_id: str | None = None
    begun_at: datetime | None = None


class Vault:
    """Fernet (AES-128-CBC with HMAC-SHA256). The first key encrypts, all of them decrypt."""

    def __init__(self, keys: SecretStr) -> None:
        fernets = [Fernet(key.strip()) for key in keys.get_secret_value().split(",")]
        self._newest, self._fernet = fernets[0], MultiFernet(fernets)

    def seal(self, secret: SecretStr) -> bytes:
        """Encrypt a token for the store."""
        return self._fernet.encrypt(secret.get_secret_value().encode())

    def open(self, sealed: bytes) -> SecretStr:
        """Decrypt. Raises ShopBlocked when no key of ours fits: the key that sealed it helps, or a new consent."""
        try:
            return SecretStr(self._fernet.decrypt(sealed).decode())
        except InvalidToken:
            text = "the stored tokens do not fit PUBLISHER_TOKEN_KEY: add the former key to it, behind a comma"
            raise ShopBlocked("token_key", text) from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def sign_state(self, state: ConsentState, now: datetime) -> str:
        """The `state` parameter of a consent. Opaque, cannot be made up, differs every time."""
        document = {
            "shop_key": state.shop_key, "tiktok_shop_id": state.tiktok_shop_id, "begun_at": now.isoformat(),
            "nonce": secrets.token_hex(8),
        }  # fmt: skip
        return self._fernet.encrypt_at_time(json.dumps(document).encode(), int(now.timestamp())).decode()

    def read_state(self, text: str, *, now: datetime, lifetime: timedelta) -> ConsentState | None:
        """The signed state, None when it is not one of ours. Raises ConsentRefused when it is too old."""
        try:
            content = self._fernet.decrypt(text.encode())
        except InvalidToken:
            return None
        try:
            self._fernet.decrypt_at_time(text.encode(), int(lifetime.total_seconds()), int(now.timestamp()))
        except InvalidToken:
            raise ConsentRefused("state_expired", "this consent was begun too long ago: begin it again") from None
        try:
            document = json.loads(content)
            begun_at = datetime.fromisoformat(document["begun_at"])
            return ConsentState(document["shop_key"], document["tiktok_shop_id"], begun_at)
        except (ValueError, KeyError, TypeError):
            return None  # sealed with our key, but no state
