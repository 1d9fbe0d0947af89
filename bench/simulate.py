"""What it takes to serve so many open threads, and what becomes too little first, from what
`bench scale` measured: `python3 scripts.py bench simulate --threads 100000 --store redis`.

Without `--threads` it tells that of 1,000 to a million. Nothing is measured here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from bench.scale_events import Simulation
from bench.scale_model import (
    COSTS,
    STORES,
    Costs,
    Setup,
    costs_of,
    first_limit,
    resources,
)
from bench.scale_plan import Plan, delays_of, planned, reach, with_processes
from bench.scale_plot import draw

STORE_NAMES = {"redis": "Redis", "postgres": "PostgreSQL"}

SIZES = (1_000, 10_000, 100_000, 1_000_000)
HEADS = (
    "open threads",
    "starts a second",
    "live runs",
    "words a second",
    "one store: what is used most, of what it may",
    "what it takes",
    "busy: web, workers, store",
    "run begun, p50 / p99 ms",
    "word shown, p50 / p99 ms",
)


def tell_table(setup: Setup, costs: Costs, seed: int) -> None:
    """A line of Markdown for each number of threads."""
    most, limit = reach(setup, costs)
    name = STORE_NAMES[setup.store]
    print(f"\none {name} serves {most:,} open threads; then {limit.name}. Cure: {limit.cure}\n")
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for threads in SIZES:
        print(f"| {' | '.join(row_of(replace(setup, threads=threads), costs, seed))} |", flush=True)


def row_of(setup: Setup, costs: Costs, seed: int) -> Sequence[str]:
    plan = planned(setup, costs)
    found = Simulation(plan.setup, costs, seed).run()
    delays = delays_of(found)
    busy = " / ".join(f"{share:.0%}" for share in found.busy.values())
    return (*calculated(setup, costs, plan), busy, _shown(delays.start), _shown(delays.word))


def calculated(setup: Setup, costs: Costs, plan: Plan) -> Sequence[str]:
    """The cells of a line that nothing was simulated for."""
    limit = first_limit(with_processes(replace(setup, nodes=1), costs), costs)
    counts = (setup.threads, setup.starts, setup.live, setup.said)
    return (
        *(f"{each:,.0f}" for each in counts),
        f"{limit.name}: {limit.share:.0%}",
        _takes(plan),
    )


def _takes(plan: Plan) -> str:
    setup = plan.setup
    store = STORE_NAMES[setup.store]
    store = f"Redis Cluster of {setup.nodes}" if setup.nodes > 1 else store
    text = f"{store}, {setup.web} web, {setup.workers} workers"
    return f"{plan.installations} x ({text})" if plan.installations > 1 else text


def _shown(delay: tuple[float, float]) -> str:
    return " / ".join(f"{each:.1f}" for each in delay)


def tell(setup: Setup, costs: Costs, seed: int) -> None:
    """All resources of one set-up, and what was simulated of it."""
    print(f"{setup.starts:.1f} starts and {setup.said:,.0f} words a second, {setup.live:.0f} live")
    for each in sorted(resources(setup, costs), key=lambda each: -each.share):
        print(f"  {each.name:55} {each.used:10.2f} of {each.most:g}")
    limit = first_limit(setup, costs)
    print(f"the first limit is {limit.name}; its cure: {limit.cure}")
    if limit.share > 1.3:
        print("not simulated: what waits there would grow without end")
        return
    delays = delays_of(Simulation(setup, costs, seed).run())
    for name, delay in zip(delays._fields, delays, strict=True):
        print(f"  {name:6} p50 {delay[0]:8.1f} ms, p99 {delay[1]:8.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench simulate", description=__doc__)
    parser.add_argument("--costs", type=Path, default=COSTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw two pictures there")
    for each in fields(Setup):
        if each.name not in ("threads", "store"):
            parser.add_argument(f"--{each.name}", type=type(each.default), default=each.default)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--store", choices=STORES)
    options = vars(parser.parse_args())
    file, seed = options.pop("costs"), options.pop("seed")
    threads, store, plots = (options.pop(name) for name in ("threads", "store", "plots"))
    if plots:
        draw({name: costs_of(name, file) for name in STORES}, plots)
        return 0
    for name in [store] if store else STORES:
        costs, setup = costs_of(name, file), Setup(threads or 1, name, **options)
        if threads:
            tell(setup, costs, seed)
        else:
            tell_table(setup, costs, seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
