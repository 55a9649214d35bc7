"""Settings of Python's garbage collector for a service."""

import gc

_NEW_OBJECTS = 50_000
_YOUNG_RUNS = 20


def tune_collector() -> None:
    """Let the collector run rarely, and never look again at what exists now. Call once, when everything is built.

    A batch of messages makes some hundred thousand objects and drops them all at its end, by reference counts. With
    Python's own setting the collector visits them many times per batch, and all modules and models as well.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_RUNS, _YOUNG_RUNS)
