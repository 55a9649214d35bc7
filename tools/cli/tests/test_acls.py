"""What is granted, what is found beyond it, and how it is printed for those who grant it by other means."""

import json
import shlex

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

from shopsync_cli.commands.acls import users_of
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.kafka.acls import (
    _OPERATIONS,
    AclsReport,
    Binding,
    _check,
    compare,
    create_acls,
    declared,
    delete_acls,
    read_acls,
)
from shopsync_contracts.access import PRINCIPALS
from shopsync_testkit.polling import eventually

USERS = users_of(None, None)
READ = Binding("User:catalog", "topic", "p.sync-commands.v1", "literal", "Read")


def found_beside(*more: Binding) -> AclsReport:
    return compare([*declared("p", USERS), *more], "p", USERS)


def test_every_declared_user_gets_what_it_needs_under_the_clusters_name_for_it():
    wanted = declared("p", users_of(["catalog=User:svc-catalog", "other-systems=User:CN=erp,O=x y"], ["tool"]))
    assert {one.principal for one in wanted} == {
        "User:ingestor",
        "User:svc-catalog",
        "User:publisher",
        "User:janitor",
        "User:console",
        "User:operator",
        "User:CN=erp,O=x y",
    }
    mine = [one for one in wanted if one.principal == "User:svc-catalog"]
    assert len(mine) == len(next(one for one in PRINCIPALS if one.name == "catalog").acls("p"))
    assert Binding("User:svc-catalog", "group", "p.catalog.", "prefixed", "Read") in mine


def test_a_declared_user_can_be_several_of_the_clusters():
    users = users_of(["other-systems=User:erp", "other-systems=User:wms"], None)
    assert users["other-systems"] == ["User:erp", "User:wms"]
    assert {one.principal for one in declared("p", users)} >= {"User:erp", "User:wms", "User:catalog"}


@pytest.mark.parametrize(
    ("principals", "without", "told"),
    [
        (["catalog"], [], "NAME=User:PRINCIPAL"),
        (["catalog=svc"], [], "NAME=User:PRINCIPAL"),
        (["catalogue=User:x"], [], "no such user: catalogue; known: ingestor, catalog"),
        ([], ["tools"], "no such user: tools"),
    ],
)
def test_what_cannot_be_understood_is_named(principals, without, told):
    with pytest.raises(WrongCall, match=told):
        users_of(principals, without)


def test_exactly_the_declaration_is_exact():
    report = found_beside()
    assert report.is_exact
    assert (report.missing, report.there) == ([], len(declared("p", USERS)))
    assert compare([], "p", USERS).missing == declared("p", USERS)
    rest = [one for one in declared("p", USERS) if one != READ]
    assert compare(rest, "p", USERS).missing == [READ]


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (Binding("User:catalog", "topic", "p.reports.v1", "literal", "Read"), "more"),
        (Binding("User:catalog", "topic", "p.", "prefixed", "All"), "more"),
        (Binding("User:catalog", "group", "p.janitor.commands", "literal", "Read"), "more"),
        (Binding("User:catalog", "topic", "p.sync-commands.v1", "literal", "Read", host="10.0.0.1"), "more"),
        (Binding("User:catalog", "topic", "*", "literal", "Read"), "wider"),
        (Binding("User:catalog", "topic", "p", "prefixed", "Read"), "wider"),
        (Binding("User:catalog", "cluster", "kafka-cluster", "literal", "Alter"), "wider"),
        (Binding("User:catalog", "topic", "p.sync-commands.v1", "literal", "Read", "deny"), "denied"),
        (Binding("User:*", "topic", "*", "literal", "Write", "deny"), "denied"),
        (Binding("User:bi", "topic", "p.catalog-products.v1", "literal", "Read"), "others"),
    ],
)
def test_what_is_more_than_declared_is_told_by_kind(one, kind):
    report = found_beside(one)
    assert getattr(report, kind) == [one]
    assert [len(part) for part in (report.more, report.wider, report.denied, report.others)].count(0) == 3
    assert not report.is_exact


