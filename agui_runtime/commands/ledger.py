"""How many connections each of several processes has open, in memory that all of them see."""

from __future__ import annotations

import os
from mmap import mmap
from tempfile import TemporaryFile

SIZE = 4
"""Bytes of a number, which is read and written whole."""

FREE, SHUT = 2**32 - 1, 2**32 - 2
"""What stands in place of a number: no process has this place, or one that takes no part."""

SLACK = 1
"""Connections that a process may have more than another without leaving it the next one: who stood
back for each single one would be woken for nothing most of the time.
"""


class Ledger:
    """Their numbers, each process's in its place, and their beats: those of a process that lives
    change all the time. It is a file, which a child can inherit.
    """

    def __init__(self, file: int, places: int) -> None:
        self.file = file
        self.places = places
        columns = memoryview(mmap(file, 2 * places * SIZE)).cast("I")
        self.numbers, self.beats = columns[:places], columns[places:]

    @classmethod
    def of(cls, places: int) -> Ledger:
        """A new one, in which every place is free; raises OSError."""
        file = _file_without_name()
        os.ftruncate(file, 2 * places * SIZE)
        ledger = cls(file, places)
        for place in range(places):
            ledger.free(place)
        return ledger

    def assign(self) -> int:
        """A free place, which is free no more; where there is none, two have the first one."""
        numbers = self.numbers.tolist()
        place = numbers.index(FREE) if FREE in numbers else 0
        self.numbers[place] = SHUT
        return place

    def free(self, place: int) -> None:
        self.numbers[place] = FREE


class Share:
    """One process's place in the ledger, and what it makes of the others."""

    def __init__(self, ledger: Ledger, place: int) -> None:
        self._ledger = ledger
        self._place = place
        self._silent: dict[int, int] = {}

    def put(self, number: int) -> None:
        self._ledger.numbers[self._place] = number

    def shut(self) -> None:
        """Nobody waits for this process from now on, and it has more than any that takes part."""
        self.put(SHUT)

    def beat(self) -> None:
        """To be called all the time, as long as connections could be taken."""
        self._ledger.beats[self._place] = (self._ledger.beats[self._place] + 1) % FREE

    def is_ahead(self) -> bool:
        """Whether another process is to have the next connection."""
        numbers = self._ledger.numbers.tolist()
        enough = numbers[self._place] - SLACK
        return any(
            number < enough and self._silent.get(place) != self._ledger.beats[place]
            for place, number in enumerate(numbers)
        )

    def go_ahead(self) -> None:
        """Wait for no other process until it beats again: it hangs, or is gone."""
        self._silent = dict(enumerate(self._ledger.beats))


def _file_without_name() -> int:
    """Of Linux in memory, as the whole tree may be read-only; elsewhere a temporary one."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("agui-runtime")
    with TemporaryFile() as file:
        return os.dup(file.fileno())
