import time
from collections.abc import Sequence

from shopsync_sandbox.tiktok.faults.injection import FaultInjector
from shopsync_sandbox.tiktok.faults.registry import Fault, Faults
from shopsync_sandbox.tiktok.image_optimizer import Optimizer
from shopsync_sandbox.tiktok.journal import Journal
from shopsync_sandbox.tiktok.limits import Limits
from shopsync_sandbox.tiktok.products.lifecycle import Lifecycle
from shopsync_sandbox.tiktok.products.listings import Listings
from shopsync_sandbox.tiktok.products.reviews import Reviews
from shopsync_sandbox.tiktok.products.stock import Stock
from shopsync_sandbox.tiktok.settings import Settings
from shopsync_sandbox.tiktok.state.world import Clock, World
from shopsync_sandbox.tiktok.tokens import Tokens
from shopsync_sandbox.tiktok.webhooks.expiries import ExpiryWarnings
from shopsync_sandbox.tiktok.webhooks.notifications import Webhooks


class Services:
    """The parts of the server, connected with each other."""

    def __init__(
        self,
        seed: str,
        shops: Sequence[str],
        settings: Settings,
        clock: Clock = time.time,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.settings = settings
        self.world = World(seed, shops, settings, clock)
        self.journal = Journal(settings.request_log_size)
        self.tokens = Tokens(self.world)
        self.limits = Limits(self.world)
        self.faults = Faults(self.world, faults)
        self.injector = FaultInjector(self.limits, settings)
        self.optimizer = Optimizer(self.world)
        self.webhooks = Webhooks(self.world)
        self.expiries = ExpiryWarnings(self.world, self.tokens, self.webhooks)
        self.reviews = Reviews(self.world, self.webhooks, self.journal)
        self.listings = Listings(self.world, self.reviews, self.webhooks, self.limits, self.journal)
        self.lifecycle = Lifecycle(self.world, self.reviews, self.webhooks, self.journal)
        self.stock = Stock(self.world, self.journal)
