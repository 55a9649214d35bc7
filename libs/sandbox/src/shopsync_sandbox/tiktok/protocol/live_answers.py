"""HTTP statuses and messages of TikTok's gateway and token host, by code, as seen on the live service.

Used for requested faults and for the sandbox's own refusals.
"""

_LIVE: dict[int, tuple[int, str]] = {
    36009002: (429, "Too many requests. Please slow down."),
    36009003: (500, "Internal error. Please try again later."),
    36009004: (400, "Invalid parameters"),
    36009005: (401, "Invalid credentials. The 'access_token' header is invalid."),
    36009006: (401, "The shop is deactivated."),
    36009007: (504, "Gateway timeout"),
    36009009: (404, "Invalid path. Refer to the API reference and ensure that the path is correct."),
    36009010: (405, "Invalid method. Refer to the API reference and ensure that the method is correct."),
    36009014: (400, "Invalid API version"),
    36009037: (429, "Too many requests. A sandbox shop may make 1000 requests per hour."),
    36009043: (401, "Access denied. The shop is inactive."),
    36009044: (401, "Access denied. The seller is inactive."),
    36004001: (200, "rt has expired"),
    36004004: (200, "auth_code is invalid, used or expired"),
    36004005: (200, "refresh_token is unknown"),
    105002: (401, "Expired credentials. The 'access_token' or 'x-tts-access-token' header has expired."),
    105005: (403, "Access denied. The required scope is not granted."),
    106001: (401, "Invalid sign"),
    106013: (400, "Missing identifier: `shop_cipher`"),
}


def live_status(code: int) -> int:
    """The HTTP status of a code; 200 for one that was never seen."""
    return _LIVE[code][0] if code in _LIVE else 200


def live_message(code: int) -> str:
    """The message of a code."""
    return _LIVE[code][1] if code in _LIVE else f"code {code}"
