"""Draws what a soak measured as a PNG, with the browser that the tests have."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT = 900, 150, 90


def draw(samples: Sequence[Mapping[str, float]], title: str, picture: Path) -> None:
    """One curve below the other; without a browser only the HTML is written."""
    page = page_of(samples, title)
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        picture.with_suffix(".html").write_text(page)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "soak.html")
        file.write_text(page)
        size = f"--window-size={WIDTH + 60},{(len(samples[0]) - 1) * (HEIGHT + 30) + 150}"
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size]
        profile = f"--user-data-dir={folder}/profile"
        shot = f"--screenshot={picture.absolute()}"
        subprocess.run(
            [browser, *words, profile, shot, file.as_uri()], check=True, capture_output=True
        )


def page_of(samples: Sequence[Mapping[str, float]], title: str) -> str:
    names = [name for name in samples[0] if name != "seconds"]
    curves = "".join(_curve(samples, name) for name in names)
    return f"<body style='font:14px sans-serif'><h3>soak: {title}</h3>{curves}</body>"


def _curve(samples: Sequence[Mapping[str, float]], name: str) -> str:
    values = [each[name] for each in samples]
    most, last = max(values) or 1.0, samples[-1]["seconds"] or 1.0
    points = " ".join(
        f"{LEFT + each['seconds'] / last * (WIDTH - LEFT):.1f},"
        f"{HEIGHT - each[name] / most * (HEIGHT - 10):.1f}"
        for each in samples
    )
    return (
        f"<div>{name}: {values[0]:.1f} at first, {most:.1f} at most, {values[-1]:.1f} at last</div>"
        f"<svg width={WIDTH} height={HEIGHT + 5} style='border:1px solid #ccc'>"
        f"<text x=4 y=14>{most:.0f}</text><text x=4 y={HEIGHT}>0</text>"
        f"<polyline fill=none stroke=#2563eb stroke-width=1.5 points='{points}'/></svg>"
    )
