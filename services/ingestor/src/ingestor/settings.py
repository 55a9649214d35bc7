from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from ingestor.futureshop.shops import ShopsFile, load_mapping, load_shops
from shopsync_runtime import PositiveDuration, ServiceSettings, SettingsError
from shopsync_runtime.cron import CronExpression


class IngestorSettings(ServiceSettings):
    """The ingestor's own settings. Variables begin with INGESTOR_."""

    model_config = SettingsConfigDict(env_prefix="INGESTOR_")

    shops_file: Path = Field(
        description="YAML file, `shop_key: {base_url, client_id, client_secret}`; values may be ${ENV} or file:PATH. Or"
        " the folder that holds it as shops.yaml"
    )
    shops_file_every: PositiveDuration = Field(
        timedelta(seconds=10),
        description="How often the shops file and the files that it names are read again; a change needs no restart",
    )
    mapping_file: Path | None = Field(
        None, description="YAML file, `contract field: source.field`, for rows of the mapping table that differ"
    )
    requests_per_second: float = Field(
        1.0, gt=0, le=1000, description="Calls to futureshop per second and shop; futureshop allows 1"
    )
    page_size: int = Field(250, ge=50, le=250, description="Products per page")
    request_timeout: PositiveDuration = Field(timedelta(seconds=60), description="How long one reply may take")
    attempts: int = Field(20, ge=1, description="Attempts of one request that may succeed later")
    patience: PositiveDuration = Field(
        timedelta(minutes=5), description="Total time for retries of one request; a longer maintenance fails the import"
    )
    first_wait: PositiveDuration = Field(timedelta(seconds=1), description="Wait before the first retry")
    max_body_bytes: int = Field(32 * 1024 * 1024, ge=1024, description="Largest reply in bytes that is read")
    shrink_limit_products: int = Field(
        20, ge=0, description="Products that may vanish at once; beyond this and the percentage nothing is removed"
    )
    shrink_limit_percent: float = Field(30.0, ge=0, le=100, description="Share of products that may vanish at once")
    changed_overlap: PositiveDuration = Field(
        timedelta(hours=1),
        description="How far changed_only reads back before its checkpoint, and ahead of its clock",
    )
    full_read_every: PositiveDuration = Field(
        timedelta(hours=24),
        description="changed_only reads update windows, or the complete listing when the last one is older; 1s: always",
    )
    import_cron: CronExpression | None = Field(
        None,
        description="When every shop is imported with changed_only (Asia/Tokyo), once for all replicas; unset: never",
    )
    import_catch_up: PositiveDuration = Field(
        timedelta(hours=1), description="A time of INGESTOR_IMPORT_CRON that was missed by more is skipped"
    )
    progress_every: PositiveDuration = Field(
        timedelta(seconds=10), description="Shortest interval between progress reports of an import"
    )
    imports_keep: PositiveDuration = Field(
        timedelta(days=90), description="How long finished imports are kept; checkpoints stay"
    )
    presence_keep: PositiveDuration = Field(
        timedelta(days=90),
        description="How long a product that is gone upstream and from the catalog is still searched for",
    )
    settings_grace: PositiveDuration = Field(
        timedelta(seconds=10), description="How long a command waits for the settings of its shop"
    )
    lease: PositiveDuration = Field(
        timedelta(seconds=15), description="Another replica takes over an import after this long without renewal"
    )
    poll: PositiveDuration = Field(timedelta(seconds=1), description="How often to look for work of other replicas")
    shops_at_once: int = Field(16, ge=1, description="Shops that one process imports concurrently")

    def variables_read_elsewhere(self) -> frozenset[str]:
        """Variables that the shops file names. A shop's secret may begin with INGESTOR_."""
        return ShopsFile(self.shops_file).variables()

    def only_in_the_sandbox(self) -> dict[str, str]:
        """Report a rate that futureshop does not allow: it would block the shop."""
        if self.requests_per_second <= 1:
            return {}
        given = f"{self.requests_per_second:g}"
        return {"requests_per_second": f"is {given}, and futureshop allows 1 request a second and shop: leave it out"}

    @field_validator("shops_file")
    @classmethod
    def _shops_can_be_read(cls, path: Path) -> Path:
        try:
            load_shops(path)
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return path

    @field_validator("mapping_file")
    @classmethod
    def _mapping_can_be_read(cls, path: Path | None) -> Path | None:
        try:
            load_mapping(path)
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return path

    @model_validator(mode="after")
    def _lease_outlives_a_request(self) -> Self:
        if self.lease < timedelta(seconds=3):
            raise ValueError("INGESTOR_LEASE must be at least 3s: it is renewed every third of it")
        return self
