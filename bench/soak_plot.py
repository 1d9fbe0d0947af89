"""Draws what a soak measured as a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.screenshot import photograph

WIDTH, HEIGHT, LEFT = 900, 150, 90


def draw(samples: Sequence[Mapping[str, float]], title: str, picture: Path) -> None:
    """One curve below the other."""
    height = (len(samples[0]) - 1) * (HEIGHT + 30) + 150
    photograph(page_of(samples, title), WIDTH + 60, height, picture)


def page_of(samples: Sequence[Mapping[str, float]], title: str) -> str:
    names = [name for name in samples[0] if name != "seconds"]
    curves = "".join(_curve(samples, name) for name in names)
    return f"<body style='font:14px sans-serif'><h3>soak: {title}</h3>{curves}</body>"


def _curve(samples: Sequence[Mapping[str, float]], name: str) -> str:
    values = [each[name] for each in samples]
    most, last = max(values) or 1.0, samples[-1]["seconds"] or 1.0
    # What hardly changes would be a straight line above 0.
    least = min(values) * 0.95 if min(values) > most / 2 else 0.0
    points = " ".join(
        f"{LEFT + each['seconds'] / last * (WIDTH - LEFT):.1f},"
        f"{HEIGHT - (each[name] - least) / (most - least) * (HEIGHT - 10):.1f}"
        for each in samples
    )
    return (
        f"<div>{name}: {values[0]:.1f} at first, {most:.1f} at most, {values[-1]:.1f} at last</div>"
        f"<svg width={WIDTH} height={HEIGHT + 5} style='border:1px solid #ccc'>"
        f"<text x=4 y=14>{most:.0f}</text><text x=4 y={HEIGHT}>{least:.0f}</text>"
        f"<polyline fill=none stroke=#2563eb stroke-width=1.5 points='{points}'/></svg>"
    )
