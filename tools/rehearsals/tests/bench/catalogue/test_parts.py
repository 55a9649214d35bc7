from shopsync_rehearsals.bench.catalogue.parts import PHASES, Stopwatch, parts
from shopsync_rehearsals.bench.catalogue.plan import Phase


def test_every_part_of_the_work_takes_some_time():
    found = parts(20, 7)
    assert list(found) == list(PHASES)
    assert set(found[Phase.FIRST_IMPORT]) < set(found[Phase.UPDATE])
    assert all(taken > 0 for part, taken in found[Phase.UPDATE].items())
    assert found[Phase.NOTHING_CHANGED]["snapshot, JSON"] < found[Phase.UPDATE]["snapshot, JSON"]


def test_the_time_is_per_message():
    watch = Stopwatch(1000)
    assert watch.time("sum", lambda: sum(range(100_000))) == sum(range(100_000))
    assert 0 < watch.parts["sum"] < 1000
