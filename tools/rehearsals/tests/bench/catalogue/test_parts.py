import json
import subprocess
import sys

from shopsync_rehearsals.bench.catalogue import parts
from shopsync_rehearsals.bench.catalogue.parts import PHASES, Stopwatch
from shopsync_rehearsals.bench.catalogue.plan import Phase


def test_every_part_of_the_work_takes_some_time():
    # In a process of its own, as in the benchmark: its collections of garbage would take long in that of the tests.
    ended = subprocess.run([sys.executable, "-m", parts.__name__, "20", "7"], stdout=subprocess.PIPE, check=True)
    found = json.loads(ended.stdout)
    assert list(found) == list(PHASES)
    assert set(found[Phase.FIRST_IMPORT]) < set(found[Phase.UPDATE])
    assert all(taken > 0 for part, taken in found[Phase.UPDATE].items())
    assert found[Phase.NOTHING_CHANGED]["snapshot, JSON"] < found[Phase.UPDATE]["snapshot, JSON"]


def test_the_time_is_per_message():
    watch = Stopwatch(1000)
    assert watch.time("sum", lambda: sum(range(100_000))) == sum(range(100_000))
    assert 0 < watch.parts["sum"] < 1000
