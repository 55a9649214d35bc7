"""The demo's verdict on itself. Pure: what was meant, what the sandbox and the topics saw, what is off."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the verdict rests on. Product numbers, and counts from the two sandboxes."""

    products: int
    expected_listed: frozenset[str]
    """ON, complete, and within what TikTok takes when the sync ran."""
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
    """What is off, one line each with the rule that it breaks; empty when everything is as promised."""
    found: list[str] = []
    found += _listings(facts)
    found += _once(facts)
    found += _removals(facts)
    if facts.futureshop_writes:
        found.append(f"{facts.futureshop_writes} writes were sent to futureshop; none may be (NV-2)")
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
        found.append(f"{len(missing)} products that are ON and complete have no listing: {_some(missing)}")
    if extra := facts.listed - facts.expected_listed:
        found.append(f"{len(extra)} listings that should not be: {_some(extra)} (NV-4, ED-5)")
    if twice := {sku for sku, creates in facts.creates_per_sku.items() if creates > 1}:
        found.append(f"{len(twice)} seller SKUs were created more than once: {_some(twice)} (NV-8)")
    return found


def _once(facts: Facts) -> list[str]:
    found: list[str] = []
    if again := {sku for sku, writes in facts.stock_writes_per_sku.items() if writes > 1}:
        found.append(f"stock was sent more than once for {len(again)} SKUs: {_some(again)} (ST-3)")
    if facts.tiktok_deletes or facts.tiktok_deactivates:
        found.append(
            f"{facts.tiktok_deletes} delete and {facts.tiktok_deactivates} deactivate calls to TikTok; "
            "none may be (NV-1)"
        )
    return found


def _removals(facts: Facts) -> list[str]:
    found: list[str] = []
    due = facts.deleted_upstream - facts.sync_enabled
    if left := due & facts.in_catalogue:
        found.append(f"{len(left)} products deleted upstream and OFF are still in the tool: {_some(left)} (DL-1)")
    if lost := (facts.deleted_upstream & facts.sync_enabled) - facts.in_catalogue:
        found.append(f"{len(lost)} products deleted upstream but ON are gone: {_some(lost)} (DL-4)")
    expected = facts.products - len(due)
    if len(facts.in_catalogue) != expected:
        found.append(f"the catalogue holds {len(facts.in_catalogue)} products instead of {expected} (DL-8)")
    return found


def _some(names: frozenset[str] | set[str]) -> str:
    shown = sorted(names)[:5]
    return ", ".join(shown) + (", …" if len(names) > len(shown) else "")
