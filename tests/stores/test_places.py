"""What is open at a time in all processes over a store."""

from __future__ import annotations

import asyncio
from typing import cast

from agui_runtime.stores.base import Counting, Places, Store
from tests.stores.databases import AnyStore, Processes

OF_ANN = {"runs:ann": 2, "runs:all": 3}
OF_BOB = {"runs:bob": 2, "runs:all": 3}

BRIEFLY = 0.1
"""Seconds until a place lapses."""


def places_of(store: object) -> Places:
    assert isinstance(store, Counting)
    return store.places


async def test_as_many_are_taken_as_may_be_of_each_scope(each_store: Store) -> None:
    places = places_of(each_store)
    assert [await places.take(f"a{n}", OF_ANN) for n in range(3)] == [None, None, "runs:ann"]
    assert [await places.take(f"b{n}", OF_BOB) for n in range(2)] == [None, "runs:all"]
    await places.free("a0", list(OF_ANN))
    assert await places.take("b1", OF_BOB) is None
    assert await places.take("a2", OF_ANN) == "runs:all"


async def test_who_is_refused_takes_no_place_in_any_scope(each_store: Store) -> None:
    places = places_of(each_store)
    limits = {"one": 5, "full": 1}
    assert await places.take("a", {"full": 1}) is None
    for number in range(9):
        assert await places.take(f"b{number}", limits) == "full"
    assert [await places.take(f"c{n}", {"one": 5}) for n in range(6)] == [*[None] * 5, "one"]


async def test_the_same_place_is_taken_once_however_often(each_store: Store) -> None:
    places = places_of(each_store)
    for _ in range(3):
        assert await places.take("a", {"s": 1}) is None
    for _ in range(2):
        await places.free("a", ["s"])
    assert await places.take("b", {"s": 1}) is None


async def test_of_many_at_once_as_many_as_may_be_get_one(each_store: Store) -> None:
    places = places_of(each_store)
    limits = {"mine": 7, "all": 9}
    found = await asyncio.gather(*(places.take(f"p{n}", limits) for n in range(40)))
    assert sorted(map(str, found)) == [*["None"] * 7, *["mine"] * 33]


async def test_processes_share_them_exactly(made: Processes[AnyStore]) -> None:
    stores = [await made.start() for _ in range(3)]
    takes = [
        places_of(each).take(f"{n}-{i}", {"s": 10})
        for n in range(8)
        for i, each in enumerate(stores)
    ]
    found = await asyncio.gather(*takes)
    assert found.count(None) == 10
    assert await places_of(cast(Store, stores[0])).take("late", {"s": 10}) == "s"


async def test_what_nobody_renews_lapses_and_what_is_renewed_stays(
    made: Processes[AnyStore],
) -> None:
    dead, live = places_of(await made.start()), places_of(await made.start())
    assert await dead.take("dead", {"s": 2}, BRIEFLY) is None
    assert await live.take("live", {"s": 2}, BRIEFLY) is None
    await live.renew({"s": ["live"]})
    await taken(live, "new", {"s": 2})
    assert await dead.take("again", {"s": 2}) == "s"


async def taken(places: Places, place: str, limits: dict[str, int]) -> None:
    """Until it is, as soon as another one has lapsed."""
    async with asyncio.timeout(60):
        while await places.take(place, limits):  # noqa: ASYNC110  # the store's own clock
            await asyncio.sleep(0.01)


async def test_one_that_lapsed_in_an_outage_is_held_again_when_it_is_renewed(
    made: Processes[AnyStore],
) -> None:
    places = places_of(await made.start())
    assert await places.take("a", {"s": 1}, BRIEFLY) is None
    await taken(places, "b", {"s": 1})
    await places.free("b", ["s"])
    await places.renew({"s": ["a"]})
    assert await places.take("c", {"s": 1}) == "s"
