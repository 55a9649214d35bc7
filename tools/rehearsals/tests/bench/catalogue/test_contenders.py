import subprocess
import sys

import pytest

from shopsync_rehearsals.bench.catalogue.contenders.connect import name_of, sink_settings
from shopsync_rehearsals.bench.catalogue.contenders.field import field_of, places_of
from shopsync_rehearsals.bench.catalogue.contenders.places import Places
from shopsync_rehearsals.bench.catalogue.plan import Kind, Plan
from shopsync_rehearsals.installation import Installation

HERE = Installation("127.0.0.1:1", "mongodb://127.0.0.1:2/?replicaSet=rs0", "bench.r1", "bench-r1")


def test_each_has_a_group_a_database_and_snapshots_of_its_own():
    every = [places_of(kind, HERE) for kind in Kind]
    assert len({places.group for places in every}) == len(Kind)
    assert len({places.database for places in every}) == len(Kind)
    assert len({places.snapshots for places in every}) == len(Kind)
    assert places_of(Kind.CONNECT, HERE).snapshots is None


def test_the_catalogue_has_the_names_that_the_service_takes():
    places = places_of(Kind.CATALOGUE, HERE)
    assert places.group == "bench.r1.catalog.products"
    assert places.source == "bench.r1.product-changes.v1"
    assert places.snapshots == "bench.r1.catalog-products.v1"
    assert places.database == HERE.database


def test_all_but_the_slow_one_read_one_topic():
    sources = {kind: places_of(kind, HERE).source for kind in Kind}
    slow = sources.pop(Kind.ONE_BY_ONE)
    assert set(sources.values()) == {"bench.r1.product-changes.v1"}
    assert slow != "bench.r1.product-changes.v1"


def test_places_survive_the_command_line():
    for kind in Kind:
        places = places_of(kind, HERE)
        assert Places.from_json(places.to_json()) == places


def test_the_field_keeps_the_order_and_creates_what_no_command_creates(tmp_path):
    kinds = (Kind.ONE_BY_ONE, Kind.CATALOGUE, Kind.RAW_LOOP)
    field = field_of(Plan(), kinds, HERE, tmp_path, None)
    assert tuple(contender.kind for contender in field.contenders) == kinds
    assert field.sources["bench.r1.one-by-one.changes"] == Plan().amount(Kind.ONE_BY_ONE)
    assert field.sources["bench.r1.product-changes.v1"] == Plan().amount(Kind.CATALOGUE)
    assert set(field.topics) == {
        "bench.r1.one-by-one.changes",
        "bench.r1.one-by-one.snapshots",
        "bench.r1.raw-loop.snapshots",
    }


@pytest.mark.parametrize("uri", ["mongodb://127.0.0.1:2/?replicaSet=rs0", "mongodb://127.0.0.1:2/"])
def test_the_sink_waits_for_the_majority(uri):
    places = places_of(Kind.CONNECT, Installation("127.0.0.1:1", uri, "bench.r1", "bench-r1"))
    settings = sink_settings(places)
    assert settings["connection.uri"] in {f"{uri}&w=majority", f"{uri}?w=majority"}
    assert settings["connection.uri"].count("?") == 1
    assert places.group == f"connect-{name_of(places)}"
    assert settings["topics"] == places.source


def test_the_command_needs_neither_the_service_nor_faststream_to_be_named():
    """The sandbox's image has neither, and shows this command in its help."""
    code = "import sys, shopsync_rehearsals.bench.catalogue.commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name.partition(".")[0] for name in loaded} & {"catalog", "faststream", "shopsync_runtime"} == set()
