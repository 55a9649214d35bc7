"""A service for tests: counts in MongoDB how often it saw each event, and blocks its loop when told to."""

import asyncio
import time
from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import Delivery, Duration, Runtime, ServiceSettings, each, run_service


class ProbeSettings(ServiceSettings):
    """Settings of the probe."""

    model_config = SettingsConfigDict(env_prefix="PROBE_", extra="forbid", frozen=True)

    token: SecretStr = Field(min_length=3, description="a secret")
    block: Duration = Field(timedelta(0), description="block the event loop this long, once started")
    slow: Duration = Field(timedelta(0), description="wait this long before each message")


def build(runtime: Runtime, settings: ProbeSettings) -> None:
    async def count(delivery: Delivery) -> None:
        await asyncio.sleep(settings.slow.total_seconds())
        await runtime.database["seen"].update_one({"_id": delivery.event.id}, {"$inc": {"times": 1}}, upsert=True)

    async def block() -> None:
        time.sleep(settings.block.total_seconds())  # noqa: ASYNC251 - the very thing the watchdog is for

    runtime.consume("commands", [PUSH_COMMANDS], each(count), max_records=50)
    runtime.background("blocker", block)


run_service("probe", ProbeSettings, build, default_http_port=8099)
