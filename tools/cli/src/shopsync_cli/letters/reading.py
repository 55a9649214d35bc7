"""The dead letters of the cluster with what became of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.group_offsets import committed
from shopsync_cli.kafka.records import to_the_end
from shopsync_cli.kafka.subscriptions import SUBSCRIPTIONS, readers_of
from shopsync_cli.kafka.topic_names import find_spec
from shopsync_cli.letters.letter import Letter, redriven
from shopsync_cli.letters.states import LetterState, Mark, Standing, marks_of, sorted_out, standings
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.events import CHUNK, batched, now
from shopsync_cli.publishing.outcomes import Place
from shopsync_cli.settings import MongoSettings
from shopsync_contracts.topics import DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class Letters:
    """All dead letters, by place on the topic, and what became of each by its full place."""

    letters: Sequence[Letter]
    standings: Mapping[str, Standing]

    def standing(self, letter: Letter) -> Standing:
        """What became of it."""
        return self.standings[letter.full_place]

    def count(self, letters: Iterable[Letter]) -> dict[LetterState, int]:
        """How many of these are in which state."""
        counts: dict[LetterState, int] = {}
        for letter in letters:
            state = self.standing(letter).state
            counts[state] = counts.get(state, 0) + 1
        return counts


async def read_letters(there: Cluster, mongo: MongoSettings | None) -> Letters:
    """Without `mongo` a message that is held until its product comes counts as applied."""
    passed = await _passed(there)
    name = there.name(DEAD_LETTERS)
    partitions = (await there.partitions([name]))[name]
    # After the groups' offsets: a dead letter is there before the offset of its message is committed.
    async with there.consumer() as consumer:
        letters, marks = sorted_out([record async for record in to_the_end(consumer, partitions)])
    held = frozenset[Place]() if mongo is None or not marks else await _held(mongo, marks)

    def is_taken(place: Place) -> bool:
        spec = find_spec(place[0], there.prefix)
        readers = () if spec is None else readers_of(spec, there.prefix)
        part = TopicPartition(*place[:2])
        return bool(readers) and all(passed.get((group, part), 0) > place[2] for group in readers)

    return Letters(letters, standings(letters, marks, is_taken=is_taken, held=held))


async def _passed(there: Cluster) -> dict[tuple[str, TopicPartition], int]:
    groups = [one.group(there.prefix) for one in SUBSCRIPTIONS]
    async with there.admin() as admin:
        return {(group, part): offset for group in groups for part, offset in (await committed(admin, group)).items()}


async def _held(mongo: MongoSettings, marks: Sequence[Mark]) -> frozenset[Place]:
    wanted = {mark.to for mark in marks}
    fields = {"topic": 1, "partition": 1, "offset": 1}
    async with connected(mongo) as database:
        found = database["held_messages"].find({}, fields)
        places = {(one["topic"], one["partition"], one["offset"]) async for one in found}
    return frozenset(places & wanted)


async def send_back(there: Cluster, letters: Sequence[Letter]) -> int:
    """Send the letters to where they came from and mark each as sent back. Returns how many were acknowledged.

    Killed in between, a chunk is sent but not marked: its letters are open still, and a second redrive repeats them.
    """
    sent = 0
    async with there.producer() as producer:
        for chunk in batched(letters, CHUNK):
            placed = await producer.send_all(list(redriven(chunk)))
            await producer.send_all(list(marks_of(chunk, placed, topic=there.name(DEAD_LETTERS), at=now())))
            sent += len(placed)
    return sent
