"""Stops this replica's calls while TikTok refuses the app itself, so that no product pays for the app's trouble."""

from datetime import datetime, timedelta

import structlog

from publisher.errors import AppMisconfigured, AppStopped, ClockWrong
from publisher.metrics import APP_REFUSED

log = structlog.get_logger(__name__)

_REST = timedelta(seconds=60)
_TRIAL = timedelta(seconds=20)
"""How long others wait for the one call that tries again; it may stay without an answer."""
_PROOF = 3
"""Refusals without a good reply between them: a single request that is signed wrong must not stop the others."""


class AppGate:
    """Closed by refusals of the app in a row, tried by one call a minute, opened by the first good reply.

    A wrong clock closes it at once: TikTok's own time proves it. Nothing is stored: clocks and addresses are a
    replica's own.
    """

    def __init__(self) -> None:
        self.trouble: AppMisconfigured | None = None
        self.since: datetime | None = None
        self._refusals = 0
        self._until: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raises AppStopped while closed."""
        if self.trouble is not None and self._until is not None and now < self._until:
            raise AppStopped(self.trouble, self._until)

    def enter(self, now: datetime) -> None:
        """As `check`, right before a call is sent: whoever passes a closed gate tries for all."""
        self.check(now)
        if self.trouble is not None:
            self._until = now + _TRIAL

    def refused(self, error: AppMisconfigured, now: datetime) -> None:
        """TikTok refused the app."""
        self._refusals += 1
        if self.trouble is None and self._refusals < _PROOF and not isinstance(error, ClockWrong):
            return
        if self.trouble is None:
            self.since = now
            APP_REFUSED.set(1)
            log.error("TikTok Shop refuses the app, nothing is sent until this is put right", code=error.code,
                      reason=error.message, request_id=error.request_id)  # fmt: skip
        self.trouble = error
        self._until = now + _REST

    def accepted(self) -> None:
        """TikTok answered a call as the app's."""
        self._refusals = 0
        if self.trouble is not None:
            log.info("TikTok Shop accepts the app again", code=self.trouble.code)
            self.trouble = self.since = self._until = None
            APP_REFUSED.set(0)
