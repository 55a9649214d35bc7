"""A TikTok Shop server for tests and demos. See docs/sandbox-tiktok.md."""

from shopsync_sandbox.tiktok.faults.registry import Fault
from shopsync_sandbox.tiktok.products.reviews import Rule
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.protocol.signing import request_sign, webhook_sign
from shopsync_sandbox.tiktok.sandbox import TikTokSandbox
from shopsync_sandbox.tiktok.settings import ALL_SCOPES, Settings

__all__ = [
    "ALL_SCOPES",
    "ApiError",
    "Code",
    "Fault",
    "Rule",
    "Settings",
    "TikTokSandbox",
    "request_sign",
    "webhook_sign",
]
