from typing import get_args

import pytest

from shopsync_contracts import TOPICS
from shopsync_contracts.access import (
    GROUPS,
    PRINCIPALS,
    SERVICES,
    Acl,
    consumer_group,
    group_named,
    principal_of,
    readers_of,
)
from shopsync_contracts.topics import (
    CATALOG_PRODUCTS,
    DEAD_LETTERS,
    IMPORT_COMMANDS,
    LISTING_EVENTS,
    PUSH_COMMANDS,
    REPORTS,
    SHOP_SETTINGS,
    SWEEP_COMMANDS,
    SYNC_COMMANDS,
    TOOL_EDITS,
    Party,
)

CONSUMING = [name for name in SERVICES if name != "console"]


def test_every_party_of_a_topic_is_one_user_and_every_user_is_a_party():
    assert [one.name for one in PRINCIPALS] == list(get_args(Party))


@pytest.mark.parametrize("spec", TOPICS, ids=lambda spec: spec.name)
def test_services_read_in_groups_and_nobody_else_does(spec):
    for reader in spec.read_by:
        party, _, group = reader.partition(".")
        assert party in get_args(Party)
        assert bool(group) == (party in CONSUMING), reader
    assert len({reader.partition(".")[0] for reader in spec.read_by}) == len(spec.read_by)


def test_groups_carry_the_prefix():
    assert consumer_group("shopsync", "catalog", "products") == "shopsync.catalog.products"
    assert [one.full_name("env2") for one in GROUPS if one.service == "janitor"] == [
        "env2.janitor.commands",
        "env2.janitor.reports",
    ]
    assert readers_of(PUSH_COMMANDS, "p") == ("p.publisher.commands",)
    assert readers_of(DEAD_LETTERS, "p") == ()
    with pytest.raises(LookupError, match=r"catalog\.other"):
        group_named("catalog", "other")


def test_the_permissions_of_a_user_are_exactly_these():
    publisher = principal_of("publisher")
    assert publisher is not None
    assert publisher.acls("p") == (
        Acl("topic", "p.dead-letters.v1", "literal", "DescribeConfigs"),
        Acl("topic", "p.dead-letters.v1", "literal", "Write"),
        Acl("topic", "p.listing-events.v1", "literal", "DescribeConfigs"),
        Acl("topic", "p.listing-events.v1", "literal", "Write"),
        Acl("topic", "p.push-commands.v1", "literal", "Read"),
        Acl("group", "p.publisher.", "prefixed", "Read"),
    )


def test_the_janitor_may_look_how_far_the_catalog_is_and_read_nothing_of_it():
    janitor = principal_of("janitor")
    assert janitor is not None
    assert janitor.reads == (SWEEP_COMMANDS, REPORTS)
    asked = {acl.name for acl in janitor.acls("p") if acl.operation == "Describe"}
    assert asked == {"p.product-changes.v1", "p.tool-edits.v1", "p.listing-events.v1", "p.catalog.products"}


def test_the_catalogue_has_one_writer():
    assert CATALOG_PRODUCTS.written_by == ("catalog",)
    assert [name for name in LISTING_EVENTS.written_by if name in SERVICES] == ["publisher"]


def test_whatever_a_service_may_refuse_can_be_sent_back():
    """A redrive writes to the topic that the dead letter came from; snapshots never become dead letters."""
    refusable = {spec for group in GROUPS for spec in group.topics} - {CATALOG_PRODUCTS}
    operator = principal_of("operator")
    assert operator is not None
    assert refusable | {DEAD_LETTERS} == set(operator.writes)
    assert set(operator.reads) == set(TOPICS)


def test_the_console_commits_nothing_and_puts_nothing_aside():
    """Each replica follows the topics for its own pages; the events that it sends are refused by whoever reads them."""
    console = principal_of("console")
    assert console is not None
    assert console.writes == (TOOL_EDITS, SHOP_SETTINGS, IMPORT_COMMANDS, SYNC_COMMANDS)
    assert console.reads == (LISTING_EVENTS, CATALOG_PRODUCTS, REPORTS, DEAD_LETTERS)
    assert [acl for acl in console.acls("p") if acl.resource == "group"] == []


@pytest.mark.parametrize("name", CONSUMING)
def test_every_service_can_put_a_message_aside(name):
    assert name in DEAD_LETTERS.written_by


def test_nobody_is_granted_the_same_twice_or_anything_outside_of_the_environment():
    for one in PRINCIPALS:
        acls = one.acls("shopsync")
        assert len(set(acls)) == len(acls)
        assert all(acl.name.startswith("shopsync.") for acl in acls)
        groups = [acl for acl in acls if acl.resource == "group" and acl.operation == "Read"]
        assert [acl.name for acl in groups] == ([f"shopsync.{one.name}."] if one.own_groups else [])
    assert principal_of("nobody") is None
