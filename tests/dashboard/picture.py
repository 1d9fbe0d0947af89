"""Draws the dashboard in its own layout, as Grafana would: titles, curves, units and legends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from bench.screenshot import photograph
from tests.dashboard.panels import Panel
from tests.dashboard.prometheus import Curve
from tests.dashboard.units import text_of

WIDTH, CELL, GAP = 1400, 38, 8
LEFT, BELOW, LETTER = 104, 20, 6.3
"""Room for the words at the axes of a graph, and how wide a letter is."""

PALETTE = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0")
NAMED = {"green": "#73bf69", "red": "#f2495c", "blue": "#5794f2", "orange": "#ff9830"}
STYLE = """
body { background: #111217; color: #ccccdc; font: 12px Inter, Helvetica, sans-serif; margin: 0 }
div.panel { position: absolute; background: #181b1f; border: 1px solid #2a2d33; overflow: hidden }
div.row { position: absolute; font-size: 16px; padding-top: 4px; font-weight: 600 }
.panel b { position: absolute; left: 8px; top: 6px; font-weight: 500 }
.panel svg { position: absolute; left: 0; top: 28px }
.legend { position: absolute; left: 8px; right: 8px; bottom: 5px }
.legend span { margin-right: 14px; white-space: nowrap; display: inline-block }
.legend i { display: inline-block; width: 12px; height: 4px; margin: 0 5px 2px 0 }
.big { position: absolute; left: 0; right: 0; top: 44px; text-align: center; font-size: 40px }
text { fill: #9fa1ab; font-size: 11px }
"""


@dataclass(frozen=True)
class Line:
    """A curve with the name that the legend gives it."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Shown:
    """A panel and what its queries answered."""

    panel: Panel
    lines: Sequence[Line]

    @property
    def unit(self) -> str:
        return str(self.panel.look.get("unit", "short"))


@dataclass(frozen=True)
class Times:
    """What a picture shows: seconds since the epoch, and those between two points."""

    start: float
    end: float
    step: float


def shown(panel: Panel, answers: Sequence[Sequence[Curve]]) -> Shown:
    """`answers` are those to the panel's targets."""
    found = [
        Line(target.name(curve.labels), curve.numbers)
        for target, curves in zip(panel.targets, answers, strict=True)
        for curve in curves
        if curve.numbers
    ]
    return Shown(panel, found)


def draw(all_shown: Sequence[Shown], times: Times, picture: Path) -> None:
    height = max(top + high for _, top, _, high in (each.panel.place for each in all_shown))
    photograph(page_of(all_shown, times), WIDTH, height * CELL + GAP, picture)


def page_of(all_shown: Sequence[Shown], times: Times) -> str:
    body = "".join(_block(each, times) for each in all_shown)
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{body}"


def _block(it: Shown, times: Times) -> str:
    left, top, wide, high = it.panel.place
    cell = (WIDTH - GAP) / 24
    width, height = wide * cell - GAP, high * CELL - GAP
    where = f"left:{left * cell + GAP:.0f}px;top:{top * CELL + GAP}px"
    if it.panel.kind == "row":
        return f"<div class=row style='{where}'>{escape(it.panel.title)}</div>"
    inside = _stat(it) if it.panel.kind == "stat" else _graph(it, times, width, height)
    size = f"width:{width:.0f}px;height:{height}px"
    title = f"<b>{escape(it.panel.title)}</b>"
    return f"<div class=panel style='{where};{size}'>{title}{inside}</div>"


def _stat(it: Shown) -> str:
    """The last value, in the colour of the highest threshold that it has reached."""
    if not it.lines:
        return f"<div class=big>{escape(str(it.panel.look.get('noValue', 'No data')))}</div>"
    value = it.lines[0].points[-1][1]
    steps = it.panel.look["thresholds"]["steps"]
    colour = [each["color"] for each in steps if each["value"] is None or value >= each["value"]]
    shown_value = round(value) if it.panel.look.get("decimals") == 0 else value
    text = text_of(shown_value, it.unit)
    return f"<div class=big style='color:{NAMED[colour[-1]]}'>{escape(text)}</div>"


def _graph(it: Shown, times: Times, width: float, height: float) -> str:
    if not it.lines:
        return "<div class=big>No data</div>"
    words = [f"{line.name}  {_figures(line, it.unit)}" for line in it.lines]
    rows = _rows([len(each) * LETTER + 32 for each in words], width - 16)
    high = height - 34 - 15 * rows
    most = max(value for line in it.lines for _, value in line.points) * 1.05 or 1.0
    if "max" in it.panel.look:
        most = float(it.panel.look["max"])
    box = Box(times, most, width - LEFT - 12, high - BELOW)
    colours = {line.name: _colour(it.panel.colours, line, n) for n, line in enumerate(it.lines)}
    curves = "".join(box.curve(line.points, colours[line.name]) for line in it.lines)
    svg = f"<svg width={width:.0f} height={high:.0f}>{box.axes(it.unit)}{curves}</svg>"
    names = "".join(
        f"<span><i style='background:{colours[line.name]}'></i>{escape(word)}</span>"
        for line, word in zip(it.lines, words, strict=True)
    )
    return f"{svg}<div class=legend>{names}</div>"


def _colour(chosen: Mapping[str, str], line: Line, number: int) -> str:
    return NAMED[chosen[line.name]] if line.name in chosen else PALETTE[number % len(PALETTE)]


def _figures(line: Line, unit: str) -> str:
    values = [value for _, value in line.points]
    return f"Last: {text_of(values[-1], unit)}  Max: {text_of(max(values), unit)}"


def _rows(widths: Sequence[float], most: float) -> int:
    """How many lines words of these widths fill, one after the other."""
    rows, right = 1, 0.0
    for width in widths:
        if right and right + width > most:
            rows, right = rows + 1, 0.0
        right += width
    return rows


def _ticks(most: float) -> Sequence[float]:
    """Round numbers from 0, four or so."""
    power = 10.0 ** math.floor(math.log10(most / 4))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= most / 5)
    return [step * number for number in range(math.floor(most / step * 1.0001) + 1)]


@dataclass(frozen=True)
class Box:
    """The place of the curves of a graph: times to the right, values from 0 to `most` upwards."""

    times: Times
    most: float
    width: float
    height: float

    def at(self, seconds: float, value: float) -> tuple[float, float]:
        right = (seconds - self.times.start) / (self.times.end - self.times.start) * self.width
        return LEFT + right, 4 + self.height * (1 - value / self.most)

    def curve(self, points: Sequence[tuple[float, float]], colour: str) -> str:
        """Where there was no value it has a gap; a value by itself is a dot."""
        parts: list[list[tuple[float, float]]] = []
        before = float("-inf")
        for seconds, value in points:
            if seconds - before > 1.5 * self.times.step:
                parts.append([])
            parts[-1].append(self.at(seconds, value))
            before = seconds
        return "".join(self._part(part, colour) for part in parts)

    def _part(self, part: Sequence[tuple[float, float]], colour: str) -> str:
        if len(part) == 1:
            [(x, y)] = part
            return f"<circle cx={x:.1f} cy={y:.1f} r=2.5 fill='{colour}'/>"
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in part)
        ground = f"{part[-1][0]:.1f},{4 + self.height} {part[0][0]:.1f},{4 + self.height}"
        return (
            f"<polygon points='{line} {ground}' fill='{colour}' opacity=0.08 />"
            f"<polyline points='{line}' fill=none stroke='{colour}' stroke-width=1.4 />"
        )

    def axes(self, unit: str) -> str:
        marks = []
        one = 2**20 if unit == "bytes" else 1
        for value in (one * each for each in _ticks(self.most / one)):
            x, y = self.at(self.times.start, value)
            word = escape(text_of(value, unit))
            marks.append(f"<line x1={x} x2={x + self.width} y1={y} y2={y} stroke='#2a2d33'/>")
            marks.append(f"<text x={x - 8} y={y + 4} text-anchor=end>{word}</text>")
        for part in range(1, 6):
            seconds = self.times.start + (self.times.end - self.times.start) * part / 6
            x, y = self.at(seconds, 0)
            clock = datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")
            marks.append(f"<text x={x:.0f} y={y + 16} text-anchor=middle>{clock}</text>")
        return "".join(marks)
