"""What whoever has a copy of the store, or of its log, sees of what is remembered: nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from redis import Redis

from agui_runtime.core.events import Caller
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.backlog import UserMessage
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.memories.master_keys import RingKeys
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.sealing import Names
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.wrappers import with_memory
from tests.connectors.page import Page
from tests.memories.test_memory import rows_of
from tests.stores.databases import AnyStore, Place, PostgresDatabase, RedisPlace, SqliteDatabase
from tests.stores.postgres_server import PostgresServer
from tests.wrappers.test_memory import Deaf, Listener, recalled

OWNERS = ("Ottilie.Remembered", "names-of-Überwachte")
ORIGIN = Origin("thread-Quibble", "run-Quibble", "message-Quibble", "rules")
PROPOSALS = (
    Proposal("core", "Wiesbaden-Zottel", ORIGIN, key="Heimatort-Key"),
    Proposal("associative", "Likes marzipan-flamingo", ORIGIN, entity="Entity-Xaver"),
    Proposal("episodic", "Planned the kraken-expedition", ORIGIN, key="thread-Quibble"),
    Proposal("proactive", "Asks for walrus-figures on Mondays", ORIGIN),
)
WORDS = (
    *("Ottilie", "berwachte", "Quibble", "Zottel", "Heimatort", "marzipan", "Xaver", "kraken"),
    *("walrus", "hashing-256"),
)
_HEX = re.compile(rb"\\\\x([0-9a-f]+)")


def dump_of(place: Place[AnyStore], postgres: PostgresServer) -> Iterator[bytes]:
    """All that a copy of the store holds, in the forms in which it stands there."""
    if isinstance(place, SqliteDatabase):
        files = [each for each in place.path.parent.iterdir() if each.is_file()]
        yield from (file.read_bytes() for file in files)
    elif isinstance(place, PostgresDatabase):
        dump = postgres.dump("agui").read_bytes()
        yield dump
        yield from (bytes.fromhex(found[1].decode()) for found in _HEX.finditer(dump))
    elif isinstance(place, RedisPlace):
        with Redis.from_url(place.url) as client:
            for key in client.scan_iter(f"{place.prefix}:*"):
                yield key
                yield from _values(client, key)


def _values(client: Redis, key: bytes) -> Iterator[bytes]:
    yield cast(bytes, client.dump(key))
    kind = cast(bytes, client.type(key))
    if kind == b"hash":
        fields: dict[bytes, bytes] = cast(Any, client.hgetall(key))
        yield from (*fields, *fields.values())
    elif kind == b"zset":
        yield from cast("list[bytes]", client.zrange(key, 0, -1))


async def test_a_copy_of_the_store_says_nothing_of_what_is_remembered(
    place: Place[AnyStore], postgres: PostgresServer
) -> None:
    store, master = cast(Store, place.store()), new_key()
    ring, memory, listener = KeyRing([master]), Memory(extractor=Deaf()), Listener()
    runtime = CopilotRuntime(
        {"default": with_memory(listener, memory)},
        store=store,
        memory=memory,
        options=Options(keys=ring),
    )
    async with runtime.lifespan():
        for owner in OWNERS:
            await memory.remember(owner, PROPOSALS)
        await memory.correct(OWNERS[0], (await ids(memory, OWNERS[0]))[0], "Wiesbaden-Zottel 2")
        await memory.delete_thread(OWNERS[1], "thread-Quibble")
        said = UserMessage("Entity-Xaver", ORIGIN.run_id, ORIGIN.message_id)
        await memory.backlog.add(OWNERS[0], ORIGIN.thread_id, [said], 60)
        keys = [key async for key in owner_keys(store, ring)]
        secrets = [*WORDS, *map(bytes.hex, keys), master]
        dump = b"\n".join(dump_of(place, postgres))
        assert len(keys) >= 4  # with what makes names, and with who is to be looked after
        assert not [word for word in secrets if word.casefold().encode() in dump.lower()]
        assert not [key for key in keys if key in dump]
        assert not [part async for part in vectors() if part in dump]


async def ids(memory: Memory, owner: str) -> list[str]:
    return sorted(each.id for each in await memory.list(owner))


async def owner_keys(store: Store, ring: KeyRing) -> Any:  # noqa: ANN401  # an async generator
    rows = rows_of(store)
    names = [name async for name in rows.owners()]
    assert Names.OWNER in names
    for name in names:
        wrapped = (await rows.read(name)).key
        assert wrapped is not None
        yield await RingKeys(ring).unwrap(wrapped, name)


async def vectors() -> Any:  # noqa: ANN401  # the same
    """Of each text that has one: some of its numbers."""
    texts = [f"{each.entity} {each.text}".strip() for each in PROPOSALS]
    for row in await HashingEmbedder().embed(texts):
        place = int(abs(row).argmax())
        yield row[place : place + 2].tobytes()


async def test_neither_logs_nor_lines_of_servers_repeat_what_is_remembered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory, listener = Memory(extractor=Deaf()), Listener()
    runtime = CopilotRuntime({"default": with_memory(listener, memory)}, memory=memory)
    with caplog.at_level(logging.DEBUG):
        async with runtime.lifespan():
            await memory.remember(OWNERS[0], PROPOSALS)
            page = Page(runtime, "t1", Caller(OWNERS[0]))
            events = await page.say("Do I like a flamingo?")
    assert recalled(events)
    assert "marzipan" in listener.prompts[0]
    shown = f"{events} {[each.getMessage() for each in caplog.records]}"
    assert not [word for word in WORDS if word in shown and word != "Ottilie"]
