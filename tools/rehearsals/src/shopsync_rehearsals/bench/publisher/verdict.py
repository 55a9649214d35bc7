"""Compares what was promised with what was measured. Pure."""

from collections.abc import Sequence

from shopsync_rehearsals.bench.lines import Line
from shopsync_rehearsals.bench.publisher.plan import Role
from shopsync_rehearsals.bench.publisher.run import Measured
from shopsync_rehearsals.bench.publisher.traffic import Call, busy_span, rate_used
from shopsync_rehearsals.bench.usage import Load, cores, load
from shopsync_sandbox.tiktok.traffic import busiest_second

LEAST_USE = 0.95
SATURATED = 0.9
"""Above this share of all cores' time the processor is the limit."""
LONGEST_RECOVERY = 30.0
"""Seconds from the end of an outage to the shop's first answered call."""

BUSIEST = "calls of one shop in any second, most"

_NEVER = ("deactivate_products", "delete_products")


def judge(measured: Measured) -> list[Line]:
    """Every line of the report."""
    return [
        *_counts(measured),
        *_rates(measured),
        *_throttled(measured),
        *_broken(measured),
        *_crashes(measured),
    ]


def _counts(measured: Measured) -> list[Line]:
    done, products = measured.summary, measured.products
    created_once = sum(1 for count in measured.created_events.values() if count == 1)
    called = sum(done["requests"]["by_operation"].get(operation, 0) for operation in _NEVER)
    writes = measured.stock_writes_per_sku.values()
    stock_once = sum(1 for count in measured.stock_events.values() if count == 1)
    return [
        _equal("products created", done["creates"], products),
        _equal("creates per product, most", max(measured.creates_per_sku.values(), default=0), 1),
        _equal("products on sale at the end", done["listings"].get("ACTIVATE", 0), products),
        _equal("products with one `created` event", created_once, products),
        _equal("SKUs with stock", len(writes), measured.skus),
        _equal("stock writes per SKU, most", max(writes, default=0), 1),
        _equal("SKUs with one report of stock sent", stock_once, measured.skus),
        _equal("calls that hide or delete", called, 0),
    ]


def _rates(measured: Measured) -> list[Line]:
    plan = measured.plan
    healthy = {shop: measured.calls[shop] for shop in plan.shops_in(Role.HEALTHY)}
    # The throttled shop has a limit, and lines, of its own.
    normal = [calls for shop, calls in measured.calls.items() if plan.role(shop) is not Role.THROTTLED]
    busiest = max((busiest_second([call.at for call in calls]) for calls in normal), default=0)
    refused = sum(call.refused for calls in healthy.values() for call in calls)
    used = sorted(_use(calls, plan.rate) for calls in healthy.values())
    # A publisher that is dead half of the time cannot use the rate.
    good = used[0] >= LEAST_USE if plan.kill_every is None else None
    spent = _load(measured)
    return [
        Line(
            BUSIEST,
            str(busiest),
            f"≤ {plan.rate:g}",
            busiest <= plan.rate,
            because=_limit(spent) if busiest > plan.rate else "",
        ),
        _equal("429s of healthy shops", refused, 0),
        Line(
            "rate used, least of the healthy shops",
            f"{used[0]:.1%}",
            f"≥ {LEAST_USE:.0%}",
            good,
            is_speed=True,
            because=_limit(spent) if good is False else "",
        ),
        Line("rate used, healthy shops' mean", f"{sum(used) / len(used):.1%}"),
        *_processor(spent),
    ]


def _load(measured: Measured) -> Load | None:
    """The load while the healthy shops pushed."""
    spans = [busy_span(measured.calls[shop]) for shop in measured.plan.shops_in(Role.HEALTHY)]
    end = max((span[1] for span in spans if span is not None), default=measured.began)
    return load(measured.samples, measured.began, end, cores())


def _limit(spent: Load | None) -> str:
    if spent is None or spent.machine < SATURATED:
        return ""
    return f"the processor is the limit: {spent.machine:.0%} of {spent.cores} cores' time was used"


def _processor(spent: Load | None) -> list[Line]:
    if spent is None:
        return []
    of = f"of {spent.cores} cores, while healthy shops push"
    return [
        Line(f"processor time {of}: this benchmark", f"{spent.ours:.0%}"),
        Line(f"processor time {of}: whole machine", f"{spent.machine:.0%}"),
    ]


def _use(calls: Sequence[Call], rate: float) -> float:
    span = busy_span(calls)
    return 0.0 if span is None else rate_used(calls, rate, span)


def _throttled(measured: Measured) -> list[Line]:
    plan, lines = measured.plan, []
    for shop in plan.shops_in(Role.THROTTLED):
        end = measured.began + plan.throttled_seconds
        during = [call for call in measured.calls[shop] if call.at < end]
        let_in = [call.at for call in during if not call.refused]
        lines += [
            Line(
                f"throttled to {plan.throttled_rate:g}/s for {_s(plan.throttled_seconds)}: calls let in",
                str(len(let_in)),
            ),
            Line("throttled: use of that rate", _share(let_in, plan.throttled_rate)),
            Line("throttled: 429s", str(len(during) - len(let_in))),
            Line("throttled: last product created after", _last(measured, shop)),
        ]
    return lines


def _share(times: Sequence[float], rate: float) -> str:
    if len(times) < 2:
        return "-"
    return f"{(len(times) - 1) / (rate * (times[-1] - times[0])):.1%}"


def _broken(measured: Measured) -> list[Line]:
    plan, lines = measured.plan, []
    for shop in plan.shops_in(Role.BROKEN):
        calls = measured.calls[shop]
        end = measured.began + plan.outage_seconds
        answered = next((call.at for call in calls if call.at >= end and not call.failed), None)
        recovered = None if answered is None else answered - end
        good = recovered is not None and recovered <= LONGEST_RECOVERY
        lines += [
            Line(f"broken for {_s(plan.outage_seconds)}: calls answered 5xx", str(sum(call.failed for call in calls))),
            Line(
                "broken: works again after the outage's end",
                "never" if recovered is None else _s(recovered),
                f"≤ {_s(LONGEST_RECOVERY)}",
                good,
                is_speed=True,
            ),
            Line("broken: last product created after", _last(measured, shop)),
        ]
    return lines


def _last(measured: Measured, shop: str) -> str:
    """Time from the commands to the shop's last call that pushed."""
    span = busy_span(measured.calls[shop])
    return "-" if span is None else _s(span[1] - measured.began)


def _crashes(measured: Measured) -> list[Line]:
    if measured.plan.kill_every is None:
        return []
    return [Line("publishers killed with -9", str(measured.kills), "≥ 1", measured.kills >= 1)]


def _equal(what: str, measured: int, wanted: int) -> Line:
    return Line(what, str(measured), str(wanted), measured == wanted)


def _s(seconds: float) -> str:
    return f"{seconds:.1f} s"
