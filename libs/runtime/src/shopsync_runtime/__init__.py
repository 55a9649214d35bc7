"""Everything that makes a process a shopsync service."""

from shopsync_contracts.access import consumer_group
from shopsync_runtime.broker import Fetching
from shopsync_runtime.delivery import Delivery, Handler, RefusedDelivery, each
from shopsync_runtime.errors import (
    LeaseLost,
    OperationalError,
    PermanentError,
    RetryableError,
    SettingsError,
    StartError,
)
from shopsync_runtime.events import EventPublisher
from shopsync_runtime.failpoints import failpoint
from shopsync_runtime.kafka.barrier import Barrier
from shopsync_runtime.kafka.messages import OutgoingMessage
from shopsync_runtime.leases import Lease, Leases
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.service import run_service
from shopsync_runtime.settings import CommonSettings, Duration, PositiveDuration, ServiceSettings
from shopsync_runtime.settings_loading import load_settings
from shopsync_runtime.shutdown import Shutdown, ShuttingDown

__all__ = [
    "Barrier",
    "CommonSettings",
    "Delivery",
    "Duration",
    "EventPublisher",
    "Fetching",
    "Handler",
    "Lease",
    "LeaseLost",
    "Leases",
    "OperationalError",
    "OutgoingMessage",
    "PermanentError",
    "PositiveDuration",
    "RefusedDelivery",
    "RetryableError",
    "Runtime",
    "ServiceSettings",
    "SettingsError",
    "Shutdown",
    "ShuttingDown",
    "StartError",
    "consumer_group",
    "each",
    "failpoint",
    "load_settings",
    "run_service",
]
