"""How many processes, nodes and installations so many threads take, so that nothing reaches its
limit; and the delays that a simulation of them shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from statistics import quantiles
from typing import NamedTuple

from bench.scale_events import Found
from bench.scale_model import (
    Costs,
    Resource,
    Setup,
    first_limit,
    overhead,
    web_load,
    worker_load,
)

BUSY = 0.5
"""A share of its core for which web processes and workers are planned, and of the slots."""

NODES = (1, 2, 3, 4, 6, 8, 12, 16)
INSTALLATIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


@dataclass(frozen=True, slots=True)
class Plan:
    """So many installations that share nothing, each as `setup` says; its first limit."""

    installations: int
    setup: Setup
    limit: Resource


def with_processes(setup: Setup, costs: Costs) -> Setup:
    """The set-up with as many web processes and workers as it needs, by kind a multiple of its
    nodes. Where news leave them no room, however many they are, that is not counted.
    """
    nodes = setup.nodes
    for _ in range(20):  # more web processes cost more news, a little
        room = {part: BUSY - overhead(setup, costs, part) for part in ("web", "worker")}
        loads = {"web": web_load(setup, costs), "worker": worker_load(setup, costs)}
        room = {part: free if free > 0 else BUSY for part, free in room.items()}
        web, workers = (ceil(loads[part] / room[part]) for part in loads)
        workers = max(workers, ceil(setup.live / setup.slots / BUSY))
        web, workers = (max(1, ceil(each / nodes)) * nodes for each in (web, workers))
        if (web, workers) == (setup.web, setup.workers):
            break
        setup = replace(setup, web=web, workers=workers)
    return setup


def planned(setup: Setup, costs: Costs) -> Plan:
    """The first of the plans that reaches no limit: more nodes, then more installations."""
    plan = Plan(1, setup, first_limit(setup, costs))
    for installations in INSTALLATIONS:
        threads = ceil(setup.threads / installations)
        for nodes in NODES if setup.store == "redis" else (1,):
            part = with_processes(replace(setup, threads=threads, nodes=nodes), costs)
            plan = Plan(installations, part, first_limit(part, costs))
            if plan.limit.share <= 1:
                return plan
    return plan


def reach(setup: Setup, costs: Costs) -> tuple[int, Resource]:
    """The most threads that one node serves, with any number of processes, and what ends it."""
    least, most = 1, 100_000_000
    while most - least > max(1, least // 200):
        threads = (least + most) // 2
        part = with_processes(replace(setup, threads=threads, nodes=1), costs)
        least, most = (threads, most) if first_limit(part, costs).share <= 1 else (least, threads)
    part = with_processes(replace(setup, threads=most, nodes=1), costs)
    return least, first_limit(part, costs)


class Delays(NamedTuple):
    """Milliseconds of half, and of 99 of 100: until runs have begun, until their first event is
    with the page, and what a word takes to it.
    """

    start: tuple[float, float]
    first: tuple[float, float]
    word: tuple[float, float]


def delays_of(found: Found) -> Delays:
    return Delays(*(_percentiles(each) for each in (found.starts, found.firsts, found.words)))


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    percent = quantiles(values, n=100) if len(values) > 1 else [0.0] * 99
    return percent[49] * 1e3, percent[98] * 1e3
