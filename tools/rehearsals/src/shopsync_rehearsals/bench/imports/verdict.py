"""Compares what was promised of an import with what was measured. Pure."""

from shopsync_rehearsals.bench.imports.memory import growth
from shopsync_rehearsals.bench.imports.run import Measured
from shopsync_rehearsals.bench.lines import Line

MOST_TIME = 1.05
MOST_GROWTH = 0.10


def judge(measured: Measured) -> list[Line]:
    """Every line of the report."""
    plan, calls = measured.plan, measured.calls
    share, grown = measured.seconds / plan.least_seconds, growth(measured.memory)
    return [
        Line("the import", measured.failure or "completed", "completed", not measured.failure),
        _equal("products read", measured.read, plan.products),
        _equal("products published", measured.changed, plan.products),
        _equal("products refused", measured.not_taken, 0),
        _equal("messages on product-changes.v1", measured.messages, plan.products),
        _equal("products known to be present", measured.present, plan.products),
        Line("a complete listing, proof of absence", str(measured.proven), "True", measured.proven),
        _equal("calls of the product search", calls.get("products", 0), plan.product_pages),
        _equal("calls of the stock search", calls.get("inventory", 0), plan.stock_pages),
        Line("calls answered with an error", str(measured.refused), "0", measured.refused == 0, is_speed=True),
        Line("seconds at the least", f"{plan.least_seconds:.1f}", f"{plan.calls} calls at {plan.rate:g}/s"),
        Line("seconds", f"{measured.seconds:.1f}"),
        Line("time of the least possible", f"{share:.1%}", f"≤ {MOST_TIME:.0%}", share <= MOST_TIME, is_speed=True),
        Line(
            "memory: growth after the first fifth",
            "-" if grown is None else f"{grown:+.1%}",
            f"≤ {MOST_GROWTH:.0%}",
            None if grown is None else grown <= MOST_GROWTH,
            is_speed=True,
        ),
    ]


def _equal(what: str, measured: int, wanted: int) -> Line:
    return Line(what, f"{measured:,}", f"{wanted:,}", measured == wanted)
