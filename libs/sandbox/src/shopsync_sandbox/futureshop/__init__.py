from shopsync_sandbox.futureshop.access import Credentials, credentials_for
from shopsync_sandbox.futureshop.faults import Endpoint, Fault, FaultKind
from shopsync_sandbox.futureshop.sandbox import DEFAULT_SEED, FutureshopSandbox, ShopSpec

__all__ = [
    "DEFAULT_SEED",
    "Credentials",
    "Endpoint",
    "Fault",
    "FaultKind",
    "FutureshopSandbox",
    "ShopSpec",
    "credentials_for",
]
