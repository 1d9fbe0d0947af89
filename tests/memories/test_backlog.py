"""What waits to be looked at: within bounds, for processes of several releases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from agui_runtime.core.errors import Conflict
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.key_ring import KeyRing
from agui_runtime.memories import agenda, backlog
from agui_runtime.memories.backlog import LATEST, UserMessage
from agui_runtime.memories.master_keys import RingKeys
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.memory.sealed_rows import MemorySealedRows
from agui_runtime.stores.sealed_rows import Known, StoredRows
from tests.memories.test_memory import KEY, memory_of, rows_of

HELLO = UserMessage("default", "r1", "u1")


async def test_a_thread_that_goes_on_does_not_put_off_what_failed_and_waits_within_bounds() -> None:
    waiting = memory_of(MemoryStore()).backlog
    await waiting.add("ann", "t1", [HELLO], 60)
    (unread,) = await waiting.of("ann")
    await waiting.postpone("ann", unread, replace(unread, failures=1, due_at=5000.0))
    for number in range(2):
        many = [UserMessage("default", "r2", f"m{number}-{each}") for each in range(LATEST)]
        await waiting.add("ann", "t1", many, 60)
    (unread,) = await waiting.of("ann")
    assert (unread.failures, unread.due_at) == (1, 5000.0)
    assert [each.message_id for each in unread.messages] == [f"m1-{i}" for i in range(LATEST)]


def later(kind: str, words: str) -> Callable[[Notebook], Mapping[str, bytes]]:
    """A later release has written the notes of this kind, and one more in other fields."""

    def rows(notebook: Notebook) -> Mapping[str, bytes]:
        seal, more = notebook.seal, {"later": 1}
        notes: dict[str, JsonObject] = {seal.id_of(kind, "other"): more}
        for note in notebook.notes(kind):
            messages = [each | more for each in note.get("messages", ())]
            notes[seal.id_of(kind, note[words])] = note | more | {"messages": messages}
        return {id_: seal.seal_note(id_, note) for id_, note in notes.items()}

    return rows


async def test_what_a_later_release_noted_is_read_as_far_as_it_is_known() -> None:
    store = MemoryStore()
    waiting = memory_of(store).backlog
    await waiting.add("ann", "t1", [HELLO], 60)
    notebooks = Notebooks(rows_of(store), RingKeys(KeyRing([KEY])))
    await notebooks.change(await notebooks.name("ann"), later(backlog.KIND, "thread_id"))
    await notebooks.change(agenda.NAME, later(agenda.KIND, "owner"))
    assert [each.messages for each in await waiting.of("ann")] == [(HELLO,)]
    (appointment,) = await waiting.agenda.all()
    assert await waiting.agenda.take(appointment, 2000.0)


class Far(MemorySealedRows):
    """Rows that take their time, and count who was too late."""

    conflicts = 0

    async def read(self, owner: str, known: Known | None = None) -> StoredRows:
        found = await super().read(owner, known)
        await asyncio.sleep(0)
        return found

    async def write(self, owner: str, known: Known, rows: Mapping[str, bytes | None]) -> int:
        try:
            return await super().write(owner, known, rows)
        except Conflict:
            self.conflicts += 1
            raise


async def test_a_process_is_not_in_its_own_way() -> None:
    memory, rows = Memory(clock=lambda: 1000.0), Far(lambda: 1000.0)
    memory.keep_in(rows, KeyRing([KEY]))
    waiting, owners = memory.backlog, [f"owner {number}" for number in range(8)]
    await asyncio.gather(*(waiting.add(each, "t1", [HELLO], 0) for each in owners))
    rows.conflicts = 0  # of whoever came first, over the key that makes names
    known = await waiting.agenda.all()
    taken = await asyncio.gather(*(waiting.agenda.take(each, 2000.0) for each in known))
    await asyncio.gather(*(waiting.agenda.settle(each, 3000.0) for each in taken if each))
    assert {each.due_at for each in await waiting.agenda.all()} == {3000.0}
    assert rows.conflicts == 0
