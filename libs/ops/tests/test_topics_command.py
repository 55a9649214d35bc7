from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shopsync_contracts import TOPICS


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
    assert ended.stderr.startswith("shopsync: Kafka is not reachable at 127.0.0.1:1: ")
    assert len(ended.stderr.splitlines()) == 1


async def test_settings_come_from_the_environment_and_are_named_when_missing(shopsync):
    missing = await shopsync("topics", "check")
    assert missing.exit_code == 2
    assert "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka) is not set" in missing.stderr
    found = await shopsync("topics", "check", env={"SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:2"})
    assert "127.0.0.1:2" in found.stderr
    wrong = await shopsync("--prefix", "a b", "topics", "list")
    assert wrong.exit_code == 2
    assert "SHOPSYNC_TOPIC_PREFIX (or --prefix)" in wrong.stderr
