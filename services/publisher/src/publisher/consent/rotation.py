"""Which key to seal tokens with while replicas may know different ones: pure rules over fingerprints (decision 0010).

`own` are this replica's fingerprints, newest first. `holders` are all replicas heard of lately, this one included.
"""

from collections.abc import Sequence

from publisher.model import KeyHolder


def sealing_key(own: Sequence[str], holders: Sequence[KeyHolder]) -> str:
    """The newest of our keys that every replica can open; our newest when no key is common to all."""
    return next(iter(shared_keys(own, holders)), own[0])


def shared_keys(own: Sequence[str], holders: Sequence[KeyHolder]) -> list[str]:
    """Those of our keys that every replica can open, newest first."""
    return [key for key in own if all(key in holder.keys for holder in holders)]


def are_agreed(holders: Sequence[KeyHolder]) -> bool:
    """Whether every replica has the same newest key: the change of keys has reached all of them."""
    return len({holder.keys[0] for holder in holders}) == 1


def key_to_reseal_with(sealed_with: str, own: Sequence[str], holders: Sequence[KeyHolder]) -> str | None:
    """The key that a record should be sealed with instead of `sealed_with`; None: leave it.

    What some replica cannot open is sealed again with a key that all can. What all can open is moved to the newest key
    only once they agree which that is, so that two orders of the same keys never undo each other's work.
    """
    shared = shared_keys(own, holders)
    if not shared or sealed_with == shared[0]:
        return None
    return shared[0] if sealed_with not in shared or are_agreed(holders) else None


def may_be_opened_elsewhere(sealed_with: str | None, own: Sequence[str], holders: Sequence[KeyHolder]) -> bool:
    """Whether another replica may open what we cannot. `sealed_with` None: nobody has noted the key of the record."""
    if sealed_with is not None and sealed_with not in own:
        return any(sealed_with in holder.keys for holder in holders)
    return any(set(holder.keys) - set(own) for holder in holders)
