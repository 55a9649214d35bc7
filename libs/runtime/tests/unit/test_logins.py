"""Log-ins that were refused wait for their turn; others do not."""

import sys

import pytest
from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import SaslAuthenticationFailed

from shopsync_runtime.kafka import logins
from shopsync_runtime.kafka.connection import KafkaConnection


@pytest.fixture
def hold_off(clock):
    return logins.HoldOff(8.0, clock)


def test_what_was_refused_is_tried_by_one_once_in_a_while(hold_off, clock):
    assert hold_off.take_turn("a") == 0
    hold_off.refused("a")
    clock.now += 3
    assert hold_off.take_turn("a") == 5
    assert hold_off.take_turn("another password") == 0
    clock.now += 5
    assert [hold_off.take_turn("a") for _ in range(3)] == [0, 8, 8], "the others wait for what becomes of it"
    hold_off.worked("a")
    assert [hold_off.take_turn("a") for _ in range(3)] == [0, 0, 0]


def test_what_nobody_uses_any_more_is_forgotten(hold_off, clock):
    for number in range(100):
        hold_off.refused(f"token {number}")
        clock.now += 1
    assert len(hold_off._due) < 20


class Broker:
    """Takes one password, and counts who knocks."""

    def __init__(self):
        self.password = "right"
        self.asked = 0

    async def connect(self, connection):
        self.asked += 1
        if connection._sasl_plain_password != self.password:
            raise SaslAuthenticationFailed("no")


@pytest.fixture
def broker(monkeypatch, clock):
    found = Broker()

    async def connect(connection):
        await found.connect(connection)

    monkeypatch.setattr(AIOKafkaConnection, "connect", connect)
    monkeypatch.setattr(logins, "_hold_off", logins.HoldOff(8.0, clock))
    monkeypatch.setattr(logins, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(sys.modules["aiokafka.conn"], "AIOKafkaConnection", AIOKafkaConnection)
    KafkaConnection("b:1").options()
    return found


async def log_in(password):
    return await create_conn(
        "b", 1, sasl_mechanism="PLAIN", sasl_plain_username="catalog", sasl_plain_password=password
    )


async def test_a_refused_password_is_not_sent_again_at_once_and_another_is(broker, clock):
    for _ in range(20):
        with pytest.raises(SaslAuthenticationFailed):
            await log_in("wrong")
    assert broker.asked == 1
    await log_in("right")
    clock.now += 8
    broker.password = "wrong"
    for _ in range(5):
        await log_in("wrong")
    assert broker.asked == 7


class Token(AbstractTokenProvider):
    async def token(self):
        return "t"


async def test_a_token_that_the_broker_gives_a_reason_against_is_taken_to_the_refusal(broker):
    link = await create_conn(
        "b", 1, sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=Token(), sasl_plain_password="right"
    )
    step = link.authenticator_oauth().step
    assert (await step(None))[0].startswith(b"n,,\x01auth=Bearer t")
    assert await step(b'{"status":"invalid_token"}') == (b"\x01", True)
    assert await step(b"") is None
