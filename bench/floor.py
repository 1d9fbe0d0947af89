"""The floor beneath our figures: ready-made answers through the same server, see `floor_app`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median

from bench.rig import Line, Results, verdict

NAME = "floor"
GOAL = 3.0  # times its CPU


def command() -> tuple[Sequence[str], dict[str, str]]:
    """How it is started, as a server to be measured."""
    served = (sys.executable, "-m", "agui_runtime", "serve", "--port")
    return served, {"AGUI_APP": "bench.floor_app:app", "AGUI_LOG_LEVEL": "warning"}


def tell_floor(lines: Sequence[Line], results: Results) -> None:
    """Print what of each line is ours, beside the least that any answer of these bytes costs."""
    print(f"\n{'':28}{'CPU floor':>10}{'ours':>8}{'times':>8}  goal")
    for line in lines:
        floor, ours = (median(results[line.name, name].cpu) for name in (NAME, "ours"))
        goal = f"<= {GOAL:g} {verdict(ours <= GOAL * floor)}"
        print(f"{line.name:28}{floor:10.1f}{ours:8.1f}{ours / floor:8.2f}  {goal}")
