"""Rows of an owner that a store keeps without knowing what they say."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import cast

import pytest

from agui_runtime.core.errors import Conflict
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory.sealed_rows import MemorySealedRows
from agui_runtime.stores.sealed_rows import (
    DELETED,
    NO_ROWS,
    Known,
    SealedRows,
    Sealing,
    StoredRows,
)
from tests.stores.databases import AnyStore, Processes

KEY, OTHER = b"key \0 of ann", b"another key"
NEW = Known(KEY, 0)


def sealed_of(store: Store) -> SealedRows:
    assert isinstance(store, Sealing)
    return store.sealed


async def everyone(rows: SealedRows) -> list[str]:
    async with aclosing(rows.owners()) as owners:
        return sorted([owner async for owner in owners])


async def test_an_owner_who_is_new_has_nothing(each_store: Store) -> None:
    rows = sealed_of(each_store)
    assert await rows.read("ann") == NO_ROWS
    assert await rows.read("ann", Known(KEY, 7)) == NO_ROWS
    assert await rows.key("ann") is None
    assert await everyone(rows) == []


async def test_what_is_put_is_read_byte_by_byte(each_store: Store) -> None:
    rows = sealed_of(each_store)
    bodies = {"core.a": bytes(range(256)), "core.b": b"", "episodic.c": b"x" * 100_000}
    assert await rows.write("ann", NEW, bodies) == 1
    assert await rows.read("ann") == StoredRows(KEY, 1, bodies)
    assert await rows.key("ann") == KEY
    assert await rows.read("bob") == NO_ROWS


async def test_who_has_read_before_is_given_what_changed_since(each_store: Store) -> None:
    rows = sealed_of(each_store)
    first = await rows.write("ann", NEW, {"a": b"1", "b": b"2", "c": b"3"})
    second = await rows.write("ann", Known(KEY, first), {"b": b"two"})
    third = await rows.write("ann", Known(KEY, second), {"a": None, "d": b"4", "never": None})
    assert (await rows.read("ann", Known(KEY, first))).rows == {
        **{"a": None, "b": b"two", "d": b"4", "never": None}
    }
    assert await rows.read("ann", Known(KEY, third)) == StoredRows(KEY, third, {})
    whole = (await rows.read("ann")).rows
    assert {id_: body for id_, body in whole.items() if body is not None} == {
        **{"b": b"two", "c": b"3", "d": b"4"}
    }


async def test_who_has_read_less_cannot_write(each_store: Store) -> None:
    rows = sealed_of(each_store)
    with pytest.raises(Conflict):
        await rows.write("ann", Known(KEY, 1), {"a": b"1"})
    await rows.write("ann", NEW, {"a": b"1"})
    for known in (NEW, Known(OTHER, 0), Known(OTHER, 1), Known(KEY, 2)):
        with pytest.raises(Conflict):
            await rows.write("ann", known, {"a": b"changed"})
    assert await rows.read("ann") == StoredRows(KEY, 1, {"a": b"1"})


async def test_of_many_who_write_at_once_one_does(each_store: Store) -> None:
    rows = sealed_of(each_store)
    for version in range(3):
        known = Known(KEY, version)
        writes = (rows.write("ann", known, {f"{each}": b"1"}) for each in range(8))
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [each for each in results if not isinstance(each, Conflict)] == [version + 1]
    assert len((await rows.read("ann")).rows) <= 3


async def test_a_rewrapped_key_counts_from_then_on(each_store: Store) -> None:
    rows = sealed_of(each_store)
    assert not await rows.rewrap("ann", KEY, OTHER)
    await rows.write("ann", NEW, {"a": b"1"})
    assert not await rows.rewrap("ann", OTHER, KEY)
    assert await rows.rewrap("ann", KEY, OTHER)
    with pytest.raises(Conflict):
        await rows.write("ann", Known(KEY, 1), {"a": b"2"})
    assert await rows.read("ann", Known(KEY, 1)) == StoredRows(OTHER, 1, {"a": b"1"})
    assert await rows.write("ann", Known(OTHER, 1), {"a": b"2"}) == 2


async def test_who_is_forgotten_has_nothing_and_may_begin_anew(each_store: Store) -> None:
    rows = sealed_of(each_store)
    await rows.write("ann", NEW, {"a": b"1"})
    await rows.write("bob", NEW, {"b": b"1"})
    await rows.forget("ann")
    await rows.forget("ann")
    assert await rows.read("ann", Known(KEY, 1)) == NO_ROWS
    assert await everyone(rows) == ["bob"]
    with pytest.raises(Conflict):
        await rows.write("ann", Known(KEY, 1), {"a": b"2"})
    assert await rows.write("ann", Known(OTHER, 0), {"c": b"3"}) == 1
    assert await rows.read("ann", Known(KEY, 1)) == StoredRows(OTHER, 1, {"c": b"3"})
    assert await everyone(rows) == ["ann", "bob"]


async def test_all_processes_share_them(made: Processes[AnyStore]) -> None:
    one, other = [sealed_of(cast(Store, await made.start())) for _ in range(2)]
    await one.write("ann", NEW, {"a": b"1"})
    assert await other.write("ann", Known(KEY, 1), {"a": None}) == 2
    assert await one.read("ann", Known(KEY, 1)) == StoredRows(KEY, 2, {"a": None})


async def test_deletions_are_not_told_for_ever() -> None:
    now = 0.0
    rows = MemorySealedRows(lambda: now)
    await rows.write("ann", NEW, {"a": b"1", "b": b"2"})
    await rows.write("ann", Known(KEY, 1), {"a": None})
    now = DELETED + 1
    await rows.write("ann", Known(KEY, 2), {"b": b"two"})
    assert (await rows.read("ann", Known(KEY, 1))).rows == {"b": b"two"}
