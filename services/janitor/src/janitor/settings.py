from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from shopsync_runtime import PositiveDuration, ServiceSettings
from shopsync_runtime.cron import CronExpression


class JanitorSettings(ServiceSettings):
    """The janitor's own settings. Variables begin with JANITOR_."""

    model_config = SettingsConfigDict(env_prefix="JANITOR_")

    nightly_cron: CronExpression = Field(
        "30 3 * * *", description="When the nightly sweeps start: minute hour day month weekday, in the zone below"
    )
    nightly_zone: str = Field("Asia/Tokyo", description="Time zone of the nightly hour, one without summer time")
    nightly_enabled: bool = Field(True, description="Whether the clock runs; commands are obeyed in any case")
    nightly_catch_up: PositiveDuration = Field(
        timedelta(hours=4),
        description="How long the night lasts: until then a missed start is made up for, and a failed enumeration is"
        " asked for again; the default ends after futureshop's maintenance (until 07:00)",
    )
    nightly_spread: PositiveDuration = Field(
        timedelta(minutes=10), description="The shops of a night start spread over this time, each at its own place"
    )
    nights_until_alert: int = Field(
        3, ge=1, le=30, description="Nights without a successful sweep after which a shop is reported as an error"
    )
    settings_grace: PositiveDuration = Field(
        timedelta(seconds=10), description="How long a command waits for the settings of its shop"
    )
    enumeration_wait: PositiveDuration = Field(
        timedelta(hours=4), description="How long a sweep waits for its enumeration; then it deletes nothing"
    )
    enumeration_retry: PositiveDuration = Field(
        timedelta(minutes=30), description="How long after a failed enumeration a nightly sweep asks again"
    )
    proof_age: PositiveDuration = Field(
        timedelta(hours=2), description="How old an enumeration may be when products are deleted by it"
    )
    catalog_wait: PositiveDuration = Field(
        timedelta(minutes=30), description="How long a sweep waits for the catalog to catch up before it chooses"
    )
    verdict_wait: PositiveDuration = Field(
        timedelta(hours=1),
        description="How long a sweep waits for the catalog to execute its delete commands; they end a tenth earlier",
    )
    max_candidates: int = Field(
        50_000, ge=1, le=50_000, description="Products that one sweep removes at most; the rest waits a night"
    )
    shops_at_once: int = Field(
        16, ge=1, le=1000, description="Shops that one replica works on at a time, waiting ones not counted"
    )
    sweeps_keep: PositiveDuration = Field(
        timedelta(days=365), description="How long sweeps with their verdicts stay in MongoDB"
    )
    lease: PositiveDuration = Field(
        timedelta(seconds=15), description="Another replica takes a sweep over after so long a silence"
    )
    poll: PositiveDuration = Field(timedelta(milliseconds=500), description="How often to look how a sweep stands")

    @field_validator("nightly_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be a time zone such as Asia/Tokyo") from None
        return value
