"""What about a SQLite file and its disk may lose threads, or refuse to write them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from agui_runtime.stores.sql.sqlite import file
from agui_runtime.stores.sql.sqlite.file import DatabaseFile

LITTLE = 256 * 2**20
"""Bytes of room that a busy server fills within hours."""

GONE_WITH_THE_MACHINE = frozenset({"tmpfs", "ramfs"})


def advice_of(place: DatabaseFile) -> Iterator[str]:
    """A sentence for each such thing; the file is there."""
    kind = file.file_system_of(place.path.parent)
    if kind in GONE_WITH_THE_MACHINE:
        yield f"{place.path.parent} is memory ({kind}), and so are threads: name a file on a disk"
    if kind == "overlay":
        yield (
            f"{place.path.parent} belongs to a container, and is gone with it: put the file on a"
            " volume"
        )
    free = shutil.disk_usage(place.path.parent).free
    if free < LITTLE:
        yield (
            f"only {free // 2**20} MB are free at {place.path.parent}: make room, or nothing is"
            " stored any more"
        )
    if place.synchronous != "full":
        yield "synchronous=normal may lose the latest answers in a power cut: say full in the URL"
