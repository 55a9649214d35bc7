"""Tokens for OAUTHBEARER, and the key set by which a broker checks them: what an identity provider does."""

import base64
import json
import time
from pathlib import Path
from typing import Any

AUDIENCE = "shopsync-kafka"
_KEY_ID = "tests"


class TokenIssuer:
    """Signs tokens with a key of its own. `key_set` is the file by which a broker checks them."""

    def __init__(self, folder: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - only with the extra `servers`

        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._key.public_key().public_numbers()
        public = {
            "kty": "RSA",
            "kid": _KEY_ID,
            "use": "sig",
            "alg": "RS256",
            "n": _int(numbers.n),
            "e": _int(numbers.e),
        }
        self.key_set = folder / "jwks.json"
        self.key_set.write_text(json.dumps({"keys": [public]}), encoding="utf-8")

    def token(self, user: str, *, seconds: float = 3600.0, audience: str = AUDIENCE) -> str:
        """A token of the user that ends after `seconds`, which may be negative."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        now = time.time()
        claims = {"sub": user, "aud": audience, "iat": int(min(now, now + seconds) - 1), "exp": int(now + seconds)}
        signed = f"{_json({'alg': 'RS256', 'kid': _KEY_ID, 'typ': 'JWT'})}.{_json(claims)}"
        return f"{signed}.{_bytes(self._key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _bytes(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _int(value: int) -> str:
    return _bytes(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _json(value: dict[str, Any]) -> str:
    return _bytes(json.dumps(value).encode())
