"""The Grafana dashboard shows what there is, and all of it."""

import json
import re

import pytest

import dev
from app import metrics
from app.exporter import WalSize

DASHBOARD = json.loads((dev.ROOT / "deploy/grafana.json").read_text())
QUERIES = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}
FAMILIES = [*metrics.registry.collect(), *WalSize("nowhere.db").collect()]
NAMES = {
    family.name + suffix: family.name for family in FAMILIES for suffix in SUFFIXES[family.type]
}
LABELS = {one._name: set(one._labelnames) for one in metrics.registry._collector_to_names}
OF_PROMETHEUS = {"le", "instance"}


def named(query):
    """The metrics in it: what stands before a selector."""
    return re.findall(r"([a-zA-Z_:][\w:]*)\{", query)


@pytest.mark.parametrize(("title", "query"), QUERIES)
def test_every_query_names_metrics_that_exist(title, query):
    assert named(query) and set(named(query)) <= set(NAMES), title
    assert set(re.findall(r"dating_\w+", query)) == set(named(query))


@pytest.mark.parametrize(("title", "query"), QUERIES)
def test_every_query_groups_by_labels_that_exist(title, query):
    grouped = {
        label for labels in re.findall(r"by \(([^)]*)\)", query) for label in labels.split(", ")
    }
    selected = set(re.findall(r"(\w+)=~?\"", query))
    known = {label for name in named(query) for label in LABELS.get(NAMES[name], ())}
    assert grouped | selected <= known | OF_PROMETHEUS, title


def test_every_metric_is_on_a_panel():
    shown = {NAMES[name] for _, query in QUERIES for name in named(query)}
    assert {family.name for family in FAMILIES} == shown


def test_it_can_be_imported():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    assert DASHBOARD["uid"] and DASHBOARD["schemaVersion"] >= 39 and "id" not in DASHBOARD
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(DASHBOARD))) == variables
    for panel in DASHBOARD["panels"]:
        sources = [panel["datasource"]] + [target["datasource"] for target in panel["targets"]]
        assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_its_names_follow_the_conventions():
    for family in FAMILIES:
        assert re.fullmatch(r"dating_[a-z_]+", family.name)
        assert family.type != "histogram" or family.name.endswith("_seconds")
        assert family.documentation
