"""The dashboard and the alert rules ask for numbers, and labels, that are exported."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from agui_runtime.hooks.telemetry.metrics import Metrics
from tests.programs import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.json"

PROCESS = {"process_resident_memory_bytes", "process_open_fds", "process_max_fds"}
WORDS = {"sum", "rate", "by", "le", "histogram_quantile", "increase"}
NAME = re.compile(r"\b(?:agui|process)_[a-z_]+")
LABEL = re.compile(r"by \(([^)]*)\)|\{([^}]*)\}")


def labels_by_name() -> dict[str, set[str]]:
    """The labels of all that is exported, by the names of samples."""
    registry = Metrics().registry
    found = {"agui_readers": {"wire"}}
    for collector in list(registry._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for name in registry._collector_to_names[collector]:
            found.setdefault(name, labels)
    return found


def expressions() -> Iterator[str]:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in json.loads(ALERTS.read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def asked(expression: str) -> set[str]:
    """The labels that an expression names."""
    named = set()
    for grouped, matched in LABEL.findall(expression):
        named |= {each.strip() for each in grouped.split(",") if each.strip()}
        named |= set(re.findall(r"(\w+)\s*=", matched))
    return named - {"le"}


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_each_expression_asks_for_what_is_exported(expression: str) -> None:
    exported = labels_by_name()
    names = set(NAME.findall(expression))
    assert names
    assert names <= exported.keys() | PROCESS
    assert asked(expression) <= set().union(*(exported.get(name, set()) for name in names))


def test_all_that_is_exported_is_on_the_dashboard() -> None:
    page = DASHBOARD.read_text()
    missing = {
        family.name
        for family in Metrics().registry.collect()
        if family.name.startswith("agui_") and family.name not in page
    }
    assert missing == set()


def test_each_panel_has_a_place_of_its_own() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
