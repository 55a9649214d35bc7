"""What a broker may lack: the vocabulary of `Broker.lacks`."""

from collections.abc import Mapping
from types import MappingProxyType

CAPABILITIES: Mapping[str, str] = MappingProxyType({})
