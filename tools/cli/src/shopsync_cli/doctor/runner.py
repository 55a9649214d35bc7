"""Runs the checks side by side, each for a bounded time. One that fails in itself is a finding, never a stack trace."""

import asyncio
from collections.abc import Callable, Sequence

from shopsync_cli.doctor.model import Check, Examined, Finding, Patient, Verdict, fail, skipped
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_runtime.wording import error_text

_SETTLE_SECONDS = 1.0
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
    if "kafka" in check.needs and patient.cluster is None:
        return [_without(check, patient.no_kafka)]
    if "mongo" in check.needs and patient.mongo is None:
        return [_without(check, patient.no_mongo)]
    task = asyncio.ensure_future(check.run(patient))
    # Not asyncio.timeout: a client that swallows its cancellation must not hold up the others.
    await asyncio.wait({task}, timeout=patient.seconds)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_SETTLE_SECONDS)
        return [
            fail(check.name, f"no answer within {patient.seconds:g} s", "look at its address; --timeout waits longer")
        ]
    return _outcome(check, task)


def _outcome(check: Check, task: "asyncio.Future[Sequence[Finding]]") -> Sequence[Finding]:
    try:
        return task.result()
    except (CommandFailed, WrongCall) as error:
        return [fail(check.name, str(error)[:_LONGEST])]
    except asyncio.CancelledError:
        # aiokafka raises that of a task of its own when its broker goes away.
        return [fail(check.name, "the connection was lost meanwhile", "try again")]
    except Exception as error:  # noqa: BLE001 - a bug in one check must not hide what the others found
        return [fail(check.name, f"the check itself failed: {error_text(error)[:_LONGEST]}")]


def _without(check: Check, why: str) -> Finding:
    """A setting that is not there leaves checks out; one that is wrong is a finding."""
    return skipped(check.name, why) if "is not set" in why else fail(check.name, why, "correct the setting")
