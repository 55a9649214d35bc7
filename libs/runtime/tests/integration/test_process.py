"""A service as a process: exit codes, last words, crashes."""

import asyncio
import os
import signal
import sys
from importlib.metadata import version

import httpx
import pytest
import pytest_asyncio

from shopsync_contracts import TOPICS
from shopsync_contracts.topics import DEAD_LETTERS, PUSH_COMMANDS
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess, clean_environment


@pytest.fixture
def env(kafka_bootstrap, mongo_uri, mongo_database, topic_prefix, support_folder):
    return {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": mongo_database,
        "SHOPSYNC_TOPIC_PREFIX": topic_prefix,
        "SHOPSYNC_SHUTDOWN_GRACE": "10s",
        "PROBE_TOKEN": "abc123",
        "PYTHONPATH": str(support_folder),
    }


@pytest_asyncio.fixture(loop_scope="session")
async def all_topics(kafka_bootstrap, topic_prefix):
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)


async def run_probe(env, *arguments):
    """Run to the end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "probe",
        *arguments,
        env={**clean_environment(), **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, out.decode(), err.decode()


async def test_wrong_settings_are_one_line_without_the_secret(support_folder):
    env = {
        "PYTHONPATH": str(support_folder),
        "PROBE_TOKEN": "x9",
        "PROBE_BLOCK": "soon",
        "SHOPSYNC_HTTP_PORT": "99999",
        "SHOPSYNC_MONGO_URI": "mongodb://user:password@db",
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVER": "typo:9092",
    }
    code, out, err = await run_probe(env)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS is not set" in err
    assert "did you mean SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS?" in err
    assert "SHOPSYNC_HTTP_PORT: input should be less than or equal to 65535 (is '99999')" in err
    assert "PROBE_TOKEN" in err
    assert "PROBE_BLOCK: a duration is expected, such as 30s" in err
    assert "x9" not in err


async def test_wrong_variables_of_traces_are_one_line_where_traces_are_on(support_folder):
    env = {
        "PYTHONPATH": str(support_folder),
        "PROBE_TOKEN": "abc123",
        "SHOPSYNC_MONGO_URI": "mongodb://db/?replicaSet=rs0",
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_TRACES_SAMPLER": "sometimes",
    }
    assert (await run_probe(env, "--print-config"))[0] == 0
    code, out, err = await run_probe({**env, "SHOPSYNC_TRACES": "otlp"}, "--print-config")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken (is 'grpc')" in err
    assert "OTEL_TRACES_SAMPLER: one of " in err
    assert "password" not in err


async def test_a_misspelt_variable_ends_the_start_with_its_nearest_name(support_folder):
    env = {
        "PYTHONPATH": str(support_folder),
        "PROBE_TOKEN": "abc123",
        "SHOPSYNC_MONGO_URI": "mongodb://127.0.0.1:9",
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "SHOPSYNC_CACHE": "cache",
        "PROBE_PORT": "tcp://10.0.0.7:8099",
    }
    misspelt = {"PROBE_SLOWW": "1s", "SHOPSYNC_STAL_TIMEOUT": "1m", "SHOPSYNC_NOBODYS": "x"}
    code, out, err = await run_probe({**env, **misspelt})
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "PROBE_SLOWW is not read by anything; did you mean PROBE_SLOW?" in err
    assert "SHOPSYNC_STAL_TIMEOUT is not read by anything; did you mean SHOPSYNC_STALL_TIMEOUT?" in err
    assert "SHOPSYNC_NOBODYS is not read by anything" in err
    code, out, err = await run_probe({**env, **misspelt, "SHOPSYNC_UNKNOWN_VARIABLES": "warn"}, "--print-config")
    assert (code, err) == (0, ""), "a version that is rolled back may be told variables it does not know"
    assert "SHOPSYNC_UNKNOWN_VARIABLES=warn" in out
    code, _, err = await run_probe(env, "--print-config")
    assert (code, err) == (0, "")


async def test_help_and_print_config(support_folder):
    env = {
        "PYTHONPATH": str(support_folder),
        "PROBE_TOKEN": "hidden-token",
        "PROBE_SLOW": "250ms",
        "SHOPSYNC_MONGO_URI": "mongodb://user:password@db",
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "one:9092",
    }
    code, out, _ = await run_probe({"PYTHONPATH": str(support_folder)}, "--help")
    assert code == 0
    assert "PROBE_TOKEN" in out
    assert "a secret [required]" in out
    assert "[default: 8099]" in out
    assert "--version" in out
    code, out, _ = await run_probe({"PYTHONPATH": str(support_folder)}, "--version")
    assert (code, out) == (0, f"probe {version('shopsync-cli')}\n"), "as `shopsync --version` says"
    code, out, _ = await run_probe(env, "--print-config")
    lines = out.splitlines()
    assert code == 0
    assert "PROBE_TOKEN=**********" in lines
    assert "PROBE_SLOW=0.25s" in lines
    assert "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS=one:9092" in lines
    assert "hidden-token" not in out
    assert "password" not in out
    code, _, err = await run_probe(env, "--verbose")
    assert code == 2
    assert "--verbose" in err


@pytest.mark.reliability(29)
async def test_missing_topics_are_named_with_the_remedy(env, topic_prefix):
    code, out, err = await run_probe({**env, "SHOPSYNC_START_TIMEOUT": "2s", "SHOPSYNC_HTTP_PORT": "0"})
    assert code == 1
    assert err.count("\n") == 1
    assert f"{topic_prefix}.push-commands.v1" in err
    assert "`shopsync topics apply`" in err
    assert '"event": "waiting"' in out


@pytest.mark.reliability(29)
async def test_kafka_and_mongo_away_are_named_with_their_addresses(env):
    away = {**env, "SHOPSYNC_START_TIMEOUT": "2s", "SHOPSYNC_HTTP_PORT": "0"}
    code, _, err = await run_probe({**away, "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"})
    assert code == 1
    assert err.count("\n") == 1
    assert "Kafka at 127.0.0.1:9 cannot be reached" in err
    assert "MongoDB" not in err
    code, _, err = await run_probe({**away, "SHOPSYNC_MONGO_URI": "mongodb://user:password@127.0.0.1:9"})
    assert code == 1
    assert err.count("\n") == 1
    assert "lacks topics" in err, "all problems are told at once"
    assert "MongoDB at 127.0.0.1:9 cannot be used" in err
    assert "password" not in err


async def test_http_answers_while_kafka_is_away(env, tmp_path):
    probe = ServiceProcess("probe", env={**env, "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}, folder=tmp_path)
    await probe.start(wait=False)

    async def answers(path):
        async with httpx.AsyncClient(base_url=probe.url, timeout=5, trust_env=False) as client:
            try:
                return await client.get(path)
            except httpx.TransportError:
                return None

    live = await eventually(lambda: answers("/livez"))
    assert live.status_code == 200
    ready = await answers("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["started"] == "starting"
    assert ready.json()["checks"]["subscription commands"] == "waiting for an assignment"
    assert "shopsync_messages_handled" in (await answers("/metrics")).text
    assert await probe.terminate() == 0, "a stop while waiting is a clean stop"


async def publish(producer, topic_prefix, make_event, numbers):
    topic = PUSH_COMMANDS.full_name(topic_prefix)
    for number in numbers:
        await producer.send(topic, make_event(number).to_bytes(), key=make_event(number).key())
    await producer.flush()


@pytest.mark.reliability(26)
async def test_sigterm_under_load_is_clean_and_a_restart_repeats_nothing(
    env, all_topics, tmp_path, producer, topic_prefix, make_event, mongo_client, mongo_database
):
    seen = mongo_client[mongo_database]["seen"]
    probe = ServiceProcess("probe", env={**env, "PROBE_SLOW": "5ms"}, folder=tmp_path)
    await probe.start()
    await publish(producer, topic_prefix, make_event, range(400))

    async def some():
        return await seen.count_documents({}) > 30

    await eventually(some)
    assert await probe.terminate() == 0
    assert await seen.count_documents({}) < 400, "the stop came under load"
    await probe.start()

    async def all_seen():
        return await seen.count_documents({}) == 400

    await eventually(all_seen)
    assert await probe.terminate() == 0
    assert await seen.count_documents({"times": {"$ne": 1}}) == 0


async def test_the_log_tells_where_the_seconds_of_the_start_went(
    env, all_topics, tmp_path, producer, topic_prefix, make_event
):
    await publish(producer, topic_prefix, make_event, range(3))
    async with ServiceProcess("probe", env=env, folder=tmp_path) as probe:

        def told():
            return {line["event"]: line for line in probe.log_lines() if "after_s" in line}

        await eventually(lambda: len(told()) == 2)
        started, first = told()["started"], told()["first batch handled"]
        await publish(producer, topic_prefix, make_event, range(3, 6))
    assert list(started["seconds"]) == [
        *("imports", "settings", "build", "dependencies", "producer", "hooks", "subscriptions"),
    ]
    assert started["after_s"] == pytest.approx(sum(started["seconds"].values()), abs=0.01)
    assert first["subscription"] == "commands"
    assert sum(line["event"] == "first batch handled" for line in probe.log_lines()) == 1


@pytest.mark.reliability(26)
async def test_a_second_signal_ends_at_once(env, all_topics, tmp_path, producer, topic_prefix, make_event):
    probe = ServiceProcess("probe", env={**env, "PROBE_SLOW": "600s"}, folder=tmp_path)
    await probe.start()
    await publish(producer, topic_prefix, make_event, range(1))
    os.kill(probe.child.pid, signal.SIGTERM)
    await eventually(lambda: any(line.get("event") == "stopping" for line in probe.log_lines()))
    os.kill(probe.child.pid, signal.SIGTERM)
    assert await probe.exited() == 128 + signal.SIGTERM


@pytest.mark.reliability(25)
async def test_a_killed_static_member_takes_its_place_at_once(
    env, all_topics, tmp_path, producer, topic_prefix, make_event, mongo_client, mongo_database
):
    seen = mongo_client[mongo_database]["seen"]
    session = {"SHOPSYNC_INSTANCE_ID": "probe-0", "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "45s"}
    probe = ServiceProcess("probe", env={**env, **session}, folder=tmp_path)
    await probe.start()
    await publish(producer, topic_prefix, make_event, range(20))

    async def count(expected):
        return await seen.count_documents({}) == expected

    await eventually(lambda: count(20))
    await probe.kill()
    await publish(producer, topic_prefix, make_event, range(20, 40))
    await probe.start()  # ready within 30 s: a dynamic member would have to wait for the dead one's 45 s session
    await eventually(lambda: count(40))
    assert await probe.terminate() == 0


@pytest.mark.reliability(1, 2, 4)
@pytest.mark.parametrize("point", ["before_handler", "after_handler_before_commit", "after_dead_letter_before_commit"])
async def test_a_crash_loses_nothing(
    env, all_topics, tmp_path, producer, topic_prefix, make_event, mongo_client, mongo_database, read_topic, point
):
    seen = mongo_client[mongo_database]["seen"]
    member = {"SHOPSYNC_INSTANCE_ID": "probe-0"}
    topic = PUSH_COMMANDS.full_name(topic_prefix)
    await publish(producer, topic_prefix, make_event, range(30))
    await producer.send_and_wait(topic, b"poison", key=b"k")
    await publish(producer, topic_prefix, make_event, range(30, 60))

    crashing = ServiceProcess(
        "probe", env={**env, **member, "SHOPSYNC_FAILPOINT": point}, folder=tmp_path, name="crashing"
    )
    await crashing.start(wait=False)
    assert await crashing.exited() == -signal.SIGKILL
    async with ServiceProcess("probe", env={**env, **member}, folder=tmp_path):

        async def all_seen():
            return await seen.count_documents({}) == 60

        await eventually(all_seen)

        async def letters():
            return await read_topic(DEAD_LETTERS.full_name(topic_prefix))

        # The poison may be in a later batch than the last of the good ones.
        expected = 2 if point == "after_dead_letter_before_commit" else 1

        async def all_letters():
            return len(await letters()) >= expected

        await eventually(all_letters)
    letters_now = await letters()
    assert len(letters_now) == expected
    assert len({dict(letter.headers)["x-offset"] for letter in letters_now}) == 1, (
        "duplicates carry the same coordinates"
    )


@pytest.mark.reliability(28)
async def test_a_blocked_loop_is_dumped_and_ends_the_process(env, all_topics, tmp_path):
    probe = ServiceProcess(
        "probe", env={**env, "PROBE_BLOCK": "600s", "SHOPSYNC_WATCHDOG_TIMEOUT": "2s"}, folder=tmp_path
    )
    await probe.start(wait=False)
    assert await probe.exited() == 70
    log = probe.log.read_text()
    assert "the event loop was blocked" in log
    assert "in block" in log, "the stack names the culprit"
