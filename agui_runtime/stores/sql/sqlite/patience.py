"""How long a connection waits for a lock: once nobody got it in time, others wait only briefly.

One thread carries out all steps, so that each would wait its whole time, one after another.
"""

from __future__ import annotations

import sqlite3

BRIEF = 0.25
"""Seconds."""


class Patience:
    """That of one connection, which it was opened with."""

    def __init__(self) -> None:
        self._usual: int | None = None
        """Milliseconds; None as long as it waits that long."""

    def lose(self, connection: sqlite3.Connection | None) -> None:
        """Wait briefly from now on."""
        if connection is not None and self._usual is None:
            self._usual = int(connection.execute("pragma busy_timeout").fetchone()[0])
            _wait(connection, min(self._usual, int(1000 * BRIEF)))

    def regain(self, connection: sqlite3.Connection) -> None:
        """Wait as long as before."""
        if self._usual is not None:
            _wait(connection, self._usual)
            self._usual = None


def _wait(connection: sqlite3.Connection, milliseconds: int) -> None:
    connection.execute(f"pragma busy_timeout = {milliseconds}").fetchall()
