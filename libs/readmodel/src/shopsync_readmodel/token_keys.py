"""The keys that TikTok Shop's tokens are sealed with: which publisher has which, and which is still needed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shopsync_runtime.mongo import Database
from shopsync_runtime.wording import counted


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key by its fingerprint. `known_to`: replicas that have it; `newest_of`: those that seal with it."""

    key: str
    known_to: tuple[str, ...]
    newest_of: tuple[str, ...]
    shops: int
    state: str


@dataclass(frozen=True, slots=True)
class KeyReport:
    """`replicas`: running publishers with their keys, newest first. `unnoted`: shops whose key is not recorded yet."""

    replicas: tuple[tuple[str, tuple[str, ...]], ...]
    keys: tuple[KeyUse, ...]
    unnoted: int

    @property
    def problem(self) -> str | None:
        """Why an older key is still needed; None when every replica and all tokens have the same newest one."""
        if not self.replicas:
            return "no publisher is running"
        newest = {keys[0] for _, keys in self.replicas}
        if len(newest) > 1:
            return f"the publishers have different newest keys: {', '.join(sorted(newest))}"
        waiting = self.unnoted + sum(use.shops for use in self.keys if use.key not in newest)
        return (
            f"the tokens of {counted(waiting, 'shop')} are sealed with another key than the newest" if waiting else None
        )

    def document(self) -> dict[str, Any]:
        """For JSON."""
        keys = [
            {
                "key": use.key,
                "known_to": list(use.known_to),
                "newest_of": list(use.newest_of),
                "shops": use.shops,
                "state": use.state,
            }
            for use in self.keys
        ]
        replicas = [{"replica": name, "keys": list(held)} for name, held in self.replicas]
        return {"replicas": replicas, "keys": keys, "shops_not_noted": self.unnoted, "problem": self.problem}


async def read_keys(database: Database) -> KeyReport:
    """From `token_keys` and `authorization_states`; consents that have ended need no key."""
    running = database["token_keys"].find({"$expr": {"$gt": ["$counts_until", "$$NOW"]}}).sort("replica", 1)
    replicas = [(str(one["replica"]), tuple(map(str, one["keys"]))) async for one in running]
    per_key: list[dict[str, Any]] = [
        {"$match": {"ended": None}},
        {"$group": {"_id": "$sealed_with", "shops": {"$sum": 1}}},
    ]
    found = await database["authorization_states"].aggregate(per_key)
    return key_report({row["_id"]: row["shops"] async for row in found}, replicas)


def key_report(shops: Mapping[str | None, int], replicas: Sequence[tuple[str, tuple[str, ...]]]) -> KeyReport:
    """`shops`: how many shops' tokens are sealed with which key; None: with a key that is not recorded yet."""
    sealed = Counter({key: count for key, count in shops.items() if key is not None})
    order = {key: None for _, keys in replicas for key in keys} | dict.fromkeys(sorted(sealed))
    unnoted = shops.get(None, 0)
    settled = KeyReport(tuple(replicas), (), 0).problem is None
    uses = [_use(key, sealed[key], replicas, settled=settled and not unnoted) for key in order]
    return KeyReport(tuple(replicas), tuple(uses), unnoted)


def _use(key: str, shops: int, replicas: Sequence[tuple[str, tuple[str, ...]]], *, settled: bool) -> KeyUse:
    known_to = tuple(name for name, keys in replicas if key in keys)
    newest_of = tuple(name for name, keys in replicas if keys[0] == key)
    lacking = [name for name, keys in replicas if key not in keys]
    return KeyUse(key, known_to, newest_of, shops, _state(shops, known_to, newest_of, lacking, settled=settled))


def _state(
    shops: int, known_to: Sequence[str], newest_of: Sequence[str], lacking: Sequence[str], *, settled: bool
) -> str:
    if not known_to:
        return "missing: no publisher has it, put it back behind the newest key"
    if newest_of and lacking:
        lack = "lacks" if len(lacking) == 1 else "lack"
        return f"not used before every publisher has it: {', '.join(lacking)} {lack} it"
    if newest_of:
        return "newest"
    return "may be dropped" if settled and not shops else "still needed"
