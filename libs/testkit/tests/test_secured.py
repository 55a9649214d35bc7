"""Kafka and MongoDB with access control: who gets in, who does not, and what is kept over a restart."""

import asyncio
import ssl
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError, TopicAuthorizationFailedError
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from shopsync_testkit.certificates import Authority
from shopsync_testkit.kafka.secured import MECHANISMS
from shopsync_testkit.kafka.tokens import TokenIssuer
from shopsync_testkit.polling import eventually

# aiokafka takes the reason for a refusal of the token as the end of the log-in, and then finds no brokers.
NOT_LET_IN = (KafkaConnectionError, NodeNotReadyError)
WAYS = [("SSL", "")] + [(protocol, each) for protocol in ("SASL_SSL", "SASL_PLAINTEXT") for each in MECHANISMS]


async def brokers(options) -> int:
    """How many brokers a client finds. Raises one of NOT_LET_IN when it is not let in."""
    admin = AIOKafkaAdminClient(**{"request_timeout_ms": 5000, **options})
    try:
        await admin.start()
        return len((await admin.describe_cluster())["brokers"])
    finally:
        await admin.close()


async def gets_in(options) -> bool:
    try:
        return bool(await brokers(options))
    except NOT_LET_IN:
        return False


@pytest.mark.parametrize(("protocol", "mechanism"), WAYS)
async def test_a_user_gets_in_by_every_way(secured_kafka, protocol, mechanism):
    assert await brokers(secured_kafka.options("catalog", protocol, mechanism)) == 1


@pytest.mark.parametrize(("protocol", "mechanism"), [way for way in WAYS if way[1] != "SCRAM-SHA-256"])
async def test_who_cannot_prove_it_does_not(secured_kafka, tmp_path, protocol, mechanism):
    options = secured_kafka.options("catalog", protocol, mechanism)
    if protocol == "SSL":
        options["ssl_context"] = context = ssl.create_default_context(cafile=str(secured_kafka.authority.certificate))
        context.load_cert_chain(Authority(tmp_path).user("catalog").both)
    elif mechanism == "OAUTHBEARER":
        expired = secured_kafka.tokens.token("catalog", seconds=-60)
        options["sasl_oauth_token_provider"]._token = expired
    else:
        options["sasl_plain_password"] = "wrong"
    with pytest.raises(NOT_LET_IN):
        await brokers(options)


@pytest.mark.parametrize("protocol", ["SASL_SSL", "SASL_PLAINTEXT"])
async def test_a_token_of_another_issuer_or_for_somebody_else_is_refused(secured_kafka, tmp_path, protocol):
    options = secured_kafka.options("catalog", protocol, "OAUTHBEARER")
    stranger = TokenIssuer(tmp_path).token("catalog")
    elsewhere = secured_kafka.tokens.token("catalog", audience="another-cluster")
    for token in (stranger, elsewhere):
        options["sasl_oauth_token_provider"]._token = token
        with pytest.raises(NOT_LET_IN):
            await brokers(options)


async def test_a_client_without_a_certificate_or_without_trust_does_not_get_in(secured_kafka):
    trusting = ssl.create_default_context(cafile=str(secured_kafka.authority.certificate))
    address = secured_kafka.addresses["SSL"]
    with pytest.raises(KafkaConnectionError):
        await brokers({"bootstrap_servers": address, "security_protocol": "SSL", "ssl_context": trusting})
    options = secured_kafka.options("catalog") | {"ssl_context": ssl.create_default_context()}
    with pytest.raises(KafkaConnectionError):
        await brokers(options)


async def test_an_expired_certificate_is_refused(secured_kafka):
    ended = datetime.now(UTC) - timedelta(days=1)
    issued = secured_kafka.authority.new_user("catalog", until=ended, file="ended")
    options = secured_kafka.options("catalog", "SSL")
    options["ssl_context"].load_cert_chain(issued.both)
    with pytest.raises(KafkaConnectionError):
        await brokers(options)


async def test_nobody_has_a_right_and_the_authorizer_tells_what_it_refused(secured_kafka):
    topic = f"t{uuid.uuid4().hex[:10]}"
    async with secured_kafka.admin() as admin:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    async with AIOKafkaProducer(**secured_kafka.options("nobody")) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await asyncio.wait_for(producer.send_and_wait(topic, b"x"), 30)
    refused = [one for one in secured_kafka.decisions() if one.name == topic]
    assert {(one.user, one.allowed, one.operation, one.resource) for one in refused} == {
        ("nobody", False, "DESCRIBE", "Topic")
    }


async def test_passwords_are_changed_while_it_runs_and_kept_over_a_restart(secured_kafka):
    # Of its own: what was refused in this process is held off for a while, and others log in as the users of `USERS`.
    user = "changes-its-password"
    await secured_kafka.set_password(user, "one")
    old = secured_kafka.options(user)
    await eventually(lambda: gets_in(old), what="the first password")
    await secured_kafka.set_password(user, "another")
    await eventually(lambda: gets_in(secured_kafka.options(user)), what="the new password")
    with pytest.raises(KafkaConnectionError):
        await brokers(old)
    await secured_kafka.restart()
    assert await brokers(secured_kafka.options(user)) == 1


async def test_mongodb_takes_passwords_and_certificates_by_tls_only(secured_mongo):
    role = {"role": "read", "db": "shopsync"}
    await secured_mongo.create_user("reader", "s/e:c@ret", [role], source="shopsync")
    await secured_mongo.create_user("certified", None, [role], source="shopsync")
    await secured_mongo.restart()
    for uri in (secured_mongo.uri("reader", "s/e:c@ret"), secured_mongo.uri_by_certificate("certified")):
        async with AsyncMongoClient(uri, serverSelectionTimeoutMS=5000) as client:
            assert await client["shopsync"]["empty"].find_one() is None
            with pytest.raises(OperationFailure, match="not authorized"):
                await client["shopsync"]["products"].insert_one({"_id": 1})
    with pytest.raises(OperationFailure, match="Authentication failed"):
        async with AsyncMongoClient(secured_mongo.uri("reader", "wrong")) as client:
            await client["shopsync"]["products"].find_one()
    plain = f"mongodb://127.0.0.1:{secured_mongo.port}/?directConnection=true&serverSelectionTimeoutMS=500"
    async with AsyncMongoClient(plain) as client:
        with pytest.raises(ServerSelectionTimeoutError):
            await client.admin.command("ping")
    async with AsyncMongoClient(secured_mongo._uri("")) as client:
        with pytest.raises(OperationFailure, match="requires authentication"):
            await client["shopsync"]["products"].find_one()
