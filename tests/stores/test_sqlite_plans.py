"""What a store asks itself each second is looked up, however many threads and runs there are."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agui_runtime.stores.sql import SqliteStore, statements
from agui_runtime.stores.sql.sqlite.worker import SqliteTexts


@pytest.mark.parametrize("name", ["TO_COMPACT", "LAPSED", "EXPIRED"])
async def test_what_is_due_is_found_by_an_index(tmp_path: Path, name: str) -> None:
    path, text = tmp_path / "threads.db", SqliteTexts()[getattr(statements, name)]
    store = SqliteStore(f"sqlite:///{path}")
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("seconds", 0, lambda: 0.0)
        values = dict.fromkeys(re.findall(r":(\w+)", text), 1)
        plan = connection.execute(f"explain query plan {text}", values).fetchall()
    assert [step for *_, step in plan if step.startswith("SCAN")] == []
