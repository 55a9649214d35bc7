from dataclasses import dataclass

from shopsync_testkit.nodes import Node


@dataclass(frozen=True)
class StartedMongo:
    """What every backend returns."""

    uri: str
    backend: str
    version: str
    node: Node
