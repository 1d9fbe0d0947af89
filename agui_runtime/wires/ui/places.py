"""Which addresses below the page's path are views of it, files, or nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

PATH = "/ui"

VIEWS: Sequence[tuple[str, ...]] = (
    (),
    ("threads",),
    ("threads", "*"),
    ("threads", "*", "runs"),
    ("threads", "*", "runs", "*"),
    ("state",),
    ("state", "*"),
    ("state", "*", "*"),
    ("memory",),
    ("numbers",),
    ("agents",),
    ("agents", "*"),
    ("connect",),
)
"""The addresses of views, `*` for any id; `ui/src/app/views.ts` is the same table."""

_FILE = re.compile(r"(?:assets/)?\w[\w.-]{0,120}\.(\w{1,8})", re.ASCII)
"""A file system answers names of any length, the longest ones with an error."""


def is_view(parts: Sequence[str]) -> bool:
    return any(_matches(view, parts) for view in VIEWS)


def file_of(parts: Sequence[str]) -> str | None:
    """The name of the file that may be meant; None where no file can be."""
    name = "/".join(parts)
    return name if _FILE.fullmatch(name) else None


def prefix(parts: Sequence[str], *, slash: bool) -> str:
    """What leads from the address of a view to `/ui/`, however the app is mounted and whatever a
    proxy cuts off; `slash` says whether the address ends with one.
    """
    depth = len(parts) - (0 if slash else 1)
    return "./ui/" if depth < 0 else "./" + "../" * depth


def _matches(view: Sequence[str], parts: Sequence[str]) -> bool:
    pairs = zip(view, parts, strict=False)
    return len(view) == len(parts) and all(known in ("*", part) for known, part in pairs)
