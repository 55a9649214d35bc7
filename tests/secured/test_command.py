"""The `shopsync` command as the operator, who has no more than is declared, and as the administrator who grants."""

import json

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from shopsync_cli.kafka.acls import Binding, create_acls, delete_acls
from shopsync_contracts.topics import DEAD_LETTERS, PUSH_COMMANDS, SHOP_SETTINGS

from .conftest import shopsync

PREFIX = "command"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(grant):
    return await grant(PREFIX)


@pytest.fixture
def operator(cluster):
    return cluster.as_user("operator")


async def test_the_operator_may_do_what_the_command_does(cluster, operator, tmp_path):
    assert "12 topics are as declared" in await shopsync("topics", "check", env=operator)
    assert "published" in await shopsync("shops", "put", "demo", env=operator)
    await shopsync("import", "demo", "--mode", "changed-only", env=operator)
    await shopsync("sync", "demo", env=operator)
    await shopsync("sweep", "--shop", "demo", env=operator)
    await shopsync("edit", "demo", "A-1", "--set", "package_weight_g=300", env=operator)
    lag = json.loads(await shopsync("lag", "--json", env=operator))
    assert len(lag["groups"]) == 8
    assert "demo" in await shopsync("tail", "shop-settings", "--from-beginning", "--limit", "1", env=operator)


async def test_the_operator_sends_a_dead_letter_back(cluster, operator):
    source = PUSH_COMMANDS.full_name(PREFIX)
    headers = [("x-topic", source.encode()), ("x-partition", b"0"), ("x-offset", b"0"), ("x-error", b"e")]
    async with AIOKafkaProducer(**cluster.broker.options("publisher")) as publisher:
        await publisher.send_and_wait(DEAD_LETTERS.full_name(PREFIX), b"{}", key=b"demo/A-1", headers=headers)
    assert "1 open" in await shopsync("dead-letters", "list", env=operator)
    assert "1" in await shopsync("dead-letters", "redrive", "--all", env=operator)
    assert "0 open" in await shopsync("dead-letters", "list", env=operator)
    used = {(one.operation, one.name) for one in cluster.broker.decisions() if one.user == "operator" and one.allowed}
    assert ("WRITE", source) in used


async def test_the_operator_grants_nothing(operator):
    for words in (("topics", "check", "--acls"), ("topics", "apply", "--acls")):
        with pytest.raises(AssertionError, match="not allowed: an administrator"):
            await shopsync(*words, env=operator)


async def test_what_is_more_than_declared_is_told_and_taken_away_when_asked(cluster):
    admin = cluster.as_admin()
    assert "0 missing, 0 more than declared" in await shopsync("topics", "check", "--acls", env=admin)
    stranger = Binding("User:nobody", "topic", SHOP_SETTINGS.full_name(PREFIX), "literal", "Describe")
    async with cluster.broker.admin() as client:
        await create_acls(client, [stranger])
        with pytest.raises(AssertionError, match=f"no declared user: {stranger}"):
            await shopsync("topics", "check", "--acls", env=admin)
        await delete_acls(client, [stranger])
    more = Binding("User:catalog", "topic", SHOP_SETTINGS.full_name(PREFIX), "literal", "Write")
    other = Binding("User:nobody", "topic", SHOP_SETTINGS.full_name(PREFIX), "literal", "Read")
    wider = Binding("User:janitor", "topic", "comm", "prefixed", "Describe")
    async with cluster.broker.admin() as client:
        await create_acls(client, [more, other, wider])
    with pytest.raises(AssertionError, match=f"more than declared: {more}"):
        await shopsync("topics", "check", "--acls", env=admin)
    dry = await shopsync("topics", "apply", "--prune-acls", "--dry-run", env=admin)
    assert f"more than declared: {more}" in dry
    assert f"more than this environment: {wider}" in dry
    assert f"no declared user: {other}" in dry
    pruned = await shopsync("topics", "apply", "--prune-acls", env=admin)
    assert f"taken away: {more}" in pruned
    assert "0 missing, 0 more than declared" in pruned
    with pytest.raises(AssertionError, match=f"more than this environment: {wider}") as left:
        await shopsync("topics", "check", "--acls", env=admin)
    assert str(more) not in str(left.value)
    assert f"no declared user: {other}" in str(left.value)


async def test_granting_says_what_it_did(cluster):
    words = ("topics", "apply", "--acls", "--principal", "tool=User:svc-tool")
    told = await shopsync(*words, "--json", env=cluster.as_admin())
    report = json.loads(told)["acls"]
    assert {one["principal"] for one in report["granted"]} == {"User:svc-tool"}
    assert (report["missing"], report["taken_away"]) == ([], [])
    assert "(0 granted now), 0 missing" in await shopsync(*words, env=cluster.as_admin())


async def test_a_token_that_is_refused_is_told_as_the_services_tell_it(cluster, tmp_path):
    token = tmp_path / "token"
    env = {**cluster.as_admin(), **cluster.broker.environment("operator", mechanism="OAUTHBEARER")}
    env["SHOPSYNC_KAFKA_TOKEN_FILE"] = str(token)
    for text, told in ((cluster.broker.tokens.token("operator", seconds=-60), "expired at"), ("none", "is not valid")):
        token.write_text(text)
        for words in (("topics", "check"), ("lag",), ("shops", "put", "demo")):
            with pytest.raises(AssertionError, match="refuses the token: SHOPSYNC_KAFKA_TOKEN_FILE: .*" + told):
                await shopsync(*words, env=env)


MAY_NOT = (
    ("topics check", "reports.v1 is missing, or User:nobody may not see it; `shopsync topics apply` creates .*--acls"),
    ("edit demo A-1 --set package_weight_g=300", "tool-edits.v1 is missing, or User:nobody may not see it"),
    ("shops put demo", "shop-settings.v1 is missing, or User:nobody may not see it"),
    ("tail reports --idle 1", "reports.v1 is missing, or User:nobody may not see it"),
    ("lag", "no topic of the prefix 'hidden' at .*, or User:nobody may not see it"),
    ("dead-letters list", "does not let User:nobody Describe on group hidden.* `shopsync topics apply --acls`"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hidden(grant):
    """Topics of which `nobody` may see none."""
    return await grant("hidden")


@pytest.mark.parametrize(("words", "told"), MAY_NOT)
async def test_a_user_without_rights_is_told_so(hidden, words, told):
    with pytest.raises(AssertionError, match=told):
        await shopsync(*words.split(), env=hidden.as_user("nobody"))


async def test_a_user_who_sees_the_topics_and_not_the_groups_is_told_the_right(cluster, database):
    env = {**cluster.as_user("tool"), **database.as_user("operator")}
    for words in (("lag",), ("mongo", "restored", "--backup-of", "2026-11-23T03:00", "--dry-run")):
        with pytest.raises(AssertionError, match=r"let User:tool Describe on group command.* `shopsync topics apply"):
            await shopsync(*words, env=env)
    with pytest.raises(AssertionError, match=r"let User:catalog do this: .*; an administrator grants"):
        await shopsync("shops", "put", "demo", env=cluster.as_user("catalog"))
