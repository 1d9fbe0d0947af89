"""The schema of an SQL store: made anew, migrated up and down, and always the same."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from agui_runtime.stores.sql import SqliteStore, migrations, schema
from agui_runtime.stores.sql.sqlite import backend
from tests.programs import ROOT
from tests.stores.differences import differences
from tests.stores.first_schema import FIRST_THREAD, reads_the_first_thread
from tests.stores.snapshot import SNAPSHOTS
from tests.stores.test_contract import a_run, read, whole_run

LATEST = f"{schema.SCHEMA:04}"

LATER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0099", "{latest}"


def upgrade() -> None:
    with op.batch_alter_table("agui_thread") as table:
        table.add_column(sa.Column("colour", sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("agui_thread") as table:
        table.drop_column("colour")
"""


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A file of this release with a thread in it, closed."""
    store = SqliteStore(f"sqlite:///{tmp_path}/threads.db")
    await store.open()
    await whole_run(store, a_run())
    await store.close()
    return store.path


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a release to come, which has one more."""
    scripts = tmp_path / "later"
    shutil.copytree(migrations.SCRIPTS, scripts)
    (scripts / "versions/rev_0099_later.py").write_text(LATER.format(latest=LATEST))
    return scripts


def shape(path: Path) -> list[tuple[str, str]]:
    """All that the file defines."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("select name, sql from sqlite_master where sql is not null")
        return sorted((name, " ".join(sql.replace('"', "").split())) for name, sql in rows)


def columns(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[1] for row in connection.execute("pragma table_info(agui_thread)")]


def test_a_new_file_has_what_all_migrations_make(file: Path, tmp_path: Path) -> None:
    migrated = tmp_path / "migrated.db"
    with migrations.file_connection(migrated) as connection:
        migrations.upgrade(connection)
    assert shape(migrated) == shape(file)


def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    with migrations.file_connection(tmp_path / "a.db") as connection:
        migrations.upgrade(connection)
        assert differences(connection) == []


def test_the_latest_migration_has_the_number_that_is_compared_at_the_start() -> None:
    scripts = ScriptDirectory(str(migrations.SCRIPTS))
    assert scripts.get_current_head() == LATEST


def test_all_migrations_go_down_and_up_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with migrations.file_connection(path) as connection:
        migrations.upgrade(connection)
        made = shape(path)
        migrations.downgrade(connection, "base")
        assert [name for name, _ in shape(path)] == [migrations.VERSION_TABLE]
        migrations.upgrade(connection)
        assert shape(path) == made


async def test_an_older_file_is_migrated_when_it_is_opened_and_copied_before(
    file: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "SCRIPTS", later)
    monkeypatch.setattr(backend, "SCHEMA", 99)
    monkeypatch.setattr(schema, "SCHEMA", 99)
    store = SqliteStore(f"sqlite:///{file}")
    await store.open()
    records = await read(store, 4)
    await store.close()
    copy = file.with_name(f"threads.db-schema-{LATEST}")
    assert (len(records), "colour" in columns(file), "colour" in columns(copy)) == (4, True, False)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


async def test_a_migration_is_taken_back_and_the_threads_are_there(file: Path, later: Path) -> None:
    made = shape(file)
    migrations.upgrade_file(file, later)
    migrations.downgrade_file(file, "-1", later)
    assert shape(file) == made
    store = SqliteStore(f"sqlite:///{file}")
    await store.open()
    assert len(await read(store, 4)) == 4
    await store.close()


def test_a_migration_that_fails_changes_nothing(file: Path, later: Path) -> None:
    broken = later / "versions/rev_0099_later.py"
    column = 'table.add_column(sa.Column("colour", sa.Text()))'
    failing = f"{column}\n        raise ZeroDivisionError"
    broken.write_text(broken.read_text().replace(column, failing))
    made = shape(file)
    with pytest.raises(ZeroDivisionError):
        migrations.upgrade_file(file, later)
    assert shape(file) == made


async def test_a_file_of_the_first_schema_is_migrated_and_has_its_threads(tmp_path: Path) -> None:
    path = tmp_path / "threads.db"
    path.write_bytes(gzip.decompress((SNAPSHOTS / "0001.db.gz").read_bytes()))
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement, *values in FIRST_THREAD:
            connection.execute(statement, values)
    first = shape(path)
    store = SqliteStore(f"sqlite:///{path}")
    await store.open()
    await reads_the_first_thread(store)
    await store.close()
    assert shape(path.with_name("threads.db-schema-0001")) == first
    migrations.downgrade_file(path, "0001")
    assert shape(path) == first


def test_a_store_that_needs_no_migration_imports_neither_sqlalchemy_nor_alembic(
    tmp_path: Path,
) -> None:
    code = (
        "import sys; from agui_runtime.stores.sql import SqliteStore;"
        f" SqliteStore('sqlite:///{tmp_path}/a.db').examine();"
        " assert not {'sqlalchemy', 'alembic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
