"""What is said of a cluster some of whose brokers do not answer. tests/secured asks real ones."""

import pytest

from shopsync_runtime.kafka import diagnosis
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.diagnosis import why_not

BROKERS = [("a.example", 1), ("b.example", 2), ("c.example", 3)]


@pytest.fixture
def asked(monkeypatch):
    """`await asked(BOOTSTRAP, away)`: what is said where these brokers refuse connections."""

    async def ask(bootstrap, away):
        async def brokers(_connection, host, port):
            if (host, port) in away:
                raise ConnectionRefusedError(111, "Connection refused")
            return BROKERS

        monkeypatch.setattr(diagnosis, "_brokers", brokers)
        return await why_not(KafkaConnection(bootstrap))

    return ask


async def test_a_broker_that_is_away_is_no_trouble_while_another_answers(asked):
    everyone = ",".join(f"{host}:{port}" for host, port in BROKERS)
    for bootstrap in (everyone, "a.example:1", "behind.example:9"):
        assert await asked(bootstrap, set()) is None
        assert await asked(bootstrap, {BROKERS[2]}) is None, bootstrap
    assert await asked(everyone, {BROKERS[0]}) is None


async def test_brokers_of_which_none_answers_at_its_address_are_named(asked):
    told = await asked("behind.example:9", set(BROKERS))
    assert told is not None
    assert told.startswith("lets a broker be found at a.example:1 (advertised.listeners), which does not answer: ")
