"""Topics as operators write them: `reports`, `reports.v1` or the full name."""

import difflib

from shopsync_cli.errors import WrongCall
from shopsync_contracts import TOPICS, TopicSpec


def spec_of(given: str, prefix: str) -> TopicSpec:
    """The declared topic. Raises WrongCall with the nearest names."""
    found = find_spec(given, prefix)
    if found is None:
        names = [spec.name for spec in TOPICS]
        near = difflib.get_close_matches(given, names, n=3, cutoff=0.5) or names
        raise WrongCall(f"{given!r} is no declared topic; known: {', '.join(near)}")
    return found


def find_spec(given: str, prefix: str) -> TopicSpec | None:
    """The declared topic of a short or full name, or None."""
    for spec in TOPICS:
        if given in {spec.name, spec.name.rpartition(".")[0], spec.full_name(prefix)}:
            return spec
    return None
