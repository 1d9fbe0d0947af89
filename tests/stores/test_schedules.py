"""Schedules of recurring runs, told once for all stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from agui_runtime.core.schedules import Fired, Schedule, Taken, TooManySchedules, changed, firing_of
from agui_runtime.stores.base import Store
from agui_runtime.stores.schedules import Schedules, Scheduling
from tests.stores.databases import AnyStore, Processes

MOST = 100
PAST = 1_000_000.0
LATER = 4e9


@pytest.fixture
def schedules(each_store: Store) -> Schedules:
    return schedules_of(each_store)


def schedules_of(store: object) -> Schedules:
    assert isinstance(store, Scheduling)
    return store.schedules


def schedule_of(id_: str, owner: str = "ann", **fields: Any) -> Schedule:  # noqa: ANN401
    made = Schedule(id_, owner, "default", "0 7 * * *", "Europe/Berlin", "Good morning?", 1.0)
    return changed(replace(made, **fields))


async def add(schedules: Schedules, *made: Schedule) -> None:
    for each in made:
        await schedules.add(each, MOST)


async def due_ids(schedules: Schedules, most: int = MOST) -> list[str]:
    return [each.schedule_id for each in (await schedules.due(most)).schedules]


async def test_what_is_added_is_found_as_it_was(schedules: Schedules) -> None:
    firing = firing_of(schedule_of("s1"), 60.0, 3)
    whole = schedule_of(
        "s1",
        message="zero \0 and 🦀",
        thread_id="t {1}",
        properties={"k": [1, 2**70, None, {"a": 1.5}]},
        paused=True,
        next_at=LATER,
        taken=Taken(firing, 90.25),
        last=Fired(firing, "skipped", 61.0, "THREAD_BUSY", "it is busy"),
    )
    plain = schedule_of("s2", created_at=2.0)
    await add(schedules, whole, plain)
    assert await schedules.get("s1") == whole
    assert await schedules.get("s2") == plain
    assert await schedules.get("s3") is None


async def test_an_owner_lists_their_own_the_oldest_first(schedules: Schedules) -> None:
    await add(schedules, schedule_of("s3", created_at=30.0), schedule_of("s1", created_at=10.0))
    await add(schedules, schedule_of("s2", created_at=20.0), schedule_of("bob's", "bob"))
    assert [each.schedule_id for each in await schedules.list("ann")] == ["s1", "s2", "s3"]
    assert [each.schedule_id for each in await schedules.list("bob")] == ["bob's"]
    assert list(await schedules.list("carl")) == []


async def test_an_owner_has_only_so_many(schedules: Schedules) -> None:
    found = await asyncio.gather(
        *(schedules.add(schedule_of(f"s{number}"), 5) for number in range(12)),
        return_exceptions=True,
    )
    assert [type(each) for each in found if each is not None] == [TooManySchedules] * 7
    await schedules.add(schedule_of("other", "bob"), 5)
    first, *_ = await schedules.list("ann")
    assert await schedules.delete(first)
    await schedules.add(schedule_of("again"), 5)
    assert len(await schedules.list("ann")) == 5


async def test_whoever_knows_the_present_version_changes_it_and_nobody_else(
    schedules: Schedules,
) -> None:
    made = schedule_of("s1")
    await add(schedules, made)
    paused = changed(replace(made, paused=True))
    assert await schedules.swap(made.version, paused)
    assert not await schedules.swap(made.version, changed(replace(made, message="lost")))
    assert await schedules.get("s1") == paused
    assert not await schedules.swap("none", changed(schedule_of("s2")))
    assert await schedules.get("s2") is None


async def test_one_of_ten_who_change_it_at_once_does(schedules: Schedules) -> None:
    made = schedule_of("s1", next_at=PAST)
    await add(schedules, made)
    takers = [changed(replace(made, message=f"by {number}")) for number in range(10)]
    found = await asyncio.gather(*(schedules.swap(made.version, each) for each in takers))
    assert sum(found) == 1
    assert await schedules.get("s1") == takers[found.index(True)]


async def test_what_is_deleted_is_gone(schedules: Schedules) -> None:
    made = schedule_of("s1", next_at=PAST)
    await add(schedules, made)
    assert await schedules.delete(made)
    assert not await schedules.delete(made)
    assert await schedules.get("s1") is None
    assert list(await schedules.list("ann")) == []
    assert await due_ids(schedules) == []
    assert not await schedules.swap(made.version, changed(replace(made, message="back")))
    assert await schedules.get("s1") is None


async def test_those_are_due_whose_time_has_come_the_first_to_wake_first(
    schedules: Schedules,
) -> None:
    firing = firing_of(schedule_of("gone"), PAST)
    await add(
        schedules,
        schedule_of("second", next_at=PAST + 2),
        schedule_of("first", next_at=PAST + 1),
        schedule_of("later", next_at=LATER),
        schedule_of("paused", next_at=PAST, paused=True),
        schedule_of("never", next_at=None),
        schedule_of("at work", next_at=PAST, taken=Taken(firing, LATER + 1)),
        schedule_of("gone", next_at=LATER, paused=True, taken=Taken(firing, PAST + 3)),
    )
    found = await schedules.due(MOST)
    assert [each.schedule_id for each in found.schedules] == ["first", "second", "gone"]
    assert found.next_at == PAST + 1
    assert PAST < found.now < LATER
    assert await due_ids(schedules, 2) == ["first", "second"]


async def test_the_next_to_wake_is_known_while_nothing_is_due(schedules: Schedules) -> None:
    assert (await schedules.due(MOST)).next_at is None
    made = schedule_of("s1", next_at=LATER)
    await add(schedules, made, schedule_of("s2", next_at=LATER + 9))
    found = await schedules.due(MOST)
    assert (found.next_at, list(found.schedules)) == (LATER, [])
    assert await schedules.swap(made.version, changed(replace(made, paused=True)))
    assert (await schedules.due(MOST)).next_at == LATER + 9


@pytest.mark.parametrize("name", ["ann's", "a:b{c}", "\U0001f980", "x" * 1000])
async def test_any_text_names_an_owner_and_a_schedule(schedules: Schedules, name: str) -> None:
    made = schedule_of(name, name, next_at=PAST)
    await add(schedules, made)
    assert await schedules.get(name) == made
    assert list(await schedules.list(name)) == [made]
    assert await due_ids(schedules) == [name]


async def test_all_processes_share_them(made: Processes[AnyStore]) -> None:
    one = schedules_of(cast(Store, await made.start()))
    other = schedules_of(cast(Store, await made.start()))
    schedule = schedule_of("s1", next_at=PAST)
    await add(one, schedule)
    assert await other.get("s1") == schedule
    assert await due_ids(other) == ["s1"]
    found = await asyncio.gather(
        *(
            each.swap(schedule.version, changed(replace(schedule, next_at=LATER)))
            for each in (one, other) * 5
        )
    )
    assert sum(found) == 1


async def test_what_is_due_goes_by_the_stores_clock(made: Processes[AnyStore]) -> None:
    now = 500.0
    schedules = schedules_of(cast(Store, await made.start(clock=lambda: now)))
    await add(schedules, schedule_of("s1", next_at=600.0))
    found = await schedules.due(MOST)
    assert (found.now, found.next_at, list(found.schedules)) == (500.0, 600.0, [])
    now = 600.0
    assert await due_ids(schedules) == ["s1"]
