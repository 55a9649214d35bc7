from datetime import UTC, datetime, timedelta

import pytest
from argon2 import extract_parameters

from shopsync_accounts import AccountExists, NoAccount, WrongEmail, passwords

NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def test_scenario_76_a_shop_has_one_account(accounts):
    await accounts.create("demo", "owner@example.jp", NOW)
    with pytest.raises(AccountExists, match=r"owner@example\.jp"):
        await accounts.create("demo", "second@example.jp", NOW)
    assert [one.email for one in await accounts.list()] == ["owner@example.jp"]


async def test_an_e_mail_is_that_of_one_shop_however_it_is_written(accounts):
    await accounts.create("demo", "owner@example.jp", NOW)
    with pytest.raises(AccountExists, match="another shop"):
        await accounts.create("other", " Owner@Example.JP ", NOW)


@pytest.mark.parametrize("email", ["", "owner", "owner@", "@example.jp", "a b@example.jp", "owner@example", "a@.jp"])
async def test_what_is_no_e_mail_is_refused(accounts, email):
    with pytest.raises(WrongEmail):
        await accounts.create("demo", email, NOW)


async def test_a_link_works_once_and_for_three_days(accounts):
    secret = await accounts.create("demo", "owner@example.jp", NOW)
    late = NOW + timedelta(days=3)
    assert await accounts.by_link(secret, late) is None
    assert await accounts.set_password(secret, "correct horse", late) is None
    assert (await accounts.set_password(secret, "correct horse", NOW)).shop_key == "demo"
    assert await accounts.set_password(secret, "another one", NOW) is None
    assert (await accounts.log_in("OWNER@example.jp", "correct horse")).shop_key == "demo"


async def test_a_reset_replaces_the_link_and_keeps_the_password_until_the_new_one(accounts):
    first = await accounts.create("demo", "owner@example.jp", NOW)
    second = await accounts.reset("demo", NOW)
    assert await accounts.by_link(first, NOW) is None
    await accounts.set_password(second, "correct horse", NOW)
    third = await accounts.reset("demo", NOW)
    assert await accounts.log_in("owner@example.jp", "correct horse") is not None
    await accounts.set_password(third, "another horse", NOW)
    assert await accounts.log_in("owner@example.jp", "correct horse") is None
    with pytest.raises(NoAccount):
        await accounts.reset("nobody", NOW)


class Counting:
    """A hasher that keeps what it was asked."""

    def __init__(self, hasher):
        self._hasher = hasher
        self.verified, self.hashed = [], 0

    def verify(self, stored, password):
        self.verified.append((repr(extract_parameters(stored)), len(password)))
        return self._hasher.verify(stored, password)

    def hash(self, password):
        self.hashed += 1
        return self._hasher.hash(password)


async def test_every_refused_log_in_costs_one_verification_of_the_same_cost(accounts, monkeypatch):
    await accounts.set_password(await accounts.create("demo", "owner@example.jp", NOW), "correct horse", NOW)
    await accounts.create("other", "no-password-yet@example.jp", NOW)
    await accounts.get_ready()
    hasher = Counting(passwords._hasher)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    tried = ["owner@example.jp", "nobody@example.jp", "no-password-yet@example.jp", "", "owner"]
    for email in tried:
        assert await accounts.log_in(email, "wrong horse") is None
    assert await accounts.log_in("owner@example.jp", "wrong horse" * 10_000) is None
    assert await accounts.log_in("nobody@example.jp", "wrong horse" * 10_000) is None
    costs = {cost for cost, _ in hasher.verified}
    assert (len(hasher.verified), len(costs), hasher.hashed) == (len(tried) + 2, 1, 0)
    assert [length for _, length in hasher.verified[-2:]] == [passwords.LONGEST] * 2
    assert await accounts.log_in("owner@example.jp", "correct horse") is not None
    assert {cost for cost, _ in hasher.verified} == costs


async def test_neither_password_nor_link_is_stored(accounts, mongo_client, mongo_database):
    secret = await accounts.create("demo", "owner@example.jp", NOW)
    await accounts.set_password(secret, "correct horse", NOW)
    secret = await accounts.reset("demo", NOW)
    stored = str(await mongo_client[mongo_database]["accounts"].find_one({}))
    assert "correct horse" not in stored
    assert secret not in stored
    assert await accounts.log_in("owner@example.jp", "wrong") is None
    assert await accounts.log_in("nobody@example.jp", "correct horse") is None
