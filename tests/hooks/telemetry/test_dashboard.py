"""The dashboard and the alert rules ask for numbers, and labels, that are exported."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product

import pytest

from agui_runtime.hooks.telemetry.metrics import Metrics
from tests.dashboard.panels import DASHBOARD, expressions, panels
from tests.dashboard.prometheus import ALERTS
from tests.dashboard.units import text_of

PROCESS = {
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
}
TARGET = {"instance", "job"}
"""The labels that Prometheus itself gives."""

NAME = re.compile(r"\b(?:agui|process)_[a-z_]+")
LABEL = re.compile(r"(?:by|on) \(([^)]*)\)|\{([^}]*)\}")


def labels_by_name() -> dict[str, set[str]]:
    """The labels of all that is exported, by the names of samples."""
    registry = Metrics().registry
    queues = ("runs", "oldest_seconds", "workers")
    found = {"agui_readers": {"wire"}, **{f"agui_worker_queue_{it}": {"queue"} for it in queues}}
    for collector in list(registry._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for name in registry._collector_to_names[collector]:
            found.setdefault(name, labels)
    return found


def all_expressions() -> Iterator[str]:
    yield from expressions()
    for group in json.loads(ALERTS.read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def asked(expression: str) -> set[str]:
    """The labels that an expression names."""
    named = set()
    for grouped, matched in LABEL.findall(expression):
        named |= {each.strip() for each in grouped.split(",") if each.strip()}
        named |= set(re.findall(r"(\w+)\s*=", matched))
    return named - TARGET - {"le"}


@pytest.mark.parametrize("expression", sorted(set(all_expressions())))
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
    taken = set[tuple[int, int]]()
    for panel in panels():
        left, top, width, height = panel.place
        cells = set(product(range(left, left + width), range(top, top + height)))
        assert left + width <= 24
        assert not cells & taken, panel.title
        taken |= cells


def test_each_query_is_of_the_instances_that_were_chosen() -> None:
    for expression in expressions():
        names = NAME.findall(re.sub(r"by \([^)]*\)", "", expression))
        assert expression.count('instance=~"$instance"') == len(names), expression


def test_each_panel_says_what_it_shows_in_a_unit_that_is_known() -> None:
    for panel in panels():
        if panel.kind != "row":
            assert panel.look["unit"]
            assert text_of(1234.5, panel.look["unit"])
            assert panel.description, panel.title


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "s", "12.3 ms"),
        (90, "s", "1.5 mins"),
        (0, "s", "0 s"),
        (96_500_000, "bytes", "92 MiB"),
        (0.125, "percentunit", "12.5%"),
        (1234, "currencyUSD", "$1.23 K"),
        (1530, "count:tokens/s", "1.53 K tokens/s"),
        (2, "reqps", "2 req/s"),
    ],
)
def test_numbers_have_the_words_of_their_unit(value: float, unit: str, text: str) -> None:
    assert text_of(value, unit) == text