@pytest.mark.parametrize(
    "one",
    [
        Binding("User:catalog", "topic", "other-environment.reports.v1", "literal", "Write"),
        Binding("User:catalog", "topic", "pp.", "prefixed", "Write"),
        Binding("User:catalog", "cluster", "kafka-cluster", "literal", "IdempotentWrite"),
        Binding("User:bi", "topic", "*", "literal", "Read"),
        Binding("User:bi", "topic", "p.reports.v1", "literal", "Read", "deny"),
    ],
)
def test_other_environments_and_other_peoples_matters_are_left_alone(one):
    report = found_beside(one)
    assert report.is_exact
    assert not report.others


def test_a_refusal_says_what_helps():
    codes = {for_code(code).__name__: code for code in (31, 54)}
    with pytest.raises(CommandFailed, match="an administrator, with Describe and Alter on the cluster"):
        _check(codes["ClusterAuthorizationFailedError"], None)
    with pytest.raises(CommandFailed, match=r"has no access control: .*authorizer\.class\.name"):
        _check(54, None)


async def test_the_declared_permissions_are_printed_without_a_broker(shopsync):
    table = (await shopsync("--prefix", "p", "topics", "acls")).stdout
    assert table.count("\n") == len(declared("p", USERS)) + 1
    listed = (await shopsync("--prefix", "p", "topics", "acls", "--format", "json")).json()
    assert [Binding(**one) for one in listed] == declared("p", USERS)
    properties = (await shopsync("--prefix", "p", "topics", "acls", "--format", "properties")).stdout.splitlines()
    assert properties[0] == "acl.1=User:ingestor;ALLOW;DescribeConfigs;TOPIC;LITERAL;p.dead-letters.v1;*"
    assert len(properties) == len(listed)


async def test_the_script_grants_each_permission_once(shopsync):
    options = ("--principal", "tool=User:CN=the tool,O=x", "--format", "kafka-acls.sh")
    lines = (await shopsync("--prefix", "p", "topics", "acls", *options)).stdout.splitlines()
    granted = []
    for line in lines[3:]:
        words = shlex.split(line)
        assert words[0] == "kafka-acls.sh"
        value = {word: words[number + 1] for number, word in enumerate(words[:-1])}
        for number, word in enumerate(words):
            if word in {"--topic", "--group"}:
                who, operation = value["--allow-principal"], value["--operation"]
                pattern = value["--resource-pattern-type"]
                granted.append(Binding(who, word.removeprefix("--"), words[number + 1], pattern, operation))
    users = users_of(["tool=User:CN=the tool,O=x"], None)
    assert sorted(granted) == sorted(declared("p", users))
    assert {one.operation for one in granted} <= set(_OPERATIONS.values())


async def test_names_need_the_option_that_grants(shopsync):
    ended = await shopsync("--kafka", "127.0.0.1:1", "topics", "apply", "--without", "tool")
    assert ended.exit_code == 2
    assert "add --acls" in ended.stderr


async def test_a_cluster_takes_them_and_gives_them_back(secured_kafka, topic_prefix):
    wanted = declared(topic_prefix, USERS)
    more = Binding("User:catalog", "topic", f"{topic_prefix}.reports.v1", "literal", "All")
    async with secured_kafka.admin() as admin:
        before = await read_acls(admin)
        await create_acls(admin, [*wanted, more])

        async def there():
            return {*before, *wanted, more} <= await read_acls(admin)

        await eventually(there, what="the permissions")
        report = compare(await read_acls(admin), topic_prefix, USERS)
        assert (report.missing, report.more) == ([], [more])
        await create_acls(admin, wanted)  # a second time changes nothing
        await delete_acls(admin, [*wanted, more])

        async def gone():
            return await read_acls(admin) == before

        await eventually(gone, what="their end")


async def test_a_user_may_not_grant_and_a_cluster_without_access_control_says_so(
    secured_kafka, kafka_bootstrap, shopsync
):
    admin = AIOKafkaAdminClient(**secured_kafka.options("operator"))
    await admin.start()
    try:
        with pytest.raises(CommandFailed, match="not allowed: an administrator"):
            await read_acls(admin)
        with pytest.raises(CommandFailed, match="not allowed: an administrator"):
            await create_acls(admin, [READ])
    finally:
        await admin.close()
    ended = await shopsync("--kafka", kafka_bootstrap, "topics", "check", "--acls", "--json")
    assert ended.exit_code == 1
    assert "has no access control" in ended.stderr
    assert "{" not in ended.stdout or json.loads(ended.stdout)
