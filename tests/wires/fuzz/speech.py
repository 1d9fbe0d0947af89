"""How a protocol is spoken on a WebSocket, for conversations that are damaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.wires.fuzz.jsons import Json


@dataclass(frozen=True, slots=True)
class Speech:
    """`begins` makes the first message, and `messages` those that may follow; `key` is where they
    have their ids. `last` is a message that is always answered, `ends` whether a frame answers it.
    """

    paths: Sequence[str]
    protocols: Sequence[Sequence[str]]
    begins: Sequence[Callable[[Random], Json]]
    messages: Sequence[Callable[[Random], Json]]
    key: str
    last: str
    ends: Callable[[str], bool]
