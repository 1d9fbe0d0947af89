"""The steps of `thread.lua` as calls, and the names of a thread's keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from agui_runtime.stores.redis.server import Server

PARTS = ("meta", "log", "runs", "ids", "states", "archive")


class Script:
    """Carries out steps on threads. Without a `clock` the server's own time counts."""

    def __init__(
        self, server: Server, prefix: str, max_age: float, clock: Callable[[], float] | None
    ) -> None:
        self._server = server
        self._prefix = prefix
        self._max_age = repr(max_age)
        self._clock = clock
        self._text = files("agui_runtime.stores.redis").joinpath("thread.lua").read_bytes()
        self._digest = sha1(self._text, usedforsecurity=False).hexdigest()

    def channel(self, thread_id: str) -> str:
        """Where the thread's news is published."""
        return f"{self._tag(thread_id)}:news"

    async def step(self, name: str, thread_id: str, *given: str | bytes | float) -> list[Any]:
        """One atomic step; raises StoreUnavailable.

        After a broken connection it is repeated, so a step must know that it was done before.
        """
        now = "" if self._clock is None else f"{self._clock():.6f}"
        keys = [f"{self._tag(thread_id)}:{part}" for part in PARTS]
        words = (len(keys), *keys, name, now, self.channel(thread_id), self._max_age, *given)
        try:
            reply = await self._server.command("EVALSHA", self._digest, *words)
        except NoScriptError:  # the server is new, or was started anew
            reply = await self._server.command("EVAL", self._text, *words)
        return list(reply)

    async def threads_with(self, part: str) -> Sequence[str]:
        """The threads that have a key of that part, in no order; raises StoreUnavailable."""
        start, end = f"{self._prefix}:{{", f"}}:{part}"
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", start) + "*" + end
        keys = {key.decode() async for key in self._server.scan(pattern)}
        return [_unescaped(key[len(start) : -len(end)]) for key in keys]

    async def saved_by(self, thread_id: str) -> Sequence[str]:
        """The agents that have a state in the thread; raises StoreUnavailable."""
        fields = await self._server.command("HKEYS", f"{self._tag(thread_id)}:states")
        return [field[2:].decode() for field in fields if field.startswith(b"s:")]

    def _tag(self, thread_id: str) -> str:
        # In a cluster, what stands in braces decides where a key lives: one place for one thread.
        return f"{self._prefix}:{{{thread_id.translate(_ESCAPES)}}}"


_ESCAPES = {ord(character): f"%{ord(character):02X}" for character in "%{}"}
"""What would end the braces early, or be taken for an escape."""


def _unescaped(text: str) -> str:
    for code in reversed(_ESCAPES):  # the escapes' own sign last
        text = text.replace(_ESCAPES[code], chr(code))
    return text
