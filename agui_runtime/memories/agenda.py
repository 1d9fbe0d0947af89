"""Whose messages nobody has looked at yet, and when somebody is to. It stands sealed beside what is
remembered, for all processes over a store: which of them is alive then, nobody knows before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from agui_runtime.core.jsontext import JsonObject
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.memories.notes import made

NAME = "agenda"
"""Under this name it stands in the store, as if it were an owner's memory."""

KIND = "appointment"

SETTLED = 10.0
"""Seconds for which an owner stays on the agenda at least: whoever puts one there notes what for
only then.
"""


@dataclass(frozen=True, slots=True)
class Appointment:
    """Times are seconds since 1970."""

    owner: str
    due_at: float
    noted_at: float


_Known: TypeAlias = Mapping[str, Appointment]
_Changes: TypeAlias = Mapping[str, Appointment | None]


class Agenda:
    """An appointment for each owner. All methods raise StoreUnavailable and MemoryUnreadable."""

    def __init__(self, notebooks: Notebooks, clock: Callable[[], float]) -> None:
        self._notebooks = notebooks
        self._clock = clock
        self._new: dict[str, float] = {}
        self._writing = asyncio.Lock()  # who writes here is in nobody's way here

    async def add(self, owner: str, due_at: float) -> None:
        """Look after the owner then, or earlier if that is due already. Owners who come while
        others are written are written together.
        """
        self._new[owner] = min(due_at, self._new.get(owner, due_at))
        async with self._writing:
            new, self._new = self._new, {}
            try:
                await self._change(list(new), lambda known: _added(known, new, self._clock()))
            except BaseException:
                self._new = new | self._new
                raise

    async def all(self) -> Sequence[Appointment]:
        """The first that is due comes first."""
        notebook = await self._notebooks.read_named(NAME)
        found = map(_appointment, notebook.notes(KIND))
        return sorted(filter(None, found), key=lambda each: each.due_at)

    async def take(self, appointment: Appointment, until: float) -> Appointment | None:
        """Look after the owner, which others do after `until` unless it is settled by then. None if
        somebody was faster.
        """
        taken = replace(appointment, due_at=until)

        def change(known: _Known) -> _Changes:
            owner = appointment.owner
            return {owner: taken} if known.get(owner) == appointment else {}

        async with self._writing:
            return taken if await self._change([taken.owner], change) else None

    async def settle(self, taken: Appointment, next_due: float | None) -> None:
        """The owner was looked after: strike them off, or come again when the next is due. Nothing
        changes where somebody is to come earlier by now.
        """

        def change(known: _Known) -> _Changes:
            found = known.get(taken.owner)
            if found is None or found.due_at != taken.due_at:
                return {}
            settled = found.noted_at + SETTLED
            due_at = settled if next_due is None and settled > self._clock() else next_due
            return {taken.owner: None if due_at is None else replace(found, due_at=due_at)}

        async with self._writing:
            await self._change([taken.owner], change)

    async def _change(self, owners: Sequence[str], change: Callable[[_Known], _Changes]) -> bool:
        """Change what there is of these owners; whether that is anything."""

        def rows(notebook: Notebook) -> Mapping[str, bytes | None]:
            seal = notebook.seal
            ids = {owner: seal.id_of(KIND, owner) for owner in owners}
            notes = filter(None, map(notebook.note, ids.values()))
            known = {each.owner: each for each in filter(None, map(_appointment, notes))}
            return {
                ids[owner]: None if each is None else seal.seal_note(ids[owner], asdict(each))
                for owner, each in change(known).items()
            }

        return await self._notebooks.change(NAME, rows)


def _appointment(note: JsonObject) -> Appointment | None:
    return made(Appointment, note)


def _added(known: _Known, new: Mapping[str, float], now: float) -> _Changes:
    due = {
        owner: min(at, known[owner].due_at if owner in known else at) for owner, at in new.items()
    }
    return {owner: Appointment(owner, at, now) for owner, at in due.items()}
