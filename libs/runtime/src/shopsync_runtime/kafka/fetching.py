"""How long a fetch waits at the broker for records that are not there yet."""

from typing import Any

from aiokafka.consumer.fetcher import Fetcher

_BESIDE_FETCHED_MS = 50


class PromptFetcher(Fetcher):  # type: ignore[misc] # aiokafka is untyped
    """Does not wait long for some partitions while fetched records of others wait to be taken.

    There is one request per broker at a time, and it asks only for partitions without fetched records. Of a group with
    quiet topics beside busy ones, it would ask for the quiet ones alone and wait half a second, in which the busy ones
    are used up and cannot be asked for.
    """

    @property
    def _fetch_max_wait_ms(self) -> Any:
        # A property of the class goes before the attribute that aiokafka has set on the instance.
        usual = self.__dict__["_fetch_max_wait_ms"]
        return min(usual, _BESIDE_FETCHED_MS) if self._records else usual


def make_prompt(fetcher: Any) -> None:
    """Give a fetcher these waits. aiokafka creates it in a consumer's `start` and has no setting for its class."""
    if isinstance(fetcher, Fetcher):
        fetcher.__class__ = PromptFetcher
