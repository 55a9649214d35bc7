"""Prometheus' own tool reads the rules, runs their unit tests, and checks names and the dashboards' expressions."""

import itertools

import observed
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from promtool import promtool

import catalog.metrics
import console.metrics
import ingestor.metrics
import janitor.metrics
import publisher.metrics
import shopsync_runtime.metrics

MODULES = (
    shopsync_runtime.metrics,
    ingestor.metrics,
    catalog.metrics,
    publisher.metrics,
    janitor.metrics,
    console.metrics,
)

pytestmark = [pytest.mark.observability, pytest.mark.timeout(2400)]  # the build, once per machine


@pytest.fixture(scope="module", name="promtool")
def _promtool(request):
    return promtool(may_build=request.config.option.markexpr.startswith("observability"))


def test_the_rules_are_right(promtool):
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", str(observed.RULES))


def test_the_rules_do_what_their_unit_tests_say(promtool):
    assert "SUCCESS" in promtool("test", "rules", *map(str, observed.UNIT_TESTS))


def test_every_panel_shows_something_where_there_are_series(promtool, tmp_path):
    """On two replicas with two groups, every expression of the dashboards has an answer, and none is ambiguous."""
    queries = list(observed.of_dashboards())
    anything = [{"labels": "{}", "value": -1}]
    checks = [
        {"expr": f"count({_everything(query)}) > 0", "eval_time": "110m", "exp_samples": anything} for query in queries
    ]
    test = {
        "rule_files": [str(observed.RULES)],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": list(_series()), "promql_expr_test": checks}],
    }
    file = tmp_path / "panels.test.yaml"
    file.write_text(yaml.safe_dump(test), encoding="utf-8")
    # promtool cannot be told that any value will do, so each check "fails", and says what it found.
    told = promtool("test", "rules", str(file), fails=True)
    assert told.count("exp: {} -1E+00") == len(queries), told
    assert "got: nil" not in told


def test_the_first_dead_letter_of_a_process_is_on_the_dashboard(promtool, tmp_path):
    """Its counter begins with it, at 1, in which `increase` alone sees no rise."""
    queries = {
        _everything(query)
        for query in observed.of_dashboards()
        if "increase(shopsync_dead_letters_total" in query.expr and " / " not in query.expr
    }
    assert len(queries) == 5
    checks = [
        {"expr": f"sum({query})", "eval_time": "1443m", "exp_samples": [{"labels": "{}", "value": 1}]}
        for query in queries
    ]
    labels = 'instance="a", group="shopsync.catalog.products", topic="t", error_type="NotJson"'
    letters = {"series": f"shopsync_dead_letters_total{{{labels}}}", "values": "_x1441 1x10"}
    _hold(promtool, tmp_path, [letters], checks)


def test_an_authorisation_that_has_ended_ends_in_no_time(promtool, tmp_path):
    (query,) = (_everything(one) for one in observed.of_dashboards() if one.where.endswith("Authorisation ends in"))
    expiry = "shopsync_publisher_authorization_expiry_timestamp_seconds"
    given = [
        {"series": f'{expiry}{{shop_key="ended"}}', "values": "0x60"},
        {"series": f'{expiry}{{shop_key="good"}}', "values": "7200x60"},
    ]
    left = [{"labels": '{shop_key="ended"}', "value": 0}, {"labels": '{shop_key="good"}', "value": 3600}]
    _hold(promtool, tmp_path, given, [{"expr": query, "eval_time": "60m", "exp_samples": left}])


def test_a_clock_that_is_behind_is_on_the_dashboard(promtool, tmp_path):
    (query,) = (one.expr for one in observed.of_dashboards() if "clock_skew" in one.expr)
    given = [
        {"series": f'shopsync_publisher_clock_skew_seconds{{instance="{skew}"}}', "values": f"{skew}x5"}
        for skew in (-25, 3)
    ]
    _hold(
        promtool, tmp_path, given, [{"expr": query, "eval_time": "3m", "exp_samples": [{"labels": "{}", "value": 25}]}]
    )


def _hold(promtool, tmp_path, series, checks):
    one = {"interval": "1m", "input_series": series, "promql_expr_test": checks}
    file = tmp_path / "one.test.yaml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [one]}), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", str(file))


def _everything(query):
    return query.expr.replace("$group", ".*").replace("$shop", ".*")


def _series():
    """Rising values of every series that the code declares, on two replicas."""
    values = {
        "instance": ["a", "b"],
        "group": ["shopsync.catalog.products", "shopsync.publisher.commands"],
        "outcome": ["ok", "failed", "completed", "Unavailable", "lost"],
        "le": ["1", "10", "+Inf"],
    }
    for name, labels in observed.series().items():
        used = sorted(labels - {"job"})
        for chosen in itertools.product(*(values.get(label, ["x"]) for label in used)):
            selected = ", ".join(f'{label}="{value}"' for label, value in zip(used, chosen, strict=True))
            yield {"series": f"{name}{{{selected}}}", "values": "0+3x120"}


def test_the_names_follow_prometheus_conventions(promtool):
    """Of a registry of its own with a series of each metric: a metric with labels is not shown before its first."""
    registry = CollectorRegistry()
    for module in MODULES:
        for made in vars(module).values():
            if isinstance(made, MetricWrapperBase):
                copy = type(made)(made._name, made._documentation, made._labelnames, registry=registry)
                if made._labelnames:
                    copy.labels(*("x" for _ in made._labelnames))
    assert promtool("check", "metrics", given=generate_latest(registry).decode()) == ""
