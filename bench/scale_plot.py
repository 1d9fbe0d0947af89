"""Draws what was calculated and simulated as PNGs: how near each store is to its limits, and what
delays there are where it comes near to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log10
from pathlib import Path
from typing import TypeAlias

from bench.scale_events import Simulation
from bench.scale_model import Costs, Setup, store_resources
from bench.scale_plan import delays_of, with_processes
from bench.screenshot import photograph

WIDTH, HEIGHT, LEFT, BELOW = 760, 360, 60, 40
COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed")

Curves: TypeAlias = Mapping[str, Sequence[tuple[float, float]]]
"""Points by name; both axes are logarithmic."""

SIZES = tuple(round(10 ** (exponent / 4)) for exponent in range(12, 25))
SEEN = 5.0
"""What uses less, %, of a million threads, is not drawn."""

NAMES = {"redis": "Redis", "postgres": "PostgreSQL"}
SHARES = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
"""Of what one store can do at all."""


def draw(costs: Mapping[str, Costs], folder: Path) -> None:
    for name, page in pages(costs).items():
        _photograph(page, folder / f"{name}.png")


def draw_curves(curves: Curves, title: str, picture: Path, at_least: Sequence[float] = ()) -> None:
    _photograph(page_of(curves, title, "", at_least), picture)


def _photograph(page: str, picture: Path) -> None:
    picture.parent.mkdir(parents=True, exist_ok=True)
    photograph(page, WIDTH + LEFT + 340, HEIGHT + BELOW + 60, picture)


def pages(costs: Mapping[str, Costs]) -> Mapping[str, str]:
    """A page of HTML for each picture."""
    limits = {name: points for each in costs for name, points in _limits(each, costs[each]).items()}
    delays = {name: points for each in costs for name, points in _delays(each, costs[each]).items()}
    return {
        "scale-limits": page_of(
            limits, "Used of one store, of what it may (across: open threads)", "%"
        ),
        "scale-delays": page_of(
            delays, "99 of 100 within, ms (across: how busy a store of one core is, %)", " ms"
        ),
    }


def _limits(store: str, costs: Costs) -> Curves:
    """The store's own resources, with as many processes as it takes."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for threads in SIZES:
        setup = with_processes(Setup(threads, store), costs)
        for each in store_resources(setup, costs):
            name = f"{NAMES[store]}: {each.name}"
            curves.setdefault(name, []).append((threads, each.share * 100))
    return {name: points for name, points in curves.items() if points[-1][1] > SEEN}


def _delays(store: str, costs: Costs) -> Curves:
    """Of a store of one core that gets busier, with processes that are not."""
    starts, words = [], []
    whole = _threads_for(store, costs)
    for share in SHARES:
        setup = Setup(round(whole * share), store, cores=1)
        setup = with_processes(setup, costs)
        setup = replace(setup, web=4 * setup.web, workers=4 * setup.workers)
        delays = delays_of(Simulation(setup, costs).run())
        starts.append((share * 100, delays.start[1]))
        words.append((share * 100, delays.word[1]))
    return {f"{NAMES[store]}: run begun": starts, f"{NAMES[store]}: word shown": words}


def _threads_for(store: str, costs: Costs) -> float:
    """So many keep a store of one core busy all the time, but for what processes cost it."""
    one = with_processes(Setup(1_000, store, cores=1), costs)
    two = replace(one, threads=2_000)
    cpu = [store_resources(each, costs)[0].used for each in (one, two)]
    return 1_000 * (1 - cpu[0]) / (cpu[1] - cpu[0]) + 1_000


def page_of(curves: Curves, title: str, unit: str, at_least: Sequence[float] = ()) -> str:
    """`at_least` are values that the picture holds, whatever the curves have: without them noise
    fills it.
    """
    points = [point for each in curves.values() for point in each if point[1] > 0]
    across = [log10(x) for x, _ in points]
    along = [log10(y) for y in (*at_least, *(y for _, y in points))]
    frame = (min(across), max(across), min(along), max(along))
    parts = [_grid(frame, unit)]
    for number, (name, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(_curve([each for each in values if each[1] > 0], frame, colour))
        parts.append(
            f"<text x={LEFT + WIDTH + 12} y={20 + 20 * number} fill='{colour}'>{name}</text>"
        )
    size = f"width={WIDTH + LEFT + 330} height={HEIGHT + BELOW}"
    return f"<body style='font:14px sans-serif'><h3>{title}</h3><svg {size}>{''.join(parts)}</svg>"


Frame: TypeAlias = tuple[float, float, float, float]


def _place(x: float, y: float, frame: Frame) -> tuple[float, float]:
    left, right, low, high = frame
    across = LEFT + (log10(x) - left) / (right - left or 1.0) * WIDTH
    return across, HEIGHT - (log10(y) - low) / (high - low or 1.0) * (HEIGHT - 20)


def _curve(values: Sequence[tuple[float, float]], frame: Frame, colour: str) -> str:
    places = " ".join("{:.1f},{:.1f}".format(*_place(x, y, frame)) for x, y in values)
    return f"<polyline fill=none stroke='{colour}' stroke-width=2 points='{places}'/>"


def _grid(frame: Frame, unit: str) -> str:
    lines = []
    steps = [1, 2, 3, 5, 7, 9] if frame[1] - frame[0] < 1.5 else [1]
    for x in _ticks(frame[0], frame[1], steps):
        at, _ = _place(x, 10 ** frame[2], frame)
        lines.append(f"<line x1={at} x2={at} y1=10 y2={HEIGHT} stroke='#ddd'/>")
        lines.append(f"<text x={at} y={HEIGHT + 20} text-anchor=middle>{x:,.0f}</text>")
    for y in _ticks(frame[2], frame[3], [1, 2, 5]):
        _, at = _place(10 ** frame[0], y, frame)
        stroke = "#888" if y == 100 and unit == "%" else "#ddd"
        lines.append(f"<line x1={LEFT} x2={LEFT + WIDTH} y1={at} y2={at} stroke='{stroke}'/>")
        lines.append(f"<text x={LEFT - 6} y={at + 5} text-anchor=end>{y:g}{unit}</text>")
    return "".join(lines)


def _ticks(low: float, high: float, steps: Sequence[int]) -> Sequence[float]:
    found = [step * 10.0**power for power in range(-4, 8) for step in steps]
    return [each for each in found if low - 1e-9 <= log10(each) <= high + 1e-9]
