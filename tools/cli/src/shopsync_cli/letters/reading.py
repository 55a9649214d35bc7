"""All dead letters of the cluster, with what became of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.group_offsets import committed
from shopsync_cli.kafka.records import Place, read_to_end
from shopsync_cli.kafka.topic_names import find_spec
from shopsync_cli.letters.letter import Letter
from shopsync_cli.letters.states import LetterOutcome, LetterState, Mark, letters_and_marks, outcomes
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_contracts.access import GROUPS, readers_of
from shopsync_contracts.topics import DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class Letters:
    """All dead letters in the order of the topic, and what became of each by its full place."""

    letters: Sequence[Letter]
    outcomes: Mapping[str, LetterOutcome]

    def outcome(self, letter: Letter) -> LetterOutcome:
        """What became of it."""
        return self.outcomes[letter.full_place]

    def count(self, letters: Iterable[Letter]) -> dict[LetterState, int]:
        """How many of these are in which state."""
        counts: dict[LetterState, int] = {}
        for letter in letters:
            state = self.outcome(letter).state
            counts[state] = counts.get(state, 0) + 1
        return counts


async def read_letters(cluster: Cluster, mongo: MongoSettings | None) -> Letters:
    """Without `mongo`, a message that is held until its product comes counts as applied."""
    passed = await _passed(cluster)
    name = cluster.name(DEAD_LETTERS)
    partitions = (await cluster.partitions([name]))[name]
    # Read after the groups' offsets: a dead letter is written before the offset of its message is committed.
    async with cluster.consumer() as consumer:
        letters, marks = letters_and_marks([record async for record in read_to_end(consumer, partitions)])
    held = frozenset[Place]() if mongo is None or not marks else await _held(mongo, marks)

    def is_taken(place: Place) -> bool:
        spec = find_spec(place[0], cluster.prefix)
        readers = () if spec is None else readers_of(spec, cluster.prefix)
        part = TopicPartition(*place[:2])
        return bool(readers) and all(passed.get((group, part), 0) > place[2] for group in readers)

    return Letters(letters, outcomes(letters, marks, is_taken=is_taken, held=held))


async def _passed(cluster: Cluster) -> dict[tuple[str, TopicPartition], int]:
    groups = [one.full_name(cluster.prefix) for one in GROUPS]
    async with cluster.admin() as admin:
        return {(group, part): offset for group in groups for part, offset in (await committed(admin, group)).items()}


async def _held(mongo: MongoSettings, marks: Sequence[Mark]) -> frozenset[Place]:
    wanted = {mark.to for mark in marks}
    fields = {"topic": 1, "partition": 1, "offset": 1}
    async with connected(mongo) as database:
        found = database["held_messages"].find({}, fields)
        places = {(one["topic"], one["partition"], one["offset"]) async for one in found}
    return frozenset(places & wanted)
