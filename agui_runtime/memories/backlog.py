"""What users said and nobody has looked at yet. It outlives the process that noted it: it stands in
the owner's memory, from which it is taken in the same step in which something is learned of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from agui_runtime.core.jsontext import JsonObject
from agui_runtime.memories.agenda import Agenda
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.memories.notes import made

KIND = "unread"

EVERY = 2.0
"""Seconds between two looks of a process at what is due."""

MOST = 50
"""With so many messages a thread is looked at, quiet or not."""

LATEST = 200
"""So many messages of a thread wait at most: the latest."""


@dataclass(frozen=True, slots=True)
class UserMessage:
    """Where a message of the user is found: the agent has its text in the state of its thread."""

    agent: str
    run_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Messages of a thread, in order, which somebody is to look at when it is due, in seconds since
    1970. `failures` is how often that was tried in vain.
    """

    thread_id: str
    messages: tuple[UserMessage, ...]
    due_at: float
    failures: int = 0


class Backlog:
    """Of all owners. All methods raise StoreUnavailable and MemoryUnreadable."""

    def __init__(self, notebooks: Notebooks, clock: Callable[[], float]) -> None:
        self.agenda = Agenda(notebooks, clock)
        self.news = asyncio.Event()
        """Set when there is a reason in this process to look at once: something was added that is
        due before the next look, or somebody was looked after.
        """
        self._notebooks = notebooks
        self._clock = clock

    async def add(
        self, owner: str, thread_id: str, messages: Sequence[UserMessage], quiet: float
    ) -> None:
        """To be looked at when nothing is added for so many seconds; where nobody could make
        anything of the thread before, not until that is tried again.
        """
        due_at = self._clock() + quiet
        await self.agenda.add(owner, due_at)

        def rows(notebook: Notebook) -> Mapping[str, bytes]:
            known = find(notebook, thread_id) or Unread(thread_id, (), due_at)
            every = {each.message_id: each for each in (*known.messages, *messages)}
            stays = known.failures or len(known.messages) >= MOST
            latest = tuple(every.values())[-LATEST:]
            due = known.due_at if stays else due_at
            return _row(notebook, replace(known, messages=latest, due_at=due))

        await self._notebooks.change(await self._notebooks.name(owner), rows)
        if quiet < EVERY:
            self.news.set()

    async def of(self, owner: str) -> Sequence[Unread]:
        """All of the owner's, the first that is due first."""
        notebook = await self._notebooks.read(owner)
        found = filter(None, map(_unread, notebook.notes(KIND)))
        return sorted(found, key=lambda each: each.due_at)

    async def postpone(self, owner: str, unread: Unread, later: Unread) -> None:
        """Replace it, unless more was added meanwhile."""

        def rows(notebook: Notebook) -> Mapping[str, bytes]:
            is_there = find(notebook, unread.thread_id) == unread
            return _row(notebook, later) if is_there else {}

        await self._notebooks.change(await self._notebooks.name(owner), rows)


def id_of(notebook: Notebook, thread_id: str) -> str:
    """Under which it stands in the owner's memory."""
    return notebook.seal.id_of(KIND, thread_id)


def find(notebook: Notebook, thread_id: str) -> Unread | None:
    """What is unread of the thread."""
    fields = notebook.note(id_of(notebook, thread_id))
    return None if fields is None else _unread(fields)


def _row(notebook: Notebook, unread: Unread) -> Mapping[str, bytes]:
    id_ = id_of(notebook, unread.thread_id)
    return {id_: notebook.seal.seal_note(id_, asdict(unread))}


def _unread(note: JsonObject) -> Unread | None:
    messages = (made(UserMessage, each) for each in note.get("messages", ()))
    return made(Unread, note | {"messages": tuple(filter(None, messages))})
