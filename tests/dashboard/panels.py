"""The dashboard that is shipped, and its queries as Grafana sends them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.programs import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"

Variables = Mapping[str, str]
"""What Grafana puts in place of `$name`."""


@dataclass(frozen=True)
class Target:
    """One query of a panel, and the name of its curves, with `{{label}}` in it."""

    expression: str
    legend: str

    def name(self, labels: Mapping[str, str]) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), self.legend).strip()


@dataclass(frozen=True)
class Panel:
    """A panel, or the title of those below it: then it has no targets. `place` is left, top, width
    and height in Grafana's units; `look` has the unit, the colours and the thresholds.
    """

    title: str
    description: str
    kind: str
    place: tuple[int, int, int, int]
    targets: Sequence[Target]
    look: Mapping[str, Any]
    colours: Mapping[str, str]


def panels() -> Sequence[Panel]:
    page = json.loads(DASHBOARD.read_text())
    return [_panel(each) for each in page["panels"]]


def expressions() -> Sequence[str]:
    """Those of all panels."""
    return [target.expression for panel in panels() for target in panel.targets]


def substituted(expression: str, chosen: Variables) -> str:
    """The query that Grafana sends."""
    return re.sub(r"\$(\w+)", lambda found: chosen[found[1]], expression)


def variables(instances: Sequence[str], *, interval: float, scrape: float) -> Variables:
    """As Grafana makes them: `interval` is the time between two points of a picture, `scrape` that
    of the data source, both in seconds.
    """
    # In a string of PromQL, in which a backslash is two.
    names = [re.sub(r"([^\w-])", r"\\\\\1", each) for each in instances]
    window = max(interval + scrape, 4 * scrape)
    chosen = names[0] if len(names) == 1 else f"({'|'.join(names)})"
    return {"instance": chosen, "__rate_interval": f"{window * 1000:.0f}ms"}


def _panel(page: Mapping[str, Any]) -> Panel:
    place = page["gridPos"]
    config = page.get("fieldConfig", {"defaults": {}, "overrides": []})
    colours = {
        override["matcher"]["options"]: value["value"]["fixedColor"]
        for override in config["overrides"]
        for value in override["properties"]
        if value["id"] == "color"
    }
    return Panel(
        page["title"],
        page.get("description", ""),
        page["type"],
        (place["x"], place["y"], place["w"], place["h"]),
        [Target(each["expr"], each["legendFormat"]) for each in page.get("targets", [])],
        config["defaults"],
        colours,
    )
