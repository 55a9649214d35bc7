"""Judges a run of the demo: compares what was intended with what the sandboxes and the topics saw. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the run is judged by: product numbers, and counts from the two sandboxes."""

    products: int
    expected_listed: frozenset[str]
    """Products that were ON, complete and acceptable to TikTok when the sync ran."""
    listed: frozenset[str]
    """Products that have a listing on TikTok Shop."""
    creates_per_sku: Mapping[str, int]
    stock_writes_per_sku: Mapping[str, int]
    tiktok_deletes: int
    tiktok_deactivates: int
    futureshop_writes: int
    sync_enabled: frozenset[str]
    deleted_upstream: frozenset[str]
    in_catalogue: frozenset[str]
    statuses: Mapping[str, str]
    dead_letters: tuple[str, ...] = field(default=())


def findings(facts: Facts) -> list[str]:
    """What is wrong, one line each, with the rule it breaks; empty when everything is as promised."""
    found: list[str] = []
    found += _listings(facts)
    found += _once(facts)
    found += _removals(facts)
    if facts.futureshop_writes:
        found.append(f"writes sent to futureshop, where none may be (NV-2): {facts.futureshop_writes}")
    unsettled = Counter(
        status for number, status in facts.statuses.items() if number in facts.expected_listed and status != "synced"
    )
    if unsettled:
        found.append(f"sent products that are not synced: {dict(unsettled)}")
    found += [f"dead letter: {reason}" for reason in facts.dead_letters]
    return found


def _listings(facts: Facts) -> list[str]:
    found: list[str] = []
    if missing := facts.expected_listed - facts.listed:
        found.append(f"ON and complete, but without a listing: {_some(missing)}")
    if extra := facts.listed - facts.expected_listed:
        found.append(f"listings that should not be (NV-4, ED-5): {_some(extra)}")
    if twice := {sku for sku, creates in facts.creates_per_sku.items() if creates > 1}:
        found.append(f"seller SKUs that were created more than once (NV-8): {_some(twice)}")
    return found


def _once(facts: Facts) -> list[str]:
    found: list[str] = []
    if again := {sku for sku, writes in facts.stock_writes_per_sku.items() if writes > 1}:
        found.append(f"seller SKUs whose stock was sent more than once (ST-3): {_some(again)}")
    if facts.tiktok_deletes or facts.tiktok_deactivates:
        found.append(
            f"calls to TikTok that may not be (NV-1): delete {facts.tiktok_deletes},"
            f" deactivate {facts.tiktok_deactivates}"
        )
    return found


def _removals(facts: Facts) -> list[str]:
    found: list[str] = []
    due = facts.deleted_upstream - facts.sync_enabled
    if left := due & facts.in_catalogue:
        found.append(f"deleted upstream and OFF, but still in the tool (DL-1): {_some(left)}")
    if lost := (facts.deleted_upstream & facts.sync_enabled) - facts.in_catalogue:
        found.append(f"deleted upstream but ON, and gone (DL-4): {_some(lost)}")
    expected = facts.products - len(due)
    if len(facts.in_catalogue) != expected:
        found.append(f"products in the catalogue (DL-8): {len(facts.in_catalogue)} instead of {expected}")
    return found


def _some(names: frozenset[str] | set[str]) -> str:
    """`7 (A, B, C, D, E, …)`."""
    shown = sorted(names)[:5]
    return f"{len(names)} ({', '.join(shown)}{', …' if len(names) > len(shown) else ''})"
