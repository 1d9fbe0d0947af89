"""What a reader of a log is given at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter

from agui_runtime.core.events import TERMINAL, Cursor, Record


@dataclass(slots=True)
class Batch:
    """Records that were ready at one wake-up, in order; `cursor` resumes just after them. `text` is
    how many bytes of JSON were read for them, where that is known; more is only in deltas and what
    is as small.

    Readers who wait at the same place may be given the same one, so nobody changes it. `encodings`
    is where they leave for each other what they made of a small one, by how it was made.
    """

    records: Sequence[Record]
    cursor: Cursor
    text: int | None = field(default=None, compare=False)
    encodings: dict[object, bytes] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _length: int = field(default=-1, init=False, compare=False, repr=False)

    def spans(self, position: int, last: int) -> bool:
        """Whether it is all that follows the position, to the last record."""
        return self.cursor.seq == last and self.records[0].seq == position + 1

    @property
    def length_of_run(self) -> int | None:
        """How many of the records belong to the first one's run, if its terminal event is among
        them; a later run may have the same id.
        """
        if self._length < 0:  # nobody has looked yet
            kinds = list(map(_KIND, map(_EVENT, self.records)))
            if TERMINAL.isdisjoint(kinds):
                self._length = 0
            else:
                self._length = list(map(TERMINAL.__contains__, kinds)).index(True) + 1
        return self._length or None

    def upto(self, count: int) -> Batch:
        """So many of the records; the batch itself where those are all."""
        if count == len(self.records):
            return self
        return Batch(self.records[:count], self.cursor, self.text)


_EVENT, _KIND = attrgetter("event"), itemgetter("type")
