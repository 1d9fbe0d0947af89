"""A real PostgreSQL server for tests: on a loopback port and in a folder of its own, under a user
that is not root, as which it refuses to run.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

from agui_runtime.stores.sql.postgres import schema
from agui_runtime.stores.sql.postgres.address import address_of
from agui_runtime.stores.sql.tables import METADATA
from tests.ports import free_port

USERS = ("postgres", "nobody")

DISK_FULL = """
create function full_disk() returns trigger language plpgsql as $$
begin raise 'no space left on device' using errcode = 'disk_full'; end $$;
create trigger full_disk before insert on agui_chunk execute function full_disk();
create trigger full_disk before insert on agui_run execute function full_disk()
"""
"""As the server answers where a table cannot grow, for whoever may not mount a small disk."""

ROOM_AGAIN = "drop function full_disk() cascade"


def programs() -> Path:
    """The folder of `postgres` and `initdb`, which Debian does not put into the PATH."""
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return installed[-1] if installed else Path(found or "").parent


class PostgresServer:
    """Its databases survive `kill` and `start`. It starts with the first one. `settings` are those
    of the server.
    """

    def __init__(self, *settings: str) -> None:
        self.port = free_port()
        self._settings = settings or ("fsync=off",)
        self.folder = Path(tempfile.mkdtemp(prefix="agui-postgres-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        self._made = set[str]()
        self.user = self._given_away() if os.geteuid() == 0 else None
        self._where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "agui")

    def url(self, database: str = "agui") -> str:
        return f"postgresql://agui@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        if self._process is None:
            self._fill_folder()
        settings = ["listen_addresses=127.0.0.1", f"port={self.port}", *self._settings]
        settings += [f"unix_socket_directories={self.folder}", "max_connections=200"]
        words = [str(programs() / "postgres"), "-D", str(self.folder / "data")]
        words += [word for each in settings for word in ("-c", each)]
        self._process = subprocess.Popen(
            words, cwd=self.folder, user=self.user, stderr=subprocess.DEVNULL
        )
        while not self.answers(self.port):
            assert self._process.poll() is None, "postgres did not start"
            time.sleep(0.05)

    def answers(self, port: int) -> bool:
        """Whether a server, or a pooler, takes connections there."""
        where = ("-h", "127.0.0.1", "-p", str(port))
        return self.run("pg_isready", "-q", *where, check=False) == 0

    def database(self, name: str = "agui") -> str:
        """The URL of a database with empty tables. It is the same for all tests, one after another:
        PostgreSQL takes a second to make one.
        """
        if self._process is None:
            self.start()
        if name not in self._made:
            upgrading = schema.upgrade(address_of(self.make(name)))
            thread = Thread(target=asyncio.run, args=[upgrading])
            thread.start()
            thread.join()
            self._made.add(name)
        self.command(f"truncate {', '.join(METADATA.tables)}", name)
        return self.url(name)

    def command(self, statement: str, database: str = "postgres") -> None:
        """Carry it out as the server's administrator."""
        self.run("psql", *self._where, "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, database)

    def value(self, statement: str, database: str = "postgres") -> str:
        """What the statement's only row has in its only column, as text."""
        words = (*self._where, "-Atqc", statement, database)
        found = subprocess.run(
            [str(programs() / "psql"), *words], stdout=subprocess.PIPE, check=True, text=True
        )
        return found.stdout.strip()

    def dump(self, database: str) -> Path:
        """A copy of the database as `pg_dump` makes one."""
        file = self.folder / f"{database}.sql"
        self.run("pg_dump", *self._where, "-f", str(file), database)
        return file

    def put_back(self, dump: Path, database: str) -> None:
        """Carry out a file of statements."""
        self.run("psql", *self._where, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump), database)

    def make(self, database: str) -> str:
        """The URL of a new database without tables."""
        self.run("createdb", *self._where, database)
        return self.url(database)

    def kill(self) -> None:
        """As a crash of the machine would end it, but for its files."""
        if self._process is not None and self._process.poll() is None:
            self._send(signal.SIGKILL)
            self._process.wait()

    def pause(self) -> None:
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, number: signal.Signals) -> None:
        """To its processes, first to the one that would notice that others are gone."""
        if self._process is None or self._process.poll() is not None:
            return
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        below = [int(each) for each in Path(children).read_text().split()]
        self._process.send_signal(number)
        for each in below:
            with suppress(ProcessLookupError):
                os.kill(each, number)

    def _fill_folder(self) -> None:
        """Make what the server starts with, once."""
        options = ("--auth=trust", "--username=agui", "--no-sync", "--encoding=UTF8", "--locale=C")
        self.run("initdb", *options, "-D", str(self.folder / "data"))

    def _given_away(self) -> str:
        known = {each.pw_name for each in pwd.getpwall()}
        user = next(name for name in USERS if name in known)
        shutil.chown(self.folder, user)
        return user

    def run(self, program: str, *words: str, check: bool = True) -> int:
        found = subprocess.run(
            [str(programs() / program), *words],
            cwd=self.folder,
            user=self.user,
            stdout=subprocess.DEVNULL,
            check=check,
        )
        return found.returncode
