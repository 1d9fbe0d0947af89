"""What a SQLite store is not made of: files of others, of later releases, on the wrong disks."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.stores.sql.sqlite import file
from tests.stores.databases import SqlProcesses
from tests.stores.test_sqlite import made as made


async def refusal(url: str) -> str:
    """Why the store cannot be opened."""
    with pytest.raises(Misconfigured) as refused:
        await SqliteStore(url).open()
    return refused.value.message


async def test_a_file_of_another_program_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    for name, content in (("text", b"hello"), ("long", b"SQLite format 3\0" + b"x" * 200)):
        path = tmp_path / name
        path.write_bytes(content)
        assert "another program's file" in await refusal(f"sqlite:///{path}")
        assert path.read_bytes() == content
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("create table things (id)")
    content = other.read_bytes()
    assert "another program's file" in await refusal(f"sqlite:///{other}")
    assert other.read_bytes() == content
    assert sorted(os.listdir(tmp_path)) == ["long", "other.db", "text"]


async def test_a_schema_of_a_later_release_is_refused_and_stays_as_it_is(
    made: SqlProcesses,
) -> None:
    store = await made.start()
    await store.close()
    await made.database.execute("update agui_version set version_num = '0099'")
    assert "schema 99, which a later release made" in await refusal(made.database.url)
    assert await made.database.execute("select * from agui_version") == [("0099",)]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///no/such/folder/a.db", "there is no folder"),
        ("sqlite:////proc/a.db", "cannot be written"),
        ("sqlite:///tests", "cannot be written: Is a directory"),
        ("sqlite://", "a SQLite URL names a file"),
        ("sqlite:///:memory:", "memory:"),
        ("sqlite:///file::memory:", "memory:"),
        ("sqlite://host/a.db", "a SQLite URL names a file"),
        ("sqlite:///a.db?mode=memory", "options that do not exist: mode; there are synchronous"),
        ("sqlite:///a.db?synchronous=off", "full or normal"),
        ("sqlite:///a.db?keep_days=-1", "keep_days in the store's URL must be a whole number"),
    ],
)
async def test_what_cannot_be_a_store_is_refused_in_one_line(url: str, reason: str) -> None:
    message = await refusal(url)
    assert reason in message
    assert "\n" not in message


def test_a_network_file_system_is_recognised(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path}/a\\040b nfs4 rw 0 0\n"
        f"/dev/sdb {tmp_path}/a\\040b/local xfs rw 0 0\nhost {tmp_path}/tab\\011\\134 9p rw 0 0\n"
    )
    kinds = {"": "ext4", "a": "ext4", "a b": "nfs4", "a b/deep": "nfs4", "a b/local/c": "xfs"}
    kinds["tab\t\\"] = "9p"
    assert {name: file.file_system_of(tmp_path / name, mounts) for name in kinds} == kinds
    assert file.file_system_of(tmp_path, tmp_path / "missing") == ""


async def test_a_store_on_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(file, "MOUNTS", mounts)
    assert "network file system (nfs)" in await refusal(f"sqlite:///{tmp_path}/a.db")
    assert not (tmp_path / "a.db").exists()
