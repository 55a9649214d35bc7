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
    nightly_zone: str = Field("Asia/Tokyo", description="Time zone of the schedule, without daylight saving time")
    nightly_enabled: bool = Field(True, description="Whether nightly sweeps run; commands are carried out in any case")
    nightly_catch_up: PositiveDuration = Field(
        timedelta(hours=4),
        description="How long the night lasts: until then a missed start is caught up and a failed enumeration is"
        " retried; the default ends after futureshop's maintenance (until 07:00)",
    )
    nightly_spread: PositiveDuration = Field(
        timedelta(minutes=10), description="Period over which the starts of the shops are distributed"
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
        timedelta(minutes=30), description="How long after a failed enumeration a nightly sweep retries"
    )
    proof_age: PositiveDuration = Field(
        timedelta(hours=2), description="How old an enumeration may be to delete products"
    )
    catalog_wait: PositiveDuration = Field(
        timedelta(minutes=30),
        description="How long a sweep waits for the catalog to catch up before it chooses candidates",
    )
    verdict_wait: PositiveDuration = Field(
        timedelta(hours=1),
        description="How long a sweep waits for its delete commands to be executed; they expire a tenth earlier",
    )
    max_candidates: int = Field(
        50_000, ge=1, le=50_000, description="Most products that one sweep removes; the rest waits a night"
    )
    shops_at_once: int = Field(
        16, ge=1, le=1000, description="Shops that one replica sweeps concurrently, without waiting ones"
    )
    sweeps_keep: PositiveDuration = Field(
        timedelta(days=365), description="How long sweeps with their verdicts are kept"
    )
    lease: PositiveDuration = Field(
        timedelta(seconds=15), description="Another replica takes over a sweep after this long without renewal"
    )
    poll: PositiveDuration = Field(
        timedelta(milliseconds=500), description="How often to check whether a sweep can continue"
    )

    @field_validator("nightly_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be a time zone such as Asia/Tokyo") from None
        return value
