"""Processes that begin at once make one SQLite file of their store."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.sql import SqliteStore, SqlLimits

SOME_OF_THE_TABLES = 16
"""After so many statements of whoever makes the file, which holds its lock by then."""


class Interrupted(sqlite3.Connection):
    """Before one of its statements another process opens the store."""

    url: str
    statements: Iterator[int]

    def execute(self, *words: Any) -> sqlite3.Cursor:  # noqa: ANN401  # as sqlite3 has it
        if next(self.statements) == 0:
            with suppress_locks():
                SqliteStore(self.url, SqlLimits(patience=0.0)).examine()
        return super().execute(*words)


@contextmanager
def suppress_locks() -> Iterator[None]:
    """Another process would wait for them."""
    try:
        yield
    except StoreUnavailable as error:
        assert "locked" in error.message


def test_a_file_that_is_being_made_is_a_store_to_whoever_opens_it_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Interrupted))
    for number in range(SOME_OF_THE_TABLES):
        Interrupted.url = f"sqlite:///{tmp_path}/{number}.db"
        Interrupted.statements = count(-number)
        SqliteStore(Interrupted.url).examine()
        assert next(Interrupted.statements) > 0
    assert not [name for name in os.listdir(tmp_path) if "schema" in name]
