"""The store in tables: threads in a SQLite file, or in a team's PostgreSQL.

Nothing is forgotten unless a setting says so. What a thread holds is changed in one transaction;
nothing here coordinates beside the database.
"""

from agui_runtime.stores.sql.limits import SqlLimits
from agui_runtime.stores.sql.sqlite.store import SqliteStore

__all__ = ["SqlLimits", "SqliteStore"]
