"""Alembic's migrations of the tables, and how they are carried out over a connection.

SQLAlchemy and Alembic take a second to import: whoever needs no migration must not import this.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from agui_runtime.core.errors import MissingExtra
from agui_runtime.stores.sql.sqlite.copies import copy_to

try:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import Connection, create_engine, event
except ModuleNotFoundError as error:  # pragma: no cover - needs an installation without them
    if error.name not in {"alembic", "sqlalchemy"}:
        raise
    raise MissingExtra("changing the schema of the store", "sql") from None

SCRIPTS = Path(__file__).parent
VERSION_TABLE = "agui_version"


def upgrade(connection: Connection, scripts: Path | None = None) -> None:
    """Bring the tables to the latest revision."""
    command.upgrade(_config(connection, scripts), "head")


def downgrade(connection: Connection, revision: str = "-1", scripts: Path | None = None) -> None:
    """Take the latest revision back, or all down to the given one; what it added is lost."""
    command.downgrade(_config(connection, scripts), revision)


def upgrade_file(path: Path, scripts: Path | None = None) -> Path:
    """Bring a SQLite file to the latest revision; where a copy from before it is."""
    before = copy_beside(path)
    with file_connection(path) as connection:
        upgrade(connection, scripts)
    return before


def downgrade_file(path: Path, revision: str = "-1", scripts: Path | None = None) -> Path:
    """The other way; where a copy from before it is."""
    before = copy_beside(path)
    with file_connection(path) as connection:
        downgrade(connection, revision, scripts)
    return before


def copy_beside(path: Path) -> Path:
    """Copy a SQLite file, for its owner only, whatever else is done with it meanwhile."""
    with closing(sqlite3.connect(path)) as source:
        found = source.execute(f"select version_num from {VERSION_TABLE}").fetchone()
        copy = path.with_name(f"{path.name}-schema-{found[0] if found else 'none'}")
        copy_to(source, copy)
    return copy


class file_connection:  # used like a function
    """A SQLAlchemy connection whose transactions are SQLite's own, DDL included."""

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _without_own_transactions)
        event.listen(self._engine, "begin", _begin_immediate)

    def __enter__(self) -> Connection:
        self._connection = self._engine.connect()
        return self._connection

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._engine.dispose()


def _config(connection: Connection, scripts: Path | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts or SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _without_own_transactions(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate")
