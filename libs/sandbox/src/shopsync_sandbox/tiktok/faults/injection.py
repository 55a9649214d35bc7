"""Carrying a request out, or spoiling its answer as the faults on order say."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response

from shopsync_sandbox.tiktok.faults.connections import Dropped, Truncated
from shopsync_sandbox.tiktok.faults.registry import Fault
from shopsync_sandbox.tiktok.limits import Limits
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.protocol.envelope import failure, status_of, success
from shopsync_sandbox.tiktok.protocol.live_answers import words_seen
from shopsync_sandbox.tiktok.settings import Settings

_TOO_MANY = 429
_HTML = (
    "<html><head><title>{status}</title></head><body><h1>{status}</h1>"
    "<p>The page you are looking for is temporarily unavailable.</p></body></html>"
)


@dataclass(slots=True)
class Answer:
    """`code` is None where the answer carries none. `fault` names what spoilt or delayed it."""

    response: Response
    code: int | None
    fault: str | None = None

    @property
    def status(self) -> int | None:
        """None: the connection is dropped."""
        return None if isinstance(self.response, Dropped) else self.response.status_code


class Spoiler:
    """Makes answers."""

    def __init__(self, limits: Limits, settings: Settings) -> None:
        self._limits = limits
        self._settings = settings

    def refuse(self, error: ApiError, request_id: str, *, status: int | None = None) -> Answer:
        """The refusal as an answer."""
        settings = self._settings
        known = settings.rate_limit_status if error.code in {Code.RATE_LIMITED, Code.HOUR_SPENT} else None
        status = status or known or status_of(error.code, settings.business_error_status)
        return Answer(failure(error, request_id, status), int(error.code))

    async def answer(
        self,
        faults: Sequence[Fault],
        request_id: str,
        carry_out: Callable[[], dict[str, object]],
        *,
        message: str = "Success",
        refusal_status: int | None = None,
    ) -> Answer:
        """Carry out and answer, unless a fault wants it otherwise. `faults` come from `Faults.take`."""

        def answered() -> Answer:
            try:
                return Answer(success(carry_out(), request_id, message), 0)
            except ApiError as error:
                return self.refuse(error, request_id, status=refusal_status)

        if not faults:
            return answered()
        await _delay(fault for fault in faults if not fault.after)
        spoiling = next((fault for fault in faults if fault.kind != "slow"), None)
        answer = answered() if spoiling is None or spoiling.carries_out else None
        await _delay(fault for fault in faults if fault.after)
        if spoiling is not None:
            answer = self._spoil(spoiling, request_id, answer)
        if answer is None:
            raise RuntimeError("a request was neither carried out nor spoilt")
        answer.fault = faults[0].kind if spoiling is None else spoiling.kind
        return answer

    def _spoil(self, fault: Fault, request_id: str, answer: Answer | None) -> Answer:
        if fault.kind == "truncate" and answer is not None:
            return Answer(Truncated(answer.response), answer.code)
        if fault.kind == "drop":
            return Answer(Dropped(), None)
        if fault.kind == "html":
            status = fault.status or 502
            return Answer(HTMLResponse(_HTML.format(status=status), status), None)
        if fault.kind == "rate_limit":
            error = self._limits.refusal(fault.seconds, retry_after=fault.retry_after, form=fault.retry_after_form)
        elif fault.code is not None:
            words = words_seen(fault.code) if fault.message is None else fault.message
            error = ApiError(fault.code, words, headers=self._wait(fault))
        elif fault.kind == "gateway_timeout":
            error = ApiError(Code.GATEWAY_TIMEOUT, "gateway timeout")
        else:
            error = ApiError(Code.INTERNAL, "internal error, please retry later")
        return self.refuse(error, request_id, status=fault.status)

    def _wait(self, fault: Fault) -> dict[str, str]:
        """An answer on order carries Retry-After only under 429."""
        if fault.status != _TOO_MANY or not fault.retry_after:
            return {}
        return self._limits.refusal(fault.seconds, retry_after=True, form=fault.retry_after_form).headers


async def _delay(faults: Iterable[Fault]) -> None:
    seconds = sum(fault.seconds for fault in faults if fault.kind == "slow")
    if seconds > 0:
        await asyncio.sleep(seconds)
