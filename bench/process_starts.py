"""How quickly a server is ready, and `--version` printed, with bytecode that is cached; and what a
server that is ready holds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from compileall import compile_dir
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.copilotkit import READY
from bench.idleness import of_children
from bench.rig import ROOT, run, verdict
from bench.tables import Table

GOAL_READY = 0.8
GOAL_VERSION = 0.1
"""Seconds on the clock."""

GOAL_MEGABYTES = 80.0


def tell_starts(rounds: int) -> Table:
    compile_dir(ROOT / "agui_runtime", quiet=1)  # whatever PYTHONDONTWRITEBYTECODE says
    table = Table("starts, seconds and MB", ("clock", "CPU", "resident", "goal"))
    ready = _medians([_ready() for _ in range(rounds + 1)])
    version = _medians([_version() for _ in range(rounds + 1)])
    goal = f"< {GOAL_READY:g} s: {verdict(ready[0] < GOAL_READY)}"
    goal += f", <= {GOAL_MEGABYTES:g} MB: {verdict(ready[2] <= GOAL_MEGABYTES)}"
    table.add("serve is ready", *ready, goal)
    goal = f"< {GOAL_VERSION:g} s: {verdict(version[0] < GOAL_VERSION)}"
    table.add("agui-runtime --version", *version, "", goal)
    return table


def _ready() -> tuple[float, float, float]:
    command = [sys.executable, "-m", "agui_runtime", "serve", "--port"]
    env = {"AGUI_APP": "bench.app:runtime", "AGUI_LOG_LEVEL": "warning"}
    with run("serve", command, env, READY) as server:
        return server.ready_seconds, server.cpu_seconds, server.ready_megabytes


def _version() -> tuple[float, float]:
    program = Path(sys.executable).with_name("agui-runtime")
    began, before = perf_counter(), of_children()
    subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began, of_children() - before


def _medians(found: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Without the first, for which the disk may have had to be read."""
    return tuple(map(median, zip(*found[1:], strict=True)))
