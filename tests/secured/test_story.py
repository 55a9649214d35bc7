"""The demo's story with every service as its own user, on a Kafka and a MongoDB that refuse everything else."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import pytest_asyncio
from plain_browser import PlainBrowser

from shopsync_contracts.access import SERVICES, Acl, principal_of
from shopsync_contracts.events import ImportRequested, ProductsBulkEdited
from shopsync_contracts.events.tool import EditChanges
from shopsync_contracts.topics import (
    IMPORT_COMMANDS,
    PRODUCT_CHANGES,
    PUSH_COMMANDS,
    SWEEP_COMMANDS,
    SYNC_COMMANDS,
)
from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.demo.checks import findings
from shopsync_rehearsals.demo.merchant import make_account
from shopsync_rehearsals.demo.stack import SHOP, Plan, running_on
from shopsync_rehearsals.demo.story import Outcome, Story
from shopsync_rehearsals.installation import Installation
from shopsync_testkit.kafka.secured import Decision
from shopsync_testkit.polling import NeverHappened, eventually

PREFIX = "story"
PAGES = ("/products", "/bulk", "/reimport", "/sync", "/settings", "/authorization", "/help")
PLAN = Plan(products=30, seed=11)
# What a service comes to by the clock only.
BY_THE_CLOCK = {
    ("catalog", IMPORT_COMMANDS),
    ("catalog", SYNC_COMMANDS),
    ("ingestor", IMPORT_COMMANDS),
    ("janitor", SWEEP_COMMANDS),
}


@dataclass
class Told:
    """How the story ended, and what the authorizer decided meanwhile."""

    outcome: Outcome
    decisions: list[Decision]


def met(decisions: Iterable[Decision]) -> set[tuple[str, Acl]]:
    """The declared rights of services that were made use of."""
    used = {
        (one.user, one.resource.lower(), one.name, one.operation.replace("_", "").lower())
        for one in decisions
        if one.allowed
    }
    return {
        (service, acl)
        for service in SERVICES
        for acl in principal_of(service).acls(PREFIX)
        if any(
            (user, resource, operation) == (service, acl.resource, acl.operation.lower())
            and (name.startswith(acl.name) if acl.pattern == "prefixed" else name == acl.name)
            for user, resource, name, operation in used
        )
    }


def expected() -> set[tuple[str, Acl]]:
    """All of them, but what the clock would bring, and settings, which are read when a topic refuses a message."""
    late = {(service, spec.full_name(PREFIX)) for service, spec in BY_THE_CLOCK}
    return {
        (service, acl)
        for service in SERVICES
        for acl in principal_of(service).acls(PREFIX)
        if acl.operation != "DescribeConfigs" and not (acl.operation == "Write" and (service, acl.name) in late)
    }


async def go_on(bus, product_no: str) -> None:
    """What the demo leaves out: an edit of many products, an import that syncs, and a bad message for each service."""
    weight = EditChanges(package_weight_g=310)
    edit = ProductsBulkEdited(shop_key=SHOP, edited_at=datetime.now(UTC), product_nos=(product_no,), changes=weight)
    await bus.publish([edit, ImportRequested(shop_key=SHOP, mode="changed_only", then_sync=True)])
    for spec in (PRODUCT_CHANGES, PUSH_COMMANDS, IMPORT_COMMANDS, SWEEP_COMMANDS):
        await bus._producer.send_and_wait(spec.full_name(PREFIX), b"no JSON", key=b"elsewhere/X-1")


async def press(stack, product_no: str) -> None:
    """A merchant at the console: opens every page, switches a product, saves the settings, imports, syncs."""
    login = await make_account(stack.installation, SHOP)
    address = f"/products/{quote(product_no, safe='')}"
    async with PlainBrowser(stack.services["console"].url) as merchant:
        await merchant.log_in(login.email, login.password)
        for page in PAGES:
            await merchant.open(page)
        await merchant.press(address, f"{address}/target")
        await merchant.press("/settings", "/settings", rounding="up")
        await merchant.press("/reimport", "/reimport")
        await merchant.press("/sync", "/sync")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(grant, database, tmp_path_factory):
    """Whoever publishes and follows is the operator."""
    cluster = await grant(PREFIX)
    before = len(cluster.broker.decisions())
    own = {name: {**cluster.as_user(name), **database.as_user(name)} for name in SERVICES}
    own["topics"] = cluster.as_admin()
    address = cluster.broker.addresses["SASL_SSL"]
    installation = Installation(address, database.server.root_uri, PREFIX, own=own)
    login = cluster.broker.options("operator")
    async with contextlib.AsyncExitStack() as resources:
        stack = await resources.enter_async_context(running_on(installation, PLAN, tmp_path_factory.mktemp("story")))
        bus, follower = await resources.enter_async_context(connected(address, PREFIX, shop=SHOP, login=login))
        outcome = await Story(stack, PLAN, bus, follower, progress=lambda *_: None, patience=120).run()
        await go_on(bus, next(iter(follower.snapshots.values())).product_no)
        await press(stack, min(outcome.facts.expected_listed))
        with contextlib.suppress(NeverHappened):  # the test tells what was left out
            await eventually(lambda: expected() <= met(cluster.broker.decisions()), timeout=60, interval=0.5)
        return Told(outcome, cluster.broker.decisions()[before:])


async def test_a_shop_goes_all_the_way(story):
    assert findings(story.outcome.facts) == []
    assert story.outcome.pushes["created"] == len(story.outcome.facts.expected_listed) > 5
    assert story.outcome.sweep.counts.deleted == 8


def test_nothing_was_refused_to_a_service(story):
    assert [one for one in story.decisions if one.user in SERVICES and not one.allowed] == []


def test_every_right_was_made_use_of(story):
    """So none is granted for nothing. What the code could still come to is compared in test_declared_access.py."""
    assert expected() - met(story.decisions) == set()
    assert {acl.operation for _, acl in met(story.decisions) - expected()} <= {"Write"}, "a service's clock struck"
