"""The schema of a PostgreSQL database, migrated up and down by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from agui_runtime.stores.sql import migrations
from agui_runtime.stores.sql.postgres.address import PostgresAddress
from agui_runtime.stores.sql.postgres.connections import connect
from agui_runtime.stores.sql.postgres.failures import OF_THE_SERVER, failure_of

LOCK = text("select pg_advisory_xact_lock(7022364301936484967)")
"""Others wait until the migration is done, and then find that it is."""


async def upgrade(address: PostgresAddress) -> None:
    """Bring the tables to the latest revision; raises StoreUnavailable and Misconfigured."""
    await _migrated(address, migrations.upgrade)


async def downgrade(address: PostgresAddress, revision: str = "-1") -> None:
    """Take the latest revision back, or all down to the given one; what it added is lost."""
    await _migrated(address, lambda connection: migrations.downgrade(connection, revision))


async def _migrated(address: PostgresAddress, change: Callable[[Connection], None]) -> None:
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(connect, address))
    try:
        async with engine.begin() as connection:
            await connection.execute(LOCK)
            await connection.run_sync(change)
    except OF_THE_SERVER as error:
        raise failure_of(error) from error
    finally:
        await engine.dispose()
