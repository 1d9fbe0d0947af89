"""What is remembered of a user: written, found again, corrected, deleted; and nobody else's."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from agui_runtime.core.errors import InvalidInput, TooLarge
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.embedders.base import Vectors
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.entries import (
    Entry,
    MemoryLimits,
    MemoryUnreadable,
    Origin,
    Proposal,
    Tier,
)
from agui_runtime.memories.memory import EntryNotFound, Memory
from agui_runtime.memories.rules import RefusedSecret
from agui_runtime.memories.sealing import Names
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.sealed_rows import Known, SealedRows, Sealing
from tests.stores.databases import AnyStore, Processes

KEY, LATER = new_key(), new_key()


def rows_of(store: Store) -> SealedRows:
    assert isinstance(store, Sealing)
    return store.sealed


def memory_of(
    store: Store,
    *keys: str,
    limits: MemoryLimits | None = None,
    clock: Callable[[], float] = lambda: 1000.0,
) -> Memory:
    ring = KeyRing(keys or [KEY])
    memory = Memory(limits=limits or MemoryLimits(), clock=clock)
    memory.keep_in(rows_of(store), ring)
    return memory


def fact(text: str, thread: str = "t", entity: str = "") -> Proposal:
    return Proposal("associative", text, Origin(thread, "r", "m", "rules"), entity=entity)


def core(key: str, text: str) -> Proposal:
    return Proposal("core", text, Origin(), key=key)


async def texts(memory: Memory, owner: str, tier: Tier | None = None) -> list[str]:
    found = await memory.list(owner, tier)
    return sorted(each.text if isinstance(each, Entry) else "unreadable" for each in found)


async def test_what_is_remembered_is_recalled_by_what_is_asked(each_store: Store) -> None:
    memory = memory_of(each_store)
    assert not await memory.recall("ann", "anything")
    said = [
        core("language", "German"),
        fact("She has a dog that is called Bello"),
        fact("She is allergic to peanuts"),
        Proposal("episodic", "Planned a trip to Rome", Origin("t"), key="t"),
    ]
    written = await memory.remember("ann", said)
    assert [entry.text for entry in written] == [each.text for each in said]
    found = await memory.recall("ann", "What was the name of my dog?")
    assert [(entry.key, entry.text) for entry in found.core] == [("language", "German")]
    assert found.facts[0][0].text == "She has a dog that is called Bello"
    assert all("peanuts" not in entry.text for entry, _ in found.facts)
    assert [entry.text for entry in found.episodes] == ["Planned a trip to Rome"]
    assert found.facts[0][0].origin == Origin("t", "r", "m", "rules")


async def test_nobody_sees_another_s(each_store: Store) -> None:
    memory = memory_of(each_store)
    (entry,) = await memory.remember("ann", [fact("Her dog is called Bello")])
    assert not await memory.recall("bob", "dog Bello")
    assert await memory.list("bob") == []
    with pytest.raises(EntryNotFound):
        await memory.delete("bob", entry.id)
    with pytest.raises(EntryNotFound):
        await memory.correct("bob", entry.id, "changed")
    await memory.forget("bob")
    assert await texts(memory, "ann") == ["Her dog is called Bello"]


async def test_what_is_said_again_is_counted(each_store: Store) -> None:
    memory = memory_of(each_store)
    for text in ("Likes  tea", "Likes  tea", "likes tea", " LIKES TEA "):
        said = Proposal("associative", text, Origin("t", "r", f"message {text}"))
        (entry,) = await memory.remember("ann", [said])
    assert entry.times == 3  # the answer to the first was made anew
    assert await texts(memory, "ann") == ["Likes  tea".replace("  ", " ")]


async def test_the_same_words_take_the_other_s_place() -> None:
    memory = memory_of(MemoryStore())
    long = "The meeting of the whole team about the new release is every Monday at "
    await memory.remember("ann", [fact(long + "nine", entity="meeting")])
    await memory.remember("ann", [fact(long + "ten", entity="release")])
    await memory.remember("ann", [fact(long + "nine!", entity="meeting")])
    assert await texts(memory, "ann") == [long + "nine!", long + "ten"]


@pytest.mark.parametrize(
    "both",
    [
        ("Moves from Berlin to Paris", "Moves from Paris to Berlin"),  # whose vectors are the same
        ("Writes programs in C", "Writes programs in C++"),
    ],
)
async def test_what_only_looks_like_a_fact_leaves_it_there(both: tuple[str, str]) -> None:
    memory = memory_of(MemoryStore())
    for text in both:
        await memory.remember("ann", [fact(text)])
    assert await texts(memory, "ann") == sorted(both)


async def test_a_core_key_has_one_value(each_store: Store) -> None:
    memory = memory_of(each_store)
    await memory.remember("ann", [core("name", "Ann"), core("Name", "Anna")])
    assert await texts(memory, "ann", "core") == ["Anna"]


async def test_an_entry_is_corrected_and_deleted(each_store: Store) -> None:
    memory = memory_of(each_store)
    (entry, _) = await memory.remember("ann", [fact("Lives in Berlin"), fact("Has two cats")])
    changed = await memory.correct("ann", entry.id, "Lives in Hamburg")
    assert (changed.origin.thread_id, changed.origin.extractor) == ("t", "user")
    assert await texts(memory, "ann") == ["Has two cats", "Lives in Hamburg"]
    assert not (await memory.recall("ann", "Berlin")).facts
    await memory.delete("ann", changed.id)
    with pytest.raises(EntryNotFound):
        await memory.delete("ann", changed.id)
    assert await texts(memory, "ann") == ["Has two cats"]


async def test_a_thread_s_entries_go_with_it(each_store: Store) -> None:
    memory = memory_of(each_store)
    await memory.remember("ann", [fact("One", "t1"), fact("Two", "t2"), fact("Three", "t1")])
    assert await memory.delete_thread("ann", "t1") == 2
    assert await texts(memory, "ann") == ["Two"]
    assert await memory.delete_thread("ann", "t1") == 0


@pytest.mark.parametrize(
    "text",
    [
        "my key is sk-proj-abcdefghijklmnop1234",
        "Authorization: Bearer abcdefghijklmnop1234567",
        "my card is 4111 1111 1111 1111",
        "postgres://ann:hunter22@db.example.com/x",
    ],
)
async def test_secrets_are_refused(text: str) -> None:
    memory = memory_of(MemoryStore())
    with pytest.raises(RefusedSecret):
        await memory.remember("ann", [fact("harmless"), fact(text)])
    assert await memory.list("ann") == []


async def test_what_is_no_secret_is_remembered() -> None:
    memory = memory_of(MemoryStore())
    said = [
        *("Her phone is +49 170 1234567", "Order 1234567890123", "See https://example.com/a?b=c"),
        *("The org-chart of pro-forma bills", "Knows basic misunderstandings of C"),
    ]
    await memory.remember("ann", [fact(text) for text in said])
    assert await texts(memory, "ann") == sorted(said)


@pytest.mark.parametrize(
    ("proposal", "reason"),
    [
        (fact(" \n "), "no text"),
        (core("", "x"), "needs a key"),
        (fact("x" * 1025), "at most 1024"),
        (core("k" * 101, "x"), "at most 100"),
        (fact("x", thread="t" * 1001), "origin.thread_id: 1001 characters"),
    ],
)
async def test_what_is_no_entry_is_refused(proposal: Proposal, reason: str) -> None:
    with pytest.raises((InvalidInput, TooLarge), match=reason):
        await memory_of(MemoryStore()).remember("ann", [proposal])


async def test_a_full_tier_is_told_and_nothing_is_half_written() -> None:
    limits = MemoryLimits(core_keys=2, core_length=40, facts=2, episodes=2, patterns=1)
    memory = memory_of(MemoryStore(), limits=limits)
    await memory.remember("ann", [core("a", "1"), core("b", "2"), fact("One"), fact("Two")])
    for more in (core("c", "3"), core("a", "x" * 40), fact("Three")):
        with pytest.raises(TooLarge):
            await memory.remember("ann", [core("a", "changed"), more])
    await memory.remember("ann", [core("a", "11"), fact("one")])
    assert await texts(memory, "ann") == ["11", "2", "One", "Two"]


async def test_where_there_is_no_room_the_oldest_episodes_go() -> None:
    now = 0.0
    store = MemoryStore()
    memory = memory_of(store, limits=MemoryLimits(episodes=3), clock=lambda: now)

    async def remember(number: int, memory: Memory) -> None:
        nonlocal now
        now += 1
        said = Proposal("episodic", f"Day {number}.", Origin(f"t{number}"), key=f"t{number}")
        await memory.remember("ann", [said])

    for number in range(1, 5):
        await remember(number, memory)
    assert await texts(memory, "ann") == ["Day 2.", "Day 3.", "Day 4."]
    assert await memory.delete_thread("ann", "t3") == 1
    assert await texts(memory, "ann") == ["Day 2.", "Day 4."]
    await remember(5, memory)
    fewer = memory_of(store, limits=MemoryLimits(episodes=2), clock=lambda: now)
    await remember(6, fewer)
    assert await texts(memory, "ann") == ["Day 5.", "Day 6."]


async def test_letters_that_are_many_when_they_are_spelled_out_are_cut_then() -> None:
    many = "\ufdfa" * 2000  # each is a sentence of 18 letters
    vectors = await HashingEmbedder().embed([many, unicodedata.normalize("NFKD", many)[:2000]])
    assert (vectors[0] == vectors[1]).all()


async def test_earlier_threads_are_recalled_by_what_is_asked_beside_the_latest() -> None:
    now = 0.0
    memory = memory_of(MemoryStore(), clock=lambda: now)
    for key in ("Planned a trip to Rome", "Wrote an invoice", "Baked bread", "Fixed the printer"):
        now += 1
        await memory.remember("ann", [Proposal("episodic", key, Origin(key), key=key)])
    found = await memory.recall("ann", "Which hotel was it, on the trip to Rome?")
    latest = ["Fixed the printer", "Baked bread", "Wrote an invoice"]
    assert [entry.text for entry in found.episodes] == [*latest, "Planned a trip to Rome"]
    assert [entry.text for entry in (await memory.recall("ann", "bread")).episodes] == latest


async def test_many_who_remember_at_once_lose_nothing(each_store: Store) -> None:
    memories = [memory_of(each_store) for _ in range(3)]
    said = [f"Fact number {number} about {'abc'[number % 3] * 9}" for number in range(12)]
    steps = (memories[at % 3].remember("ann", [fact(text)]) for at, text in enumerate(said))
    await asyncio.gather(*steps)
    assert await texts(memories[0], "ann") == sorted(said)


async def test_processes_see_each_other_s_changes(made: Processes[AnyStore]) -> None:
    one, other = [memory_of(cast(Store, await made.start())) for _ in range(2)]
    (entry,) = await one.remember("ann", [fact("Has a dog")])
    assert await texts(other, "ann") == ["Has a dog"]
    await other.correct("ann", entry.id, "Has a cat")
    assert [each.text for each, _ in (await one.recall("ann", "cat")).facts] == ["Has a cat"]
    await one.forget("ann")
    assert await other.list("ann") == []
    await other.remember("ann", [fact("Begins anew")])
    assert await texts(one, "ann") == ["Begins anew"]


async def test_keys_are_rotated_while_users_go_on(each_store: Store) -> None:
    before = memory_of(each_store)
    await before.remember("ann", [fact("From before")])
    both = memory_of(each_store, LATER, KEY)

    async def write() -> None:
        for number in range(10):
            await before.remember("ann", [fact(f"Number {number}")])

    async def rotate() -> None:
        for _ in range(5):
            assert await both.rotate() == 2  # hers, and the one that makes names

    await before.rotate()
    writing = asyncio.create_task(write())
    await rotate()
    with pytest.raises(MemoryUnreadable):
        await writing  # it has not the later key
    await both.remember("ann", [fact("After")])
    assert {"From before", "After"} <= set(await texts(memory_of(each_store, LATER), "ann"))


async def test_what_no_key_opens_is_told_and_left_as_it_is(each_store: Store) -> None:
    await memory_of(each_store).remember("ann", [fact("Sealed")])
    lost = memory_of(each_store, LATER)
    for step in (lost.list("ann"), lost.recall("ann", "x"), lost.remember("ann", [fact("y")])):
        with pytest.raises(MemoryUnreadable, match="key that is not there"):
            await step
    assert await texts(memory_of(each_store), "ann") == ["Sealed"]


async def test_a_row_that_was_moved_or_changed_does_not_open(each_store: Store) -> None:
    memory, rows = memory_of(each_store), rows_of(each_store)
    await memory.remember("ann", [fact("Of Ann"), core("name", "Ann")])
    await memory.remember("bob", [fact("Of Bob")])
    ann, bob = [await rows.read(name) for name in await owners(rows)][:2]
    names = await owners(rows)
    for name, other in ((names[0], bob), (names[1], ann)):
        kept = await rows.read(name)
        assert kept.key is not None
        known = Known(kept.key, kept.version)
        moved = {id_: body for id_, body in other.rows.items() if id_ not in kept.rows}
        await rows.write(name, known, moved)
    for owner in ("ann", "bob"):
        found = await memory.list(owner)
        assert [each for each in found if not isinstance(each, Entry)]
        assert all(owner.title() in each.text for each in found if isinstance(each, Entry))
        assert all(
            owner.title() in each.text for each, _ in (await memory.recall(owner, "of")).facts
        )


async def owners(rows: SealedRows) -> list[str]:
    return [name async for name in rows.owners() if name != Names.OWNER]


class Slow(HashingEmbedder):
    """Lets somebody else work first."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        await self.first()
        return await super().embed(texts)

    async def first(self) -> None:
        """Nothing yet."""


async def test_what_is_gone_by_then_is_not_corrected() -> None:
    store, slow = MemoryStore(), Slow()
    (entry,) = await memory_of(store).remember("ann", [fact("Has a dog")])
    memory = Memory(slow)
    memory.keep_in(store.sealed, KeyRing([KEY]))
    slow.first = lambda: memory.delete("ann", entry.id)  # type: ignore[method-assign]
    with pytest.raises(EntryNotFound):
        await memory.correct("ann", entry.id, "Has a cat")
    assert await texts(memory, "ann") == []
