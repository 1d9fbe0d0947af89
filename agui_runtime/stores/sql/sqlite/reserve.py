"""Room on the disk that is given up when the disk is full, so that runs can still end.

Until it is there again, only ends, leases, stops and deletions are written.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from agui_runtime.core.errors import StoreFull

logger = logging.getLogger(__name__)

SIZE = 4 * 2**20
"""Bytes: the ends of hundreds of runs."""

AGAIN = 1.0
"""Seconds between attempts to have it again."""


class Reserve:
    """A file beside the database; all processes over the database have it together."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + "-reserve")
        self._spent = True
        self._due = 0.0
        self.lacks_room = False
        """Whether it was given up, and could not be had again yet."""

    @property
    def is_there(self) -> bool:
        """Whether it is known to be there."""
        return not self._spent

    def check(self) -> None:
        """Have it again if it was spent; raises StoreFull where that cannot be yet."""
        if self._spent and time.monotonic() >= self._due:
            self._fill()
        if self._spent:
            raise StoreFull

    def spend(self) -> bool:
        """Give the room up; False if that was done before."""
        if self._spent:
            return False
        logger.error(
            "SQLite: the disk is full: only ends and deletions are stored until there is room"
        )
        self._spent, self._due = True, time.monotonic() + AGAIN
        self.lacks_room = True
        with suppress(OSError):
            self._path.unlink()
        return True

    def _fill(self) -> None:
        self._due = time.monotonic() + AGAIN
        try:
            if not self._path.exists() or self._path.stat().st_size < SIZE:
                self._write()
        except OSError as error:
            logger.warning("SQLite: there is no room for %s: %s", self._path.name, error)
            with suppress(OSError):
                self._path.unlink()
        else:
            self._spent = self.lacks_room = False

    def _write(self) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(bytes(SIZE))
