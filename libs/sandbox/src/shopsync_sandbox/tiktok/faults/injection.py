"""Answers a request, with the faults that apply to it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response

from shopsync_sandbox.tiktok.faults.connections import Dropped, Truncated
from shopsync_sandbox.tiktok.faults.registry import Fault
from shopsync_sandbox.tiktok.limits import Limits
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.protocol.envelope import failure, status_of, success
from shopsync_sandbox.tiktok.protocol.live_answers import live_message
from shopsync_sandbox.tiktok.settings import Settings

_TOO_MANY = 429
_HTML = (
    "<html><head><title>{status}</title></head><body><h1>{status}</h1>"
    "<p>The page you are looking for is temporarily unavailable.</p></body></html>"
)


@dataclass(slots=True)
class Answer:
    """`code` is None where the answer has none. `fault` names the fault that changed or delayed it."""

    response: Response
    code: int | None
    fault: str | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status; None when the connection is dropped."""
        return None if isinstance(self.response, Dropped) else self.response.status_code


class FaultInjector:
    """Turns results and refusals into answers, and applies faults."""

    def __init__(self, limits: Limits, settings: Settings) -> None:
        self._limits = limits
        self._settings = settings

    def refuse(self, error: ApiError, request_id: str, *, status: int | None = None) -> Answer:
        """A refusal as an answer."""
        settings = self._settings
        known = settings.rate_limit_status if error.code in {Code.RATE_LIMITED, Code.HOUR_SPENT} else None
        status = status or known or status_of(error.code, settings.business_error_status)
        return Answer(failure(error, request_id, status), int(error.code))

    async def answer(
        self,
        faults: Sequence[Fault],
        request_id: str,
        process: Callable[[], dict[str, object]],
        *,
        message: str = "Success",
        refusal_status: int | None = None,
    ) -> Answer:
        """Process the request and answer it, unless a fault prevents that. `faults` come from `Faults.take`."""

        def normal_answer() -> Answer:
            try:
                return Answer(success(process(), request_id, message), 0)
            except ApiError as error:
                return self.refuse(error, request_id, status=refusal_status)

        if not faults:
            return normal_answer()
        await _delay(fault for fault in faults if not fault.after)
        changing = next((fault for fault in faults if fault.kind != "slow"), None)
        answer = normal_answer() if changing is None or changing.is_carried_out else None
        await _delay(fault for fault in faults if fault.after)
        if changing is not None:
            answer = self._changed(changing, request_id, answer)
        if answer is None:
            raise RuntimeError("a request was neither processed nor changed by a fault")
        answer.fault = faults[0].kind if changing is None else changing.kind
        return answer

    def _changed(self, fault: Fault, request_id: str, answer: Answer | None) -> Answer:
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
            message = live_message(fault.code) if fault.message is None else fault.message
            error = ApiError(fault.code, message, headers=self._wait(fault))
        elif fault.kind == "gateway_timeout":
            error = ApiError(Code.GATEWAY_TIMEOUT, "gateway timeout")
        else:
            error = ApiError(Code.INTERNAL, "internal error, please retry later")
        return self.refuse(error, request_id, status=fault.status)

    def _wait(self, fault: Fault) -> dict[str, str]:
        """A requested answer has Retry-After only with status 429."""
        if fault.status != _TOO_MANY or not fault.retry_after:
            return {}
        return self._limits.refusal(fault.seconds, retry_after=True, form=fault.retry_after_form).headers


async def _delay(faults: Iterable[Fault]) -> None:
    seconds = sum(fault.seconds for fault in faults if fault.kind == "slow")
    if seconds > 0:
        await asyncio.sleep(seconds)
