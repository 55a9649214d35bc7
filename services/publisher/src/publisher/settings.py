from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from cryptography.fernet import Fernet
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shopsync_runtime.settings import PositiveDuration, ServiceSettings
from shopsync_runtime.web_addresses import base_address, origin


def keys_of(keys: SecretStr) -> Iterator[str]:
    """The keys of PUBLISHER_TOKEN_KEY, newest first."""
    return (key.strip() for key in keys.get_secret_value().split(","))


def _fernet_keys(value: SecretStr) -> SecretStr:
    for key in keys_of(value):
        try:
            Fernet(key)
        except ValueError:
            raise ValueError(
                "must be a Fernet key (32 bytes in URL-safe base64), or several parted by commas, newest first"
            ) from None
    return value


Address = Annotated[str, AfterValidator(base_address)]


class PublisherSettings(ServiceSettings):
    """The publisher. Variables begin with PUBLISHER_."""

    model_config = SettingsConfigDict(env_prefix="PUBLISHER_")

    tiktok_api_url: Address = Field("https://open-api.tiktokglobalshop.com", description="TikTok Shop's API host")
    tiktok_auth_url: Address = Field("https://auth.tiktok-shops.com", description="TikTok Shop's token host")
    tiktok_consent_url: Address = Field(
        "https://services.tiktokshop.com/open/authorize", description="Page on which a seller authorises the app"
    )
    tiktok_service_id: str | None = Field(
        None,
        description="The app's service id for the consent page (it is not the app key); needed by /oauth/tiktok/start",
    )
    tiktok_app_key: str = Field(min_length=1, description="The app's key")
    tiktok_app_secret: SecretStr = Field(min_length=1, description="The app's secret: signs calls, verifies webhooks")
    token_key: Annotated[SecretStr, AfterValidator(_fernet_keys)] = Field(
        description="Fernet key that encrypts tokens at rest; several by comma, newest first, to change it"
    )
    token_key_lease: PositiveDuration = Field(
        timedelta(seconds=90),
        description="How long a replica that was not heard of still counts when the key to encrypt with is chosen",
    )
    webhook_url: Address | None = Field(
        None, description="Public address of POST /webhooks/tiktok; registered for every authorised shop when set"
    )
    signed_state_only: bool = Field(
        False, description="Refuse consents that did not begin at /oauth/tiktok/start (a plain shop key as state)"
    )
    consent_lifetime: PositiveDuration = Field(
        timedelta(hours=1), description="How long a consent begun at /oauth/tiktok/start may take"
    )
    console_url: Annotated[str, AfterValidator(origin)] | None = Field(
        None, description="Origin of the console: consents begun there lead back to it"
    )
    internal_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Shared token of the internal API for the console (CONSOLE_PUBLISHER_TOKEN); without it there is"
        " no such API",
    )
    category_tree_life: PositiveDuration = Field(
        timedelta(days=1), description="How long a category tree for the console counts as new"
    )
    brands_life: PositiveDuration = Field(
        timedelta(hours=1), description="How long a search for brands for the console counts as new"
    )
    workers: int = Field(
        256,
        ge=1,
        le=1024,
        description="Pushes in progress at once; a shop never holds more than are free",
    )
    workers_per_shop: int = Field(
        12, ge=1, le=64, description="Pushes in progress at once for one shop: a slow shop must leave workers to others"
    )
    requests_per_second: float = Field(
        10.0,
        gt=0,
        le=1000,
        description="API calls per second and shop of all replicas together, never more in any second; less after 429",
    )
    breaker_failures: int = Field(
        5, ge=1, le=1000, description="Calls of a shop in a row without a usable answer after which its pushes wait"
    )
    breaker_longest: PositiveDuration = Field(
        timedelta(seconds=10), description="Longest wait before a shop that does not answer is tried with one call"
    )
    request_timeout: PositiveDuration = Field(
        timedelta(seconds=30), description="Longest silence of TikTok Shop in one call"
    )
    request_deadline: PositiveDuration = Field(
        timedelta(seconds=60), description="Longest time of one call to TikTok Shop, from waiting for a connection on"
    )
    job_lease: PositiveDuration = Field(
        timedelta(seconds=30), description="A push whose worker is silent this long is taken over by another"
    )
    poll_interval: PositiveDuration = Field(
        timedelta(seconds=1), description="How often an idle worker looks for due pushes"
    )
    max_attempts: int = Field(
        5, ge=1, description="Failed attempts after which push.failed is reported; attempts go on at retry_longest"
    )
    retry_first: PositiveDuration = Field(timedelta(seconds=2), description="Wait before the second attempt; doubles")
    retry_longest: PositiveDuration = Field(timedelta(minutes=15), description="Longest wait between attempts")
    quota_wait: PositiveDuration = Field(
        timedelta(hours=1), description="How long new listings of a shop wait after its daily quota was reached"
    )
    blocked_wait: PositiveDuration = Field(
        timedelta(minutes=15), description="How long a shop that TikTok refuses as a whole waits before the next try"
    )
    search_lag: PositiveDuration = Field(
        timedelta(seconds=60),
        description="How long TikTok Shop may take to show a write without a clear answer; it is not repeated before",
    )
    send_locale: bool = Field(
        True, description="Send `locale` ja-JP in create and edit bodies; it is documented, but not in every client"
    )
    settings_grace: PositiveDuration = Field(
        timedelta(seconds=10), description="How long a push waits for its shop's settings before it is refused"
    )
    review_poll_interval: PositiveDuration = Field(
        timedelta(minutes=5), description="How often listings under review are read; webhooks come sooner"
    )
    overview_life: PositiveDuration = Field(
        timedelta(minutes=2),
        description="How long one search over a shop serves in place of reading unchanged listings",
    )
    authorization_warn_before: PositiveDuration = Field(
        timedelta(days=30), description="A shop's authorisation with less life left is warned of, once a day"
    )
    token_refresh_before: PositiveDuration = Field(
        timedelta(hours=12), description="Access tokens with less life left are refreshed ahead of need"
    )
    category_rules_life: PositiveDuration = Field(
        timedelta(minutes=10), description="How long a category's requirements are remembered"
    )
    category_rules_kept: int = Field(
        2_000, ge=1, description="Categories, counted per shop, whose requirements are remembered"
    )
    image_timeout: PositiveDuration = Field(timedelta(seconds=20), description="Deadline of fetching one image")
    image_max_bytes: int = Field(10 * 1024 * 1024, ge=1024, description="Largest image file that is fetched")
    image_allow_private: bool = Field(
        False, description="Fetch images from private and loopback addresses too: for tests and the sandbox only"
    )

    def only_in_the_sandbox(self) -> dict[str, str]:
        """Images at private addresses: whoever enters an image address could read what only this host can reach."""
        if not self.image_allow_private:
            return {}
        return {"image_allow_private": "lets image addresses reach private networks: leave it out"}
