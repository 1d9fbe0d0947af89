"""What is done to a database as a whole, by whoever runs it: its schema, and copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Administration(Protocol):
    """Raises Misconfigured and StoreUnavailable; nothing else may have the schema changed."""

    @property
    def where(self) -> str:
        """Where the database is; no password."""

    async def number(self) -> int:
        """The number of its schema; 0 if it has none yet."""

    async def upgrade(self) -> str:
        """Bring it to the latest schema; what there is to say about that."""

    async def downgrade(self, revision: str) -> str:
        """Take the latest revision back, or all down to the given one."""

    async def give_back(self) -> int:
        """Give room that nothing uses back to the file system; so many bytes."""

    async def backup(self, path: Path) -> None:
        """Copy it while it is used."""
