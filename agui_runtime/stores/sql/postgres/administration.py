"""A PostgreSQL database as a whole: its schema is migrated; copies of it are the server's own."""

from __future__ import annotations

from pathlib import Path

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.sql.postgres.address import PostgresAddress
from agui_runtime.stores.sql.postgres.backend import number_of
from agui_runtime.stores.sql.schema import check_not_newer, revision_of


class PostgresAdministration:
    """`Administration` of a database."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address

    @property
    def where(self) -> str:
        return self._address.where

    async def number(self) -> int:
        return await number_of(self._address)

    async def upgrade(self) -> str:
        from agui_runtime.stores.sql.postgres import schema  # slow to import

        check_not_newer(await self.number())
        await schema.upgrade(self._address)
        return ""

    async def downgrade(self, revision: str) -> str:
        from agui_runtime.stores.sql.postgres import schema  # slow to import

        check_not_newer(await self.number())
        await schema.downgrade(self._address, revision_of(revision))
        return ""

    async def give_back(self) -> int:
        """Its own vacuum does so."""
        return 0

    async def backup(self, path: Path) -> None:
        raise Misconfigured(
            "PostgreSQL is copied by its own programs, for example"
            f" `pg_dump --format=custom --file={path} ...`"
        )
