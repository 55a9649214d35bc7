from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shopsync_runtime import PositiveDuration, ServiceSettings


class CatalogSettings(ServiceSettings):
    """Settings of the catalog alone. Variables begin with CATALOG_."""

    model_config = SettingsConfigDict(env_prefix="CATALOG_")

    max_records: int = Field(
        500,
        ge=1,
        le=5000,
        description="Messages in one batch. MongoDB gets at most four reads and four writes for its products",
    )
    compare_sale_form: bool = Field(
        True,
        description="Whether 情報を更新する also overwrites when only the sale form has switched, not 更新日 (Q8)",
    )
    proof_age: PositiveDuration = Field(
        timedelta(hours=2),
        description="How old a proof of absence may be to delete a product",
    )
    settings_grace: PositiveDuration = Field(
        timedelta(seconds=10),
        description="How long a sync for a shop without settings waits for them before it is refused",
    )
    barrier_timeout: PositiveDuration = Field(
        timedelta(seconds=20),
        description="How long one attempt of a sync waits for earlier messages to be applied before it is retried",
    )
    schedule_tick: PositiveDuration = Field(
        timedelta(seconds=5), description="How often to check for timed syncs that are due"
    )
    schedule_catch_up: PositiveDuration = Field(
        timedelta(hours=1), description="How late a timed sync that was missed during downtime still starts"
    )
    held_check_interval: PositiveDuration = Field(
        timedelta(seconds=1), description="How often messages about unknown products are checked again"
    )
    snapshot_check_interval: PositiveDuration = Field(
        timedelta(seconds=1),
        description="How often products whose last snapshot differs from their state are published again",
    )
