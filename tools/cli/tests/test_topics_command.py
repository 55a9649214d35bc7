from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shopsync_contracts import TOPICS
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS
from shopsync_testkit.polling import eventually


async def test_apply_creates_every_topic_once_and_check_agrees(shopsync, kafka_bootstrap, topic_prefix):
    where = ("--kafka", kafka_bootstrap, "--prefix", topic_prefix)
    before = await shopsync(*where, "topics", "check")
    assert before.exit_code == 1
    assert before.stderr.count("is missing") == len(TOPICS)

    dry = await shopsync(*where, "topics", "apply", "--dry-run")
    assert dry.exit_code == 0
    assert dry.stdout.count("would create") == len(TOPICS)

    applied = await shopsync(*where, "topics", "apply")
    assert applied.exit_code == 0, applied.stderr
    assert f"{len(TOPICS)} created, 0 to create, 0 there already" in applied.stdout

    again = await shopsync(*where, "topics", "apply")
    assert f"0 created, 0 to create, {len(TOPICS)} there already" in again.stdout
    assert (await shopsync(*where, "topics", "check")).exit_code == 0


async def test_check_names_the_topic_that_differs(shopsync, kafka_bootstrap, topic_prefix):
    where = ("--kafka", kafka_bootstrap, "--prefix", topic_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{topic_prefix}.reports.v1", 1, 1)])
    finally:
        await admin.close()
    applied = await shopsync(*where, "topics", "apply")
    assert applied.exit_code == 1
    assert f"differs: {topic_prefix}.reports.v1: partitions is 1, declared 3" in applied.stderr


async def test_apply_raises_a_message_limit_that_is_too_low_and_touches_nothing_else(
    shopsync, kafka_bootstrap, topic_prefix
):
    where = ("--kafka", kafka_bootstrap, "--prefix", topic_prefix)
    name = CATALOG_PRODUCTS.full_name(topic_prefix)
    own = {"cleanup.policy": "compact", "max.message.bytes": "2097152", "segment.ms": "7200000", "retention.ms": "-1"}
    larger = DEAD_LETTERS.full_name(topic_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        assert (await shopsync(*where, "topics", "apply")).exit_code == 0
        await admin.alter_configs(
            [
                ConfigResource(ConfigResourceType.TOPIC, name, own),
                ConfigResource(ConfigResourceType.TOPIC, larger, {"max.message.bytes": "99999999"}),
            ]
        )
        told = f"{name}: max.message.bytes is 2097152, declared {CATALOG_PRODUCTS.max_message_bytes}"

        async def is_told():
            return told in (await shopsync(*where, "topics", "check")).stderr

        await eventually(is_told)  # brokers learn of a new setting a moment later
        dry = await shopsync(*where, "topics", "apply", "--dry-run")
        assert "raised" not in dry.stdout
        assert told in dry.stderr

        applied = await shopsync(*where, "topics", "apply")
        assert f"raised max.message.bytes of {name} from 2097152 to 8388608" in applied.stdout
        assert "message.timestamp.type is CreateTime" in applied.stderr  # a difference for the operator to decide
        assert f"{larger}: max.message.bytes is 99999999" in applied.stderr  # never lowered

        async def is_raised():
            return await settings_of(admin, name) == {**own, "max.message.bytes": "8388608"}

        await eventually(is_raised)
        assert "raised" not in (await shopsync(*where, "topics", "apply")).stdout
    finally:
        await admin.close()


async def settings_of(admin, name):
    """What is set on the topic itself."""
    (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for entry in response.resources[0][4] if entry[3] == 1}


async def test_list_needs_no_broker_and_knows_every_topic(shopsync):
    listed = (await shopsync("--prefix", "env2", "topics", "list", "--json")).json()
    assert [entry["topic"] for entry in listed] == [spec.full_name("env2") for spec in TOPICS]
    assert listed[1]["config"]["retention.ms"] == "-1"
    markdown = (await shopsync("topics", "list", "--markdown")).stdout.splitlines()
    assert len(markdown) == len(TOPICS) + 2
    assert all(line.startswith("|") and line.count("|") == 9 for line in markdown)


async def test_an_unreachable_broker_is_one_line_with_its_address(shopsync):
    ended = await shopsync("--kafka", "127.0.0.1:1", "topics", "check")
    assert ended.exit_code == 1
    check = "check SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka)"
    assert ended.stderr == f"shopsync: Kafka is not reachable at 127.0.0.1:1: no broker answers; {check}\n"


async def test_settings_come_from_the_environment_and_are_named_when_missing(shopsync):
    missing = await shopsync("topics", "check")
    assert missing.exit_code == 2
    assert "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka) is not set" in missing.stderr
    found = await shopsync("topics", "check", env={"SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:2"})
    assert "127.0.0.1:2" in found.stderr
    for options, named in [
        (("--kafka", "kafka:port", "topics", "check"), "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka): host:port"),
        (("--mongo", "mongodb://db", "--database", "a b", "products"), "SHOPSYNC_MONGO_DATABASE (or --database): "),
    ]:
        wrong = await shopsync(*options)
        assert (wrong.exit_code, named in wrong.stderr) == (2, True)
    wrong = await shopsync("--prefix", "a b", "topics", "list")
    assert wrong.exit_code == 2
    assert "SHOPSYNC_TOPIC_PREFIX (or --prefix)" in wrong.stderr


async def test_what_differs_is_told_in_json(shopsync, kafka_bootstrap, topic_prefix):
    where = ("--kafka", kafka_bootstrap, "--prefix", topic_prefix, "topics")
    missing = await shopsync(*where, "check", "--json")
    assert missing.exit_code == 1
    assert len(missing.json()["missing"]) == len(TOPICS)
    assert len((await shopsync(*where, "apply", "--json")).json()["created"]) == len(TOPICS)
    found = await shopsync(*where, "check", "--json")
    assert (found.exit_code, found.json()["missing"], found.json()["differences"]) == (0, [], [])


async def test_a_link_that_does_not_work_is_one_line_that_names_the_setting(shopsync, kafka_bootstrap, tmp_path):
    where = ("--kafka", kafka_bootstrap, "topics", "check")
    wrong = await shopsync(*where, env={"SHOPSYNC_KAFKA_PASSWORD": "s3cret"})
    assert wrong.exit_code == 2
    assert "SHOPSYNC_KAFKA_PASSWORD: needs SHOPSYNC_KAFKA_SECURITY_PROTOCOL=SASL_SSL" in wrong.stderr
    assert "s3cret" not in wrong.stderr
    nowhere = {"SHOPSYNC_KAFKA_SECURITY_PROTOCOL": "SSL", "SHOPSYNC_KAFKA_CA_FILE": str(tmp_path / "ca.pem")}
    missing = await shopsync(*where, env=nowhere)
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
    assert f"SHOPSYNC_KAFKA_CA_FILE: {tmp_path / 'ca.pem'} cannot be read: No such file or directory" in missing.stderr
    plain = await shopsync(*where, env={"SHOPSYNC_KAFKA_SECURITY_PROTOCOL": "SSL"})
    assert plain.exit_code == 1
    assert "speaks no TLS there: connect to its TLS port, or set SHOPSYNC_KAFKA_SECURITY_PROTOCOL=PLAINTEXT" in (
        " ".join(plain.stderr.split())
    )
