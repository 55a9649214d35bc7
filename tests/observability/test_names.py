"""Every metric and label that dashboards and rules use exists in the code, and the reverse where it matters."""

import ast
import inspect
import json
import re

import observed
import pytest
from observed import Query, labels_in, labels_made_in, names_in

import catalog.metrics
import console.metrics
import ingestor.metrics
import janitor.metrics
import publisher.metrics
import shopsync_runtime.metrics
from shopsync_runtime.metrics import OTHER_SHOPS, shop_label

MODULES = (
    shopsync_runtime.metrics,
    ingestor.metrics,
    catalog.metrics,
    publisher.metrics,
    janitor.metrics,
    console.metrics,
)
QUERIES = [*observed.of_rules(), *observed.of_dashboards()]
KNOWN = {**observed.series(), **observed.recorded()}


def problems(query: Query) -> list[str]:
    names = names_in(query.expr)
    if not names:
        return ["it reads no metric of ours"]
    unknown = [f"there is no {name}" for name in sorted(names - KNOWN.keys())]
    labels = labels_made_in(query.expr).union(*(KNOWN.get(name, set()) for name in names))
    return unknown + [
        f"no label {label}" for label in sorted((labels_in(query.expr) | query.shown) - labels - {"value"})
    ]


@pytest.mark.parametrize("query", QUERIES, ids=lambda one: one.where)
def test_what_is_asked_for_exists(query):
    assert problems(query) == []


@pytest.mark.parametrize(
    ("expr", "problem"),
    [
        ("shopsync_gone_total", "there is no shopsync_gone_total"),
        ("rate(shopsync_dead_letters[5m])", "there is no shopsync_dead_letters"),
        ('shopsync_consumer_lag{subscription="a"}', "no label subscription"),
        ("sum by (shop_key) (shopsync_consumer_lag)", "no label shop_key"),
        ("group:shopsync_gone:sum", "there is no group:shopsync_gone:sum"),
        ("up", "it reads no metric of ours"),
    ],
)
def test_the_check_finds_what_is_wrong(expr, problem):
    assert problems(Query("", expr)) == [problem]


def test_a_label_that_is_only_shown_must_exist_too():
    assert problems(Query("", "shopsync_consumer_lag", frozenset({"shop_key"}))) == ["no label shop_key"]


def test_what_a_recording_rule_keeps_is_what_its_name_says():
    kept = {
        rule["record"]: rule["expr"] for group in observed.rule_groups() for rule in group["rules"] if "record" in rule
    }
    for name, labels in observed.recorded().items():
        grouped = labels_in(re.sub(r"\{[^}]*\}", "", kept[name])) - {"le"}
        below = set().union(*(observed.recorded().get(one, set()) for one in names_in(kept[name])))
        assert grouped | below == labels, name


def test_every_metric_is_on_a_dashboard_or_in_a_rule():
    """`tokens sealed with older keys` is for a change of the key, as its comment says; it is on a dashboard too."""
    read = {name for query in QUERIES for name in names_in(query.expr)}
    unread = [
        one.name
        for one in observed.metrics()
        if not {one.name, f"{one.name}_bucket", f"{one.name}_sum", f"{one.name}_count"} & read
    ]
    assert unread == []


@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__)
def test_every_metric_has_a_comment_above_it(module):
    source = inspect.getsource(module)
    lines = source.splitlines()
    made = [
        node for node in ast.parse(source).body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
    ]
    assert made
    assert [ast.unparse(node.targets[0]) for node in made if not lines[node.lineno - 2].startswith("# ")] == []


def test_metrics_are_named_as_prometheus_wants_them():
    for one in observed.metrics():
        assert re.fullmatch(r"shopsync(_[a-z]+)+", one.name), one.name
        assert one.name.endswith("_total") == (one.kind == "counter"), one.name
        assert one.meaning.strip()
        assert one.meaning[0].isupper() or one.meaning[0].isdigit()
        assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", label) for label in one.labels), one.name


def test_the_number_of_shops_with_a_series_is_bounded(monkeypatch):
    monkeypatch.setattr(shopsync_runtime.metrics, "_shops", set())
    labels = {shop_label(f"shop-{number}") for number in range(3000)}
    assert len(labels) == 1001
    assert OTHER_SHOPS in labels
    assert shop_label("shop-1") == "shop-1"


@pytest.mark.parametrize("file", observed.DASHBOARDS, ids=lambda file: file.name)
def test_a_dashboard_can_be_imported_anywhere(file):
    board = json.loads(file.read_text(encoding="utf-8"))
    assert board["uid"] == f"shopsync-{file.stem}"
    assert board["title"].startswith("shopsync: ")
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    sources = {target["datasource"]["uid"] for panel in panels for target in panel.get("targets", ())}
    assert sources == {"${datasource}"}, "it must not know one installation's data source"
    used = set(
        re.findall(r"\$(\w+)", "".join(query.expr for query in observed.of_dashboards() if file.name in query.where))
    )
    assert used <= {variable["name"] for variable in board["templating"]["list"]}
    assert [panel["title"] for panel in panels if panel["type"] != "row" and not _is_inside(panel["gridPos"])] == []


def _is_inside(place):
    return place["x"] >= 0 and place["x"] + place["w"] <= 24
