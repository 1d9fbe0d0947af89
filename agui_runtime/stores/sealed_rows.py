"""The seam by which sealed rows of an owner are kept. Promises only; no behaviour.

A store knows neither what rows say nor whose they are: it compares numbers of changes, and that is
all. What rows mean is decided where they can be opened.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

DELETED = 3600.0
"""Seconds for which a deletion is told; what was read longer ago is to be read anew."""


class Known(NamedTuple):
    """How far somebody has read an owner's rows, and under which key."""

    key: bytes
    version: int


class StoredRows(NamedTuple):
    """The owner's wrapped key, the number of the latest change, and the rows that are new to
    whoever reads: None for one that was deleted. No key, and version 0, where nothing is kept.
    """

    key: bytes | None
    version: int
    rows: Mapping[str, bytes | None]


NO_ROWS = StoredRows(None, 0, {})


class SealedRows(Protocol):
    """Rows by owner and id. Whoever writes says what it has read: of two who read the same, one
    writes.
    """

    async def read(self, owner: str, known: Known | None = None) -> StoredRows:
        """What was changed after that, within the last `DELETED` seconds; everything if the owner
        has another key by now.
        """

    async def key(self, owner: str) -> bytes | None:
        """The owner's wrapped key, without any rows; None where nothing is kept."""

    async def write(self, owner: str, known: Known, rows: Mapping[str, bytes | None]) -> int:
        """Put these rows, delete those that are None, all or none; the number of the change. With
        version 0 the owner is new, and has this key from now on.

        Raises Conflict if the owner's key or version is another by now; also where the very same
        write was stored, but the answer to it was lost with a connection.
        """

    async def rewrap(self, owner: str, old: bytes, new: bytes) -> bool:
        """Replace the owner's wrapped key; False if it is another than `old` by now."""

    async def forget(self, owner: str) -> None:
        """Delete the owner's key, and then all rows."""

    def owners(self) -> AsyncGenerator[str, None]:
        """Everyone who has rows, once and in no order; one that is new meanwhile may be missing.
        Close it (`aclosing`).
        """


@runtime_checkable
class Sealing(Protocol):
    """A store that keeps sealed rows."""

    @property
    def sealed(self) -> SealedRows: ...
