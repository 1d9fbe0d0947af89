"""The steps of the scripts on threads as calls, and the names of a thread's keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha1
from importlib.resources import files
from typing import TypeAlias

from redis.exceptions import NoScriptError

from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.pipe import Packed, Word, packed
from agui_runtime.stores.redis.server import Lane, Server

PARTS = ("meta", "log", "runs", "ids", "states", "archive")

JOB = "job"
"""The part that a thread has besides, while its run waits for a worker."""

STEPS_OF_LANES: Mapping[Lane, Sequence[str]] = {
    "look": ("end", "info", "inspect"),
    "read": ("read", "runs", "load"),
}
"""The steps that change nothing; all others write."""

LANES = {step: lane for lane, steps in STEPS_OF_LANES.items() for step in steps}


Key: TypeAlias = str | bytes


@lru_cache(maxsize=512)  # of the threads with a live run; more would hold names nobody needs
def _names(tag: str) -> Sequence[bytes]:
    """The thread's keys and its channel, as they are sent: a run needs them with each write."""
    return [f"{tag}:{part}".encode() for part in (*PARTS, "news")]


@lru_cache(maxsize=2048)
def _head(tag: str, name: str, now: str, max_age: str) -> tuple[bytes, Packed]:
    """A thread's first key, and all words that each step has: for what runs ask time and again."""
    *keys, channel = _names(tag)
    return keys[0], packed(len(keys), *keys, name, now, channel, max_age)


class Lua:
    """A script of these files of this package, carried out in one atomic step; times are the
    server's own unless a `clock` is given.
    """

    def __init__(
        self, server: Server, *names: str, clock: Callable[[], float] | None = None
    ) -> None:
        self._server = server
        self._clock = clock
        folder = files("agui_runtime.stores.redis")
        self._text = b"".join(folder.joinpath(name).read_bytes() for name in names)
        self._digest = sha1(self._text, usedforsecurity=False).hexdigest()

    async def run(
        self,
        lane: Lane,
        keys: Sequence[Key],
        *given: Word,
        first: asyncio.Future[Answer] | None = None,
    ) -> Answer:
        """What it returns; raises StoreUnavailable. It may be carried out twice when a connection
        breaks. `first` is an attempt that was begun.
        """
        words = (len(keys), *keys, *given)
        try:
            evaluating = ("EVALSHA", self._digest, *words)
            return await self._server.command(lane, keys[0], *evaluating, first=first)
        except NoScriptError:  # the server is new, or was started anew
            return await self._server.command(lane, keys[0], "EVAL", self._text, *words)

    def ask(self, lane: Lane, keys: Sequence[Key], *given: Word) -> asyncio.Future[Answer]:
        """One attempt at a server that knows the script: what it returns, or redis-py's error."""
        return self.ask_packed(lane, keys[0], len(keys), *keys, *given)

    def ask_packed(self, lane: Lane, key: Key, *words: Word | Packed) -> asyncio.Future[Answer]:
        """The same of the number of keys, the keys and what else is given."""
        return self._server.ask(lane, key, packed("EVALSHA", self._digest), *words)

    def now(self) -> str:
        """What stands for the time in the script's arguments."""
        return "" if self._clock is None else f"{self._clock():.6f}"


class Script:
    """Carries out steps on threads. Without a `clock` the server's own time counts."""

    def __init__(
        self, server: Server, prefix: str, max_age: float, clock: Callable[[], float] | None
    ) -> None:
        self._server = server
        self._prefix = prefix
        self._max_age = repr(max_age)
        claim = ("prelude.lua", "thread.lua", "boot.lua", "claim.lua")
        self._steps = Lua(server, *claim, "steps.lua", clock=clock)
        self._jobs = Lua(server, *claim, "jobs.lua", clock=clock)
        self._append = Lua(server, "prelude.lua", "thread.lua", "append.lua", clock=clock)

    def channel(self, thread_id: str) -> str:
        """Where the thread's news is published."""
        return f"{self._tag(thread_id)}:news"

    async def step(self, name: str, thread_id: str, *given: Word) -> list[Answer]:
        """One atomic step but `append`; raises StoreUnavailable.

        After a broken connection it is repeated, so a step must know that it was done before.
        """
        keys, words = self._call(name, thread_id)
        return list(await self._steps.run(LANES.get(name, "write"), keys, *words, *given))

    def ask_append(
        self, thread_id: str, about: Sequence[Word], *given: Word
    ) -> asyncio.Future[Answer]:
        """The first attempt at an append: its reply, or what redis-py raises. What is given `about`
        the writer is the same each time. Raises StoreUnavailable while the server hangs.
        """
        self._server.check_patience()
        return self._ask(self._append, "append", thread_id, packed(*about), *given)

    async def append(self, thread_id: str, *given: Word, first: asyncio.Future[Answer]) -> Answer:
        """As `step`, after a `first` attempt."""
        keys, words = self._call("append", thread_id)
        return await self._append.run("write", keys, *words, *given, first=first)

    def ask(self, name: str, thread_id: str, *given: Word) -> asyncio.Future[Answer]:
        """One attempt at a step but `append`: its reply, or what redis-py raises."""
        return self._ask(self._steps, name, thread_id, *given)

    async def job_step(self, name: str, thread_id: str, *given: Word) -> list[Answer]:
        """As `step`, of those on a thread whose run waits for a worker."""
        keys, words = self._call(name, thread_id)
        lane: Lane = "look" if name == "waiting" else "write"
        return list(await self._jobs.run(lane, [*keys, self.job_key(thread_id)], *words, *given))

    def job_key(self, thread_id: str) -> str:
        """Where what was posted with the thread's run is."""
        return f"{self._tag(thread_id)}:{JOB}"

    async def threads_with(self, part: str) -> Sequence[str]:
        """The threads that have a key of that part, in no order; raises StoreUnavailable."""
        start, end = f"{self._prefix}:{{", f"}}:{part}"
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", start) + "*" + end
        keys = {key.decode() async for key in self._server.scan(pattern)}
        return [_unescaped(key[len(start) : -len(end)]) for key in keys]

    async def saved_by(self, thread_id: str) -> Sequence[str]:
        """The agents that have a state in the thread; raises StoreUnavailable."""
        states = f"{self._tag(thread_id)}:states"
        fields = await self._server.command("read", states, "HKEYS", states)
        return [field[2:].decode() for field in fields if field.startswith(b"s:")]

    def _ask(
        self, lua: Lua, name: str, thread_id: str, *given: Word | Packed
    ) -> asyncio.Future[Answer]:
        key, head = _head(self._tag(thread_id), name, self._steps.now(), self._max_age)
        return lua.ask_packed(LANES.get(name, "write"), key, head, *given)

    def _call(self, name: str, thread_id: str) -> tuple[Sequence[Key], Sequence[Key]]:
        """The keys, and the words that each step has."""
        *keys, channel = _names(self._tag(thread_id))
        return keys, (name, self._steps.now(), channel, self._max_age)

    def _tag(self, thread_id: str) -> str:
        # In a cluster, what stands in braces decides where a key lives: one place for one thread.
        return f"{self._prefix}:{{{thread_id.translate(_ESCAPES)}}}"


_ESCAPES = {ord(character): f"%{ord(character):02X}" for character in "%{}"}
"""What would end the braces early, or be taken for an escape."""


def _unescaped(text: str) -> str:
    for code in reversed(_ESCAPES):  # the escapes' own sign last
        text = text.replace(_ESCAPES[code], chr(code))
    return text
