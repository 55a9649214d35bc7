from shopsync_sandbox.futureshop.access import Credentials, credentials_for
from shopsync_sandbox.futureshop.actions import DEFAULT_SEED, ShopSpec
from shopsync_sandbox.futureshop.faults import Endpoint, Fault, FaultKind
from shopsync_sandbox.futureshop.sandbox import FutureshopSandbox

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
