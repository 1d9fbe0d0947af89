"""What a database's tables differ in from those that the code knows, as Alembic finds it."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from agui_runtime.stores.sql import migrations
from agui_runtime.stores.sql.tables import METADATA


def differences(connection: Connection) -> list[object]:
    options = {
        "version_table": migrations.VERSION_TABLE,
        "compare_type": True,
        "compare_server_default": True,
    }
    context = MigrationContext.configure(connection, opts=options)
    found: list[object] = compare_metadata(context, METADATA)
    return found


async def differences_at(url: str) -> list[object]:
    """Those of a PostgreSQL database."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(differences)
    finally:
        await engine.dispose()
