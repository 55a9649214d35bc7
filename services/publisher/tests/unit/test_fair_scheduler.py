from hypothesis import given
from hypothesis import strategies as st

from publisher.pushing.fair_scheduler import FairScheduler


def always(_shop, _jobs):
    return True


def take(scheduler, times):
    """Take and claim `times` times."""
    taken = []
    for _ in range(times):
        taken.append(scheduler.next_shop())
        if taken[-1] is not None:
            scheduler.claimed(taken[-1], found=True)
    return taken


def test_shops_take_turns_and_none_holds_more_than_its_share():
    scheduler = FairScheduler(20, 2, always)
    scheduler.add(["a", "b"])
    scheduler.add(["b", "c"])
    assert take(scheduler, 7) == ["a", "b", "c", "a", "b", "c", None]
    scheduler.release("b")
    assert take(scheduler, 2) == ["b", None]


def test_a_shop_is_asked_once_at_a_time_and_left_out_when_it_has_nothing():
    scheduler = FairScheduler(20, 4, always)
    scheduler.add(["a"])
    assert [scheduler.next_shop(), scheduler.next_shop()] == ["a", None]
    scheduler.claimed("a", found=False)
    scheduler.release("a")
    assert scheduler.next_shop() is None
    scheduler.add(["a"])
    assert scheduler.next_shop() == "a"


def test_a_shop_without_capacity_is_skipped():
    scheduler = FairScheduler(20, 4, lambda shop, jobs: shop != "throttled" or jobs == 0)
    scheduler.add(["throttled", "b"])
    assert take(scheduler, 6) == ["throttled", "b", "b", "b", "b", None]


def test_one_shop_alone_leaves_half_of_the_places():
    scheduler = FairScheduler(16, 64, always)
    scheduler.add(["a"])
    assert take(scheduler, 20).count("a") == 8


@given(st.integers(2, 300), st.integers(1, 64), st.integers(1, 299))
def test_however_many_slow_shops_hold_places_the_next_shop_finds_one(places, per_shop, slow):
    """Slow shops never release a place; there are fewer of them than places."""
    slow = min(slow, places - 1)
    scheduler = FairScheduler(places, per_shop, always)
    scheduler.add([f"slow-{number}" for number in range(slow)])
    while take(scheduler, 1) != [None]:
        pass
    scheduler.add(["healthy"])
    assert take(scheduler, 1) == ["healthy"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_places_are_never_lost_nor_handed_out_twice(steps):
    scheduler, held = FairScheduler(4, 3, always), []
    for shop, give in steps:
        scheduler.add([shop])
        if give and held:
            scheduler.release(held.pop(0))
        held += [one for one in take(scheduler, 1) if one is not None]
        assert len(held) <= 4
        assert all(held.count(one) <= 3 for one in "abc")
    for one in held:
        scheduler.release(one)
    scheduler.add("abc")
    assert None not in take(scheduler, 3)


def test_a_shop_begins_with_few_places_and_gains_one_with_each_it_releases():
    scheduler = FairScheduler(20, 4, lambda *_: True, first=2)
    scheduler.add(["a"])

    def held():
        count = 0
        while scheduler.next_shop() is not None:
            scheduler.claimed("a", found=True)
            count += 1
        return count

    assert held() == 2
    scheduler.release("a")
    assert held() == 2, "the one that came back and one more"
    for _ in range(2):
        scheduler.release("a")
    assert held() == 3, "never over four"
