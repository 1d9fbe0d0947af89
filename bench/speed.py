"""Draws what `bench graphql` and `bench copilotkit` found, Node's CPU beside ours:
`python3 scripts.py bench speed FILE --plots docs/img`, of the file that they wrote (`--json`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.screenshot import photograph

WIDTH, NAMES = 900, 260
COLOURS = {"node": "#94a3b8", "ours": "#2563eb"}
LINE = 44
"""The height of a pair of bars."""


def bars(title: str, lines: Mapping[str, Mapping[str, float]]) -> str:
    """A page of HTML: for each line a bar of Node's and one of ours."""
    most = max(line[name] for line in lines.values() for name in COLOURS)
    parts = [f"<h3>{title}</h3>"]
    for place, (name, line) in enumerate(lines.items()):
        parts.append(f"<div style='position:absolute;top:{60 + place * LINE}px'>{name}</div>")
        for row, (server, colour) in enumerate(COLOURS.items()):
            where = f"top:{58 + place * LINE + row * 18}px;left:{NAMES}px"
            width = max(1.0, line[server] / most * (WIDTH - NAMES - 160))
            bar = f"display:inline-block;width:{width:.0f}px;height:14px;background:{colour}"
            text = f"{line[server]:.0f} us {server}"
            parts.append(
                f"<div style='position:absolute;{where}'><i style='{bar}'></i> {text}</div>"
            )
    return f"<body style='font:13px sans-serif'>{''.join(parts)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench speed", description=__doc__)
    parser.add_argument("figures", type=Path, help="the file of `--json`")
    parser.add_argument("--plots", type=Path, default=Path("docs/img"))
    options = parser.parse_args()
    for title, lines in json.loads(options.figures.read_text()).items():
        compared = isinstance(lines, dict) and all(
            COLOURS.keys() <= it.keys() for it in lines.values()
        )
        if compared:
            wire, _, rest = title.partition(": ")
            picture = options.plots / f"speed-{wire.lower()}.png"
            page = bars(f"{wire}: {rest.partition(',')[0]}", lines)
            photograph(page, WIDTH, 80 + len(lines) * LINE, picture)
            print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
