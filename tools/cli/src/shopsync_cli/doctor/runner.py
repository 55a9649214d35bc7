"""Runs the checks side by side, each for a bounded time. One that fails in itself is a finding, never a stack trace."""

import asyncio
from collections.abc import Callable, Sequence

from shopsync_cli.bounded import ClientGaveUp, TookTooLong, bounded
from shopsync_cli.doctor.model import Check, Examined, Finding, Patient, Verdict, fail, skipped
from shopsync_cli.errors import CommandFailed, MayNot, NotGiven, WrongCall
from shopsync_runtime.wording import error_text

_LONGEST = 300


async def examine(
    patient: Patient, checks: Sequence[Check], on_done: Callable[[str], None] = lambda _: None
) -> list[Examined]:
    """All checks, in the given order. `on_done` is told the name of each as it ends."""

    async def one(check: Check) -> Examined:
        findings = await _run(patient, check)
        on_done(check.name)
        return Examined(check.name, check.group, tuple(findings))

    return list(await asyncio.gather(*(one(check) for check in checks)))


def is_healthy(examined: Sequence[Examined]) -> bool:
    """Whether nothing failed."""
    return all(one.verdict is not Verdict.FAIL for each in examined for one in each.findings)


async def _run(patient: Patient, check: Check) -> Sequence[Finding]:
    for need, why in (("kafka", patient.no_kafka), ("mongo", patient.no_mongo)):
        if need in check.needs and why is not None:
            return [_without(check, why)]
    try:
        return await bounded(check.run(patient), patient.seconds)
    except TookTooLong as error:
        return [fail(check.name, str(error), "look at its address; --timeout waits longer")]
    except ClientGaveUp as error:
        return [fail(check.name, str(error), "try again")]
    except (CommandFailed, WrongCall) as error:
        text, do = (error.what, error.do) if isinstance(error, MayNot) else (str(error), "")
        return [fail(check.name, text[:_LONGEST], do)]
    except Exception as error:  # noqa: BLE001 - a bug in one check must not hide what the others found
        return [fail(check.name, f"the check itself failed: {error_text(error)[:_LONGEST]}")]


def _without(check: Check, why: WrongCall) -> Finding:
    """An address that is not there leaves checks out; settings that are wrong are a finding."""
    if isinstance(why, NotGiven):
        return skipped(check.name, str(why))
    return fail(check.name, str(why), "correct the setting")
