"""Prometheus' own tool reads the rules, runs their unit tests, and checks names and the dashboards' expressions."""

import observed
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from promtool import promtool

import catalog.metrics
import ingestor.metrics
import janitor.metrics
import publisher.metrics
import shopsync_runtime.metrics

MODULES = (shopsync_runtime.metrics, ingestor.metrics, catalog.metrics, publisher.metrics, janitor.metrics)

pytestmark = pytest.mark.timeout(2400)  # the build, once per machine


@pytest.fixture(scope="module", name="promtool")
def _promtool():
    return promtool()


def test_the_rules_are_right(promtool):
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", str(observed.RULES))


def test_the_rules_do_what_their_unit_tests_say(promtool):
    assert "SUCCESS" in promtool("test", "rules", str(observed.UNIT_TESTS))


def test_prometheus_understands_every_expression_of_the_dashboards(promtool, tmp_path):
    """As rules of a file of its own: promtool has no other way to read an expression offline."""
    rules = [
        {"record": f"panel:number{number}:sum", "expr": query.expr.replace("$group", ".*").replace("$shop", ".*")}
        for number, query in enumerate(observed.of_dashboards())
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert f"{len(rules)} rules found" in promtool("check", "rules", "--lint=none", str(file))


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
