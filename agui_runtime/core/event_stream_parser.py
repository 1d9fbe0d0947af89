"""Reads `text/event-stream` bytes as they arrive; does no I/O, does not look into the data.

The rules are those of the HTML standard, section 9.2 "Server-sent events", for the fields `data`
and `event`.
"""

from __future__ import annotations

from agui_runtime.core.errors import ProtocolFailure

_MARK = b"\xef\xbb\xbf"


class EventStreamParser:
    """One stream: feed it the bytes in the order of their arrival, cut anywhere.

    Lines may end in LF, CRLF or CR. Comments and the fields `id` and `retry` are skipped, and so
    are events without data; an event in whose middle the stream ends is dropped.
    """

    __slots__ = ("_after_cr", "_data", "_held", "_limit", "_name", "_tail")

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._tail: list[bytes] = []
        self._data: list[bytes] = []
        self._name = b""
        self._held = 0
        self._after_cr = False

    @property
    def is_open(self) -> bool:
        """An event has begun and not ended."""
        return bool(self._tail or self._data)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each event that `chunk` finishes, its lines joined by LF.

        Raises ProtocolFailure when one event is longer than `limit` bytes.
        """
        return [data for _, data in self.feed_named(chunk)]

    def feed_named(self, chunk: bytes) -> list[tuple[str, bytes]]:
        """The same, with the name that each event has in its field `event`."""
        done: list[tuple[str, bytes]] = []
        for line in self._lines(chunk):
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif line:
                self._unusual(line)
            else:
                self._finish(done)
        if self._tail or self._data:
            self._held += len(chunk)
            if self._held > self._limit:
                raise ProtocolFailure(f"an event of the stream is longer than {self._limit} bytes")
        return done

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` finishes; the rest waits in pieces, not copied again."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        lines = chunk.splitlines()
        if not lines:
            return lines
        rest = [] if chunk.endswith((b"\n", b"\r")) else [lines.pop()]
        self._after_cr = chunk.endswith(b"\r")
        if lines and self._tail:
            lines[0] = b"".join([*self._tail, lines[0]])
            self._tail = rest
        else:
            self._tail += rest
        return lines

    def _finish(self, done: list[tuple[str, bytes]]) -> None:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        if data:
            done.append((self._name.decode(errors="replace"), data))
        self._data.clear()
        self._name = b""
        self._held = 0

    def _unusual(self, line: bytes) -> None:
        """A field name alone has an empty value; a byte order mark may precede the first line."""
        if line.startswith(b"event:"):
            self._name = line[6:].removeprefix(b" ")
        elif line == b"data":
            self._data.append(b"")
        elif line.startswith(_MARK + b"data:"):
            self._data.append(line[8:].removeprefix(b" "))
