from hypothesis import given
from hypothesis import strategies as st

from publisher.pushing.fair_scheduler import Rota


def always(_shop, _jobs):
    return True


def take(rota, times):
    """Take and claim so often."""
    taken = []
    for _ in range(times):
        taken.append(rota.take())
        if taken[-1] is not None:
            rota.claimed(taken[-1], found=True)
    return taken


def test_shops_take_turns_and_none_holds_more_than_its_share():
    rota = Rota(20, 2, always)
    rota.add(["a", "b"])
    rota.add(["b", "c"])
    assert take(rota, 7) == ["a", "b", "c", "a", "b", "c", None]
    rota.give_back("b")
    assert take(rota, 2) == ["b", None]


def test_a_shop_is_asked_once_at_a_time_and_left_out_when_it_has_nothing():
    rota = Rota(20, 4, always)
    rota.add(["a"])
    assert [rota.take(), rota.take()] == ["a", None]
    rota.claimed("a", found=False)
    rota.give_back("a")
    assert rota.take() is None
    rota.add(["a"])
    assert rota.take() == "a"


def test_a_shop_without_room_is_passed_over():
    rota = Rota(20, 4, lambda shop, jobs: shop != "throttled" or jobs == 0)
    rota.add(["throttled", "b"])
    assert take(rota, 6) == ["throttled", "b", "b", "b", "b", None]


def test_one_shop_alone_leaves_half_of_the_places():
    rota = Rota(16, 64, always)
    rota.add(["a"])
    assert take(rota, 20).count("a") == 8


@given(st.integers(2, 300), st.integers(1, 64), st.integers(1, 299))
def test_however_many_slow_shops_hold_places_the_next_shop_finds_one(places, per_shop, slow):
    """They never give one back; while there are fewer of them than places."""
    slow = min(slow, places - 1)
    rota = Rota(places, per_shop, always)
    rota.add([f"slow-{number}" for number in range(slow)])
    while take(rota, 1) != [None]:
        pass
    rota.add(["healthy"])
    assert take(rota, 1) == ["healthy"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_places_are_never_lost_nor_handed_out_twice(steps):
    rota, held = Rota(4, 3, always), []
    for shop, give in steps:
        rota.add([shop])
        if give and held:
            rota.give_back(held.pop(0))
        held += [one for one in take(rota, 1) if one is not None]
        assert len(held) <= 4
        assert all(held.count(one) <= 3 for one in "abc")
    for one in held:
        rota.give_back(one)
    rota.add("abc")
    assert None not in take(rota, 3)


def test_a_shop_begins_with_few_places_and_gains_one_with_each_that_it_gave_back():
    rota = Rota(20, 4, lambda *_: True, first=2)
    rota.add(["a"])

    def held():
        count = 0
        while rota.take() is not None:
            rota.claimed("a", found=True)
            count += 1
        return count

    assert held() == 2
    rota.give_back("a")
    assert held() == 2, "the one that came back and one more"
    for _ in range(2):
        rota.give_back("a")
    assert held() == 3, "never over four"
