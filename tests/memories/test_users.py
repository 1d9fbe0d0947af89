"""Whatever users do at random, and whatever they are called, each has what is theirs alone."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from agui_runtime.core.key_ring import new_key
from agui_runtime.memories.entries import Entry
from agui_runtime.memories.memory import EntryNotFound
from agui_runtime.stores.base import Store
from agui_runtime.stores.sealed_rows import Known
from tests.memories.test_memory import core, fact, memory_of, rows_of, texts
from tests.seeds import seed

OWNERS = (
    *("", " ", "ann", "Ann", "ann ", "names", "agenda", "anonymous", "0", "None", "*", "ann*"),
    *("ann\0", "\0", "ann\n", "j\u00f6rg", "jo\u0308rg", "\ud800", "?", "\ufffd", "😀"),
    *("{ann}:owner", "'; drop table agui_sealed_row; --", "x" * 5000, "x" * 5001),
)
STEPS = 60

Has = dict[str, str]


class World:
    """A memory in a store, and what each user should have in it, by id."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self.chance = chance
        self.has: Mapping[str, Has] = {owner: {} for owner in OWNERS}
        self._store = store
        self._keys = [new_key()]
        self.memory = memory_of(store, *self._keys)

    async def remember(self, owner: str, mine: Has) -> None:
        number = self.chance.randrange(5)
        said = [
            fact(f"{number} {'xyzuv'[number] * 9} of {OWNERS.index(owner)}", thread=f"t{number}"),
            core(f"key {number}", f"of {OWNERS.index(owner)}"),
        ]
        for entry in await self.memory.remember(owner, said[: self.chance.randint(1, 2)]):
            mine[entry.id] = entry.text

    async def correct(self, owner: str, mine: Has) -> None:
        if mine:
            id_ = self.chance.choice(sorted(mine))
            entry = await self.memory.correct(owner, id_, f"{id_[-9:]} of {OWNERS.index(owner)}")
            del mine[id_]
            mine[entry.id] = entry.text

    async def delete(self, owner: str, mine: Has) -> None:
        others = [id_ for other, has in self.has.items() if other != owner for id_ in has]
        for id_ in self.chance.sample(others, min(2, len(others))):
            with suppress(EntryNotFound):  # so it is, unless the very same words are theirs
                await self.memory.delete(owner, id_)
                raise AssertionError(id_)
        if mine:
            id_ = self.chance.choice(sorted(mine))
            await self.memory.delete(owner, id_)
            del mine[id_]

    async def delete_thread(self, owner: str, mine: Has) -> None:
        number = self.chance.randrange(5)
        entries = [each for each in await self.memory.list(owner) if isinstance(each, Entry)]
        gone = [each.id for each in entries if each.origin.thread_id == f"t{number}"]
        assert await self.memory.delete_thread(owner, f"t{number}") == len(gone)
        for id_ in gone:
            del mine[id_]

    async def forget(self, owner: str, mine: Has) -> None:
        await self.memory.forget(owner)
        mine.clear()

    async def rotate(self, owner: str, mine: Has) -> None:
        self._keys = [new_key(), self._keys[0]]
        await memory_of(self._store, *self._keys).rotate()
        await self.restart(owner, mine)

    async def restart(self, owner: str, mine: Has) -> None:
        """Another process, which has nothing open."""
        self.memory = memory_of(self._store, *self._keys)

    async def check(self, owner: str, mine: Has) -> None:
        assert await texts(self.memory, owner) == sorted(mine.values())
        found = await self.memory.recall(owner, " ".join(letter * 9 for letter in "xyzuv"))
        recalled = [*found.core, *(entry for entry, _ in found.facts)]
        assert {each.id for each in recalled} <= mine.keys()
        assert {each.text for each in recalled} <= set(mine.values())


async def test_whatever_users_do_each_has_what_is_theirs(each_store: Store) -> None:
    begun = seed()
    print("seed", begun)  # noqa: T201  # shown with a failure
    world = World(each_store, random.Random(begun))
    frequent: list[Callable[[str, Has], Awaitable[None]]] = [world.remember] * 4
    steps = [
        *(*frequent, world.correct, world.delete, world.delete_thread, world.forget),
        *(world.rotate, world.restart),
    ]
    for owner in OWNERS:
        await world.remember(owner, world.has[owner])
    for _ in range(STEPS):
        owner = world.chance.choice(OWNERS)
        await world.chance.choice(steps)(owner, world.has[owner])
        await world.check(owner, world.has[owner])
    for owner, mine in world.has.items():
        await world.check(owner, mine)


async def test_rows_under_another_id_or_another_s_key_do_not_open(each_store: Store) -> None:
    """As somebody may move them who can write the store but has no key."""
    memory, rows = memory_of(each_store), rows_of(each_store)
    await memory.remember("ann", [fact("Of Ann, one"), fact("A second one of hers")])
    await memory.remember("bob", [fact("Of Bob")])
    (ann,) = [name for name in await names(each_store) if len((await rows.read(name)).rows) == 2]
    (bob,) = [name for name in await names(each_store) if name != ann]
    hers = await rows.read(ann)
    assert hers.key is not None
    (one, first), (two, second) = hers.rows.items()
    assert first is not None
    assert second is not None
    await rows.write(ann, Known(hers.key, 1), {one: second, two: first})
    found = await memory.list("ann")
    assert [each for each in found if isinstance(each, Entry)] == []
    assert {each.id for each in found} == {one, two}
    end = 4 + int.from_bytes(first[:4])
    mixed = first[:end] + second[4 + int.from_bytes(second[:4]) :]  # with the other's vector
    await rows.write(ann, Known(hers.key, 2), {one: mixed, two: first[:7]})
    assert not (await memory_of(each_store).recall("ann", "of Ann, one")).facts
    await rows.forget(bob)
    await rows.write(bob, Known(hers.key, 0), hers.rows)  # hers whole, with her wrapped key
    for step in (memory.list("bob"), memory.recall("bob", "Ann"), memory.remember("bob", [])):
        await unreadable(step)


async def unreadable(step: Awaitable[object]) -> None:
    try:
        await step
    except Exception as error:  # noqa: BLE001
        assert getattr(error, "code", "") == "MEMORY_UNREADABLE", error
    else:
        raise AssertionError


async def names(store: Store) -> list[str]:
    return [name async for name in rows_of(store).owners() if name != "names"]
