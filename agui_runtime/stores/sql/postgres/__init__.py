"""The dialect of a server: PostgreSQL, for any number of processes on any number of machines."""

from agui_runtime.core.errors import MissingExtra

try:
    from agui_runtime.stores.sql.postgres.store import PostgresStore
except ModuleNotFoundError as error:  # pragma: no cover - needs an installation without asyncpg
    if error.name != "asyncpg":
        raise
    raise MissingExtra("the PostgreSQL store", "postgres") from None

__all__ = ["PostgresStore"]
