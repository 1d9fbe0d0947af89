"""A store of one's own: `uvicorn --factory examples.own_store_app:app`.

A store is three protocols of `agui_runtime.stores.base`: a log of runs, states, and an index of
threads. This one has those of another store, and writes every end of a run to a journal besides;
one that keeps threads somewhere else implements them all; `tests/stores` says what they promise.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

from ag_ui.core import RunAgentInput
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.stores.base import Lease, RunEnd, RunLog, StateStore, Store, ThreadIndex
from agui_runtime.stores.layers.delegating import DelegatingLog
from agui_runtime.stores.open import open_store


class JournalledLog(DelegatingLog):
    """The log below, and a line in a file for each run that has ended."""

    def __init__(self, below: RunLog, journal: Path) -> None:
        super().__init__(below)
        self._journal = journal

    async def release(self, lease: Lease, end: RunEnd) -> None:
        await super().release(lease, end)
        line = {"run": lease.run.run_id, "thread": lease.run.thread_id, "owner": lease.run.owner}
        with self._journal.open("a") as file:
            file.write(json.dumps(line) + "\n")


class JournalledStore:
    """A store over another one."""

    def __init__(self, below: Store, journal: Path) -> None:
        self._below = below
        self.log: RunLog = JournalledLog(below.log, journal)
        self.states: StateStore = below.states
        self.threads: ThreadIndex = below.threads

    async def open(self) -> None:
        await self._below.open()

    async def check(self) -> None:
        await self._below.check()

    async def close(self) -> None:
        await self._below.close()


async def greeter(request: RunAgentInput) -> AsyncIterator[str]:
    """Says hello."""
    yield "Hello"


def app(below: str = "sqlite:///threads.db", journal: Path = Path("journal.jsonl")) -> FastAPI:
    """The app, whose threads are in a SQLite file."""
    store = JournalledStore(open_store(below), journal)
    return create_app(CopilotRuntime(agents={"default": greeter}, store=store))
