"""Where a remote endpoint has what: two generations of paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote


class Paths(NamedTuple):
    """`action` and `agent` make a path of a name. `state` is None where there is none."""

    info: str
    action: Callable[[str], str]
    agent: Callable[[str], str]
    state: str | None


V1 = Paths(
    info="/info",
    action=lambda name: "/actions/execute",
    agent=lambda name: "/agents/execute",
    state="/agents/state",
)

# In SDK 0.1.70 and 0.1.96 a POST to `/agent/{name}/state` runs the agent: its route is shadowed.
V2 = Paths(
    info="/",
    action=lambda name: f"/action/{quote(name, safe='')}",
    agent=lambda name: f"/agent/{quote(name, safe='')}",
    state=None,
)
