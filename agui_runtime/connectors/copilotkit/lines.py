"""Reads newline-delimited JSON as it arrives; does no I/O, does not look into the objects."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.jsontext import JsonObject


class JsonLines:
    """One stream: feed it the bytes in the order of their arrival, cut anywhere; then `end()`.

    Raises ProtocolFailure for a line that is no JSON object or longer than `limit` bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._held = 0

    def feed(self, chunk: bytes) -> Iterator[JsonObject]:
        """The objects of the lines that `chunk` finishes."""
        *lines, rest = chunk.split(b"\n")
        if lines:
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._pieces, self._held = [], 0
        self._pieces.append(rest)
        self._held += len(rest)
        self._check(self._held)
        for line in lines:
            self._check(len(line))
            yield from _parsed(line)

    def end(self) -> Iterator[JsonObject]:
        """The object of a last line that no newline follows."""
        line, self._pieces = b"".join(self._pieces), []
        yield from _parsed(line)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise ProtocolFailure(f"a line of the agent is longer than {self._limit} bytes")


def _parsed(line: bytes) -> Iterator[JsonObject]:
    if not line.strip():
        return
    try:
        value = jsontext.loads_fragment(line)
    except orjson.JSONDecodeError:
        raise ProtocolFailure("a line of the agent is not JSON") from None
    if not isinstance(value, dict):
        raise ProtocolFailure("a line of the agent is no JSON object")
    yield value
