"""Tells whether the machine was idle while something was measured: what others had of its cores."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

IDLE = 0.05
"""Cores that others may have had of a machine that counts as idle."""

_NO_WORK = (3, 4, 8, 9)
"""The columns of /proc/stat that are waiting, or counted among the others already."""


def watched(main: Callable[[], int]) -> int:
    """The exit code of `main`; behind what it prints, a line says what others had meanwhile."""
    began, before = perf_counter(), _others()
    code = main()
    cores = max(0.0, _others() - before) / (perf_counter() - began)
    print(f"\n{line(cores)}; load {os.getloadavg()[0]:.1f}")
    return code


def line(cores: float) -> str:
    """What it means that others had so many cores."""
    whole = f"others had {cores:.2f} of {os.cpu_count()} cores"
    if cores <= IDLE:
        return f"the machine was idle: {whole}"
    return f"THE MACHINE WAS NOT IDLE: {whole}, so trust only what does not depend on that"


def of_children() -> float:
    """Seconds that the children had a core which this process has waited for."""
    return _seconds(resource.RUSAGE_CHILDREN)


def _others() -> float:
    """Seconds that others worked since the machine's start: all work but that of this process and
    of the children that it has waited for.
    """
    first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    ticks = sum(int(each) for place, each in enumerate(first) if place not in _NO_WORK)
    return ticks / os.sysconf("SC_CLK_TCK") - _seconds(resource.RUSAGE_SELF) - of_children()


def _seconds(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime
