"""`shopsync doctor` on a Kafka with TLS, users and an authorizer: what the own user may do, and what is in the way."""

from shopsync_contracts.access import GROUPS


async def test_what_each_user_is_told(looked, shopsync, secured_kafka, topic_prefix):
    admin = {**secured_kafka.environment("admin"), "SHOPSYNC_TOPIC_PREFIX": topic_prefix}
    found = await looked(shopsync, only=("acls",), env=admin)
    assert found["acls", "acls"]["verdict"] == "skipped"  # nobody has a right yet
    applied = await shopsync("topics", "apply", "--acls", "--json", env=admin)
    assert applied.exit_code == 0, applied.stderr
    told_of = applied.json()["acls"]
    assert (told_of["exact"], told_of["missing"]) == (True, []), "it says how things stand once it has granted"
    assert len(told_of["granted"]) == told_of["there"]
    assert (await looked(shopsync, only=("acls",), env=admin))["acls", "acls"]["verdict"] == "ok"

    operator = {**secured_kafka.environment("operator"), "SHOPSYNC_TOPIC_PREFIX": topic_prefix}
    told = await looked(shopsync, only=("kafka", "acls", "topics"), env=operator)
    assert told["acls", "acls"]["verdict"] == "ok"
    assert f"and {len(GROUPS)} groups" in told["acls", "acls"]["text"]
    assert told["topics", "topics"]["verdict"] == "ok"

    nobody = {**secured_kafka.environment("nobody"), "SHOPSYNC_TOPIC_PREFIX": topic_prefix}
    blind = await looked(shopsync, only=("acls", "topics"), code=1, env=nobody)
    assert ("acls", "topics") in blind, blind
    assert "this user does not see 12 topics" in blind["acls", "topics"]["text"]
    assert "or this user may not see them" in blind["topics", "topics"]["text"]
    assert blind["topics", "topics"]["do"].endswith("--acls")

    tool = {**secured_kafka.environment("tool"), "SHOPSYNC_TOPIC_PREFIX": topic_prefix}
    for (_, what), one in (await looked(shopsync, only=("groups", "versions"), code=1, env=tool)).items():
        assert f"does not let User:tool Describe on group {topic_prefix}." in one["text"], what
        assert "`shopsync topics apply --acls`" in one["do"], what


async def test_what_keeps_the_command_out_is_told_with_its_setting(looked, shopsync, secured_kafka):
    right = secured_kafka.environment("operator")

    async def told(**changed):
        env = {**right, **{f"SHOPSYNC_KAFKA_{name}": value for name, value in changed.items()}}
        [found] = (await looked(shopsync, only=("kafka",), code=1, env=env)).values()
        return found["text"]

    refused = await told(PASSWORD="wrong-by-far")
    assert "SHOPSYNC_KAFKA_PASSWORD" in refused
    assert "wrong-by-far" not in refused
    plain = {"SECURITY_PROTOCOL": "PLAINTEXT", "SASL_MECHANISM": "", "USERNAME": "", "PASSWORD": "", "CA_FILE": ""}
    assert "speaks TLS: set SHOPSYNC_KAFKA_SECURITY_PROTOCOL" in await told(**plain)
    assert "SHOPSYNC_KAFKA_CA_FILE" in await told(CA_FILE="")
