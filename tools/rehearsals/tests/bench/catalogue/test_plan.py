import pytest

from shopsync_rehearsals.bench.catalogue.plan import Amount, Kind, Phase, Plan


@pytest.mark.parametrize(("messages", "amount"), [(20_000, Amount(20_000, 500)), (400, Amount(400, 100))])
def test_the_warm_up_is_a_part_of_the_messages(messages, amount):
    assert Plan(messages=messages).amount(Kind.CATALOGUE) == amount
    assert amount.products == amount.measured + amount.warm_up


@pytest.mark.parametrize(("messages", "measured"), [(20_000, 2_000), (100, 20), (10, 10)])
def test_the_slow_one_gets_a_tenth(messages, measured):
    assert Plan(messages=messages).amount(Kind.ONE_BY_ONE).measured == measured


def test_phases_before_the_last_one_shown_are_run_too():
    plan = Plan(phases=(Phase.UPDATE, Phase.NOTHING_CHANGED))
    assert plan.phases_to_run() == (Phase.FIRST_IMPORT, Phase.UPDATE, Phase.NOTHING_CHANGED)
    assert Plan().phases_to_run() == tuple(Phase)


def test_every_contender_is_first_once():
    plan = Plan()
    orders = [plan.order(number) for number in range(len(Kind))]
    assert {order[0] for order in orders} == set(Kind)
    assert all(set(order) == set(Kind) for order in orders)
    assert plan.order(len(Kind)) == plan.order(0)


def test_the_bound_follows_the_messages():
    assert Plan(messages=20_000).bound > Plan(messages=1_000).bound
    assert Plan(patience=5).bound == 5
