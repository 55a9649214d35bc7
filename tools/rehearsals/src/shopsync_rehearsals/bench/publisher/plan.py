"""What the benchmark does, and how long it may take."""

from dataclasses import dataclass
from enum import StrEnum

CALLS_BESIDE_UPLOADS = 3
"""The create and about two readings of the review. Used for the time limit only, not for what is measured."""

_SLACK_SECONDS = 60.0


class Role(StrEnum):
    """What TikTok Shop does to a shop during the run."""

    HEALTHY = "healthy"
    THROTTLED = "throttled"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Plan:
    """Rates are calls per second, times are seconds. Every product has `images` pictures of its own.

    `kill_every`: a publisher is killed (SIGKILL) about so long after the last one was ready again; None: never.
    `most_kills`: how often; None: until the end. The throttled shop has `throttled_rate` for the first
    `throttled_seconds`. The broken shop answers 503 for the first `outage_seconds`. `profiles`: folder for profiles of
    the publishers, which makes them slow; None: none are taken.
    """

    products: int = 1000
    shops: int = 20
    images: int = 6
    rate: float = 10.0
    latency: float = 0.2
    replicas: int = 1
    kill_every: float | None = None
    most_kills: int | None = None
    seed: int = 7
    throttled_rate: float = 1.0
    throttled_seconds: float = 60.0
    outage_seconds: float = 60.0
    review_seconds: float = 1.0
    patience: float | None = None
    profiles: str | None = None

    @property
    def shop_keys(self) -> tuple[str, ...]:
        """The shops, by number."""
        return tuple(f"shop-{number:02}" for number in range(1, self.shops + 1))

    def role(self, shop_key: str) -> Role:
        """The last shop is throttled, the one before it broken."""
        by_place = {self.shop_keys[-1]: Role.THROTTLED, self.shop_keys[-2]: Role.BROKEN}
        return by_place.get(shop_key, Role.HEALTHY)

    def shops_in(self, role: Role) -> list[str]:
        """The shops with this role."""
        return [shop for shop in self.shop_keys if self.role(shop) is role]

    def products_of(self, shop_key: str) -> int:
        """Products are distributed evenly; the first shops take the remainder."""
        place = self.shop_keys.index(shop_key)
        return self.products // self.shops + (place < self.products % self.shops)

    @property
    def bound(self) -> float:
        """When the run is given up: `patience`, else the time the work needs at a third of the rate, and some slack."""
        if self.patience is not None:
            return self.patience
        work = (self.products // self.shops + 1) * (self.images + CALLS_BESIDE_UPLOADS) / self.rate
        disturbed = max(self.outage_seconds, self.throttled_seconds)
        return disturbed + work * 3 * (1 if self.kill_every is None else 5) + _SLACK_SECONDS
