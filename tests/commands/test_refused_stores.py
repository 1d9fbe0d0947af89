"""A store that cannot be used is refused by `serve` in one line with exit code 2, untouched."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.programs import finished
from tests.stores.databases import SqliteDatabase


async def of_another_program(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "threads.db")) as connection, connection:
        connection.execute("create table things (id)")


async def no_database(folder: Path) -> None:
    (folder / "threads.db").write_bytes(b"hello")


async def of_a_later_release(folder: Path) -> None:
    database = SqliteDatabase(folder)
    store = database.store()
    await store.open()
    await store.close()
    await database.execute("update agui_version set version_num = '0099'")


async def damaged(folder: Path) -> None:
    """Ours by its head, and damaged."""
    await of_a_later_release(folder)
    path = folder / "threads.db"
    data = bytearray(path.read_bytes())
    data[100:] = os.urandom(len(data) - 100)
    path.write_bytes(data)


async def a_folder(folder: Path) -> None:
    (folder / "threads.db").mkdir()


def contents(folder: Path) -> dict[str, str]:
    """What each file below holds, and when it was written."""
    return {
        str(each.relative_to(folder)): f"{each.stat().st_mtime_ns} {digest(each)}"
        for each in sorted(folder.rglob("*"))
    }


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (of_another_program, "is another program's file"),
        (no_database, "is another program's file"),
        (of_a_later_release, "the store has schema 99, which a later release made"),
        (damaged, "the store's file is damaged"),
        (a_folder, "cannot be written: Is a directory"),
    ],
)
@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("db", "upgrade")])
async def test_a_file_that_is_no_store_of_ours_stays_as_it_is(
    tmp_path: Path, prepare: Callable[[Path], Awaitable[None]], says: str, words: tuple[str, ...]
) -> None:
    await prepare(tmp_path)
    before = contents(tmp_path)
    code, out, err = await finished(*words, AGUI_STORE=f"sqlite:///{tmp_path}/threads.db")
    assert (code, out, len(err.splitlines())) == (2, "", 1), err
    assert says in err
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"AGUI_DATA": "/proc/agui"}, "threads cannot be stored in /proc/agui"),
        ({"AGUI_DATA": "/proc/threads.db"}, "/proc/threads.db cannot be written"),
        ({"AGUI_STORE": "sqlite:////nowhere/threads.db"}, "there is no folder /nowhere"),
    ],
)
async def test_a_folder_that_cannot_be_written_is_named(
    settings: dict[str, str], says: str
) -> None:
    code, out, err = await finished("serve", "--port", "0", **settings)
    assert (code, out, len(err.splitlines())) == (2, "", 1), err
    assert says in err
