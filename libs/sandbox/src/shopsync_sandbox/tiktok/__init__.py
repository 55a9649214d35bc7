"""A TikTok Shop server for tests and demos. See docs/sandbox-tiktok.md."""

from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.faults import Fault
from shopsync_sandbox.tiktok.reviews import Rule
from shopsync_sandbox.tiktok.sandbox import TikTokSandbox
from shopsync_sandbox.tiktok.settings import ALL_SCOPES, Settings
from shopsync_sandbox.tiktok.signing import request_sign, webhook_sign

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
