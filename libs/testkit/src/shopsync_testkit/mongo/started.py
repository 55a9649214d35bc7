from dataclasses import dataclass

from shopsync_testkit.nodes import Node


@dataclass(frozen=True)
class StartedMongo:
    """A started or external MongoDB, as every backend returns it."""

    uri: str
    backend: str
    version: str
    node: Node
