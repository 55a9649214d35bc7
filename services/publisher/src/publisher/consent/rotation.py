"""Which key to encrypt tokens with while replicas have different ones: rules over fingerprints (decision 0010). Pure.

`own`: the fingerprints of this replica's keys, newest first. `holders`: all running replicas, this one included.
"""

from collections.abc import Sequence

from publisher.model import KeyHolder


def sealing_key(own: Sequence[str], holders: Sequence[KeyHolder]) -> str:
    """The newest of our keys that every replica has; our newest when there is none."""
    return next(iter(shared_keys(own, holders)), own[0])


def shared_keys(own: Sequence[str], holders: Sequence[KeyHolder]) -> list[str]:
    """Those of our keys that every replica has, newest first."""
    return [key for key in own if all(key in holder.keys for holder in holders)]


def are_agreed(holders: Sequence[KeyHolder]) -> bool:
    """Whether every replica has the same newest key: the change of keys has reached all of them."""
    return len({holder.keys[0] for holder in holders}) == 1


def key_to_reseal_with(sealed_with: str, own: Sequence[str], holders: Sequence[KeyHolder]) -> str | None:
    """The key to encrypt a record with instead of `sealed_with`; None: leave it.

    A record that some replica cannot read gets a key that all have. One that all can read moves to the newest key only
    when they agree which that is: replicas with the same keys in another order must not undo each other's work.
    """
    shared = shared_keys(own, holders)
    if not shared or sealed_with == shared[0]:
        return None
    return shared[0] if sealed_with not in shared or are_agreed(holders) else None


def may_be_opened_elsewhere(sealed_with: str | None, own: Sequence[str], holders: Sequence[KeyHolder]) -> bool:
    """Whether another replica may decrypt what we cannot. `sealed_with` None: the key of the record is not known."""
    if sealed_with is not None and sealed_with not in own:
        return any(sealed_with in holder.keys for holder in holders)
    return any(set(holder.keys) - set(own) for holder in holders)
