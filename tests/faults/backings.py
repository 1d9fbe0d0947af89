"""What the replicas of the fault tests have their threads in, and how it is broken."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from agui_runtime.stores.base import Store
from agui_runtime.stores.open import open_store
from agui_runtime.stores.sql.tables import METADATA
from tests.faults.proxy import Proxy
from tests.faults.rooms import SmallDisk
from tests.stores.postgres_server import DISK_FULL, ROOM_AGAIN, PostgresServer
from tests.stores.servers import RedisServer


class Backing:
    """In memory, which ends with its process. What a kind cannot suffer raises AssertionError.

    What may wait for the replicas' transactions is to be called in a thread: the proxy, through
    which these pass, is in the event loop.
    """

    replicas = 1
    port = 0

    async def open(self) -> None:
        """Start it; everything in it is gone with `close`."""

    async def close(self) -> None: ...

    @property
    def url(self) -> str:
        """For replicas."""
        return "memory:"

    @property
    def direct_url(self) -> str:
        """For replicas that must not wait for the proxy, as it shares a thread with the clients."""
        return self.url

    def url_at(self, port: int) -> str:
        """The same, over another way to its server."""
        raise AssertionError(f"nothing listens at {port}")

    def store(self) -> Store:
        """For the tests' own look into it, which nothing disturbs."""
        raise AssertionError("memory is its process's own")

    def kill(self) -> None:
        """As a crash of its machine would, but for its files."""
        raise AssertionError("it has no process")

    def start(self) -> None:
        """After `kill`; return when it answers."""
        raise AssertionError("it has no process")

    def pause(self) -> None:
        """Let it answer nobody who writes."""
        raise AssertionError("it cannot be paused")

    def resume(self) -> None:
        raise AssertionError("it cannot be paused")

    def clear(self) -> None:
        """Delete all that is in it."""
        raise AssertionError("memory is its process's own")

    def save_copy(self) -> None:
        """As its own programs make one."""
        raise AssertionError("memory is its process's own")

    def put_copy_back(self) -> None:
        """Replace what it has by the copy; nobody may have a file open."""
        raise AssertionError("memory is its process's own")

    def fill(self, processes: Sequence[int]) -> None:
        """Leave no room in it for what these processes write."""
        raise AssertionError("it has no disk")

    def make_room(self, processes: Sequence[int]) -> None:
        """After `fill`."""
        raise AssertionError("it has no disk")


class FileBacking(Backing):
    """A SQLite file."""

    replicas = 2

    def __init__(self, folder: Path) -> None:
        self._disk = SmallDisk(folder / "disk")
        self.path = self._disk.folder / "threads.db"
        self._other: sqlite3.Connection | None = None

    async def open(self) -> None:
        self._disk.open()

    async def close(self) -> None:
        self.resume()
        self._disk.close()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def store(self) -> Store:
        return open_store(self.url)

    def pause(self) -> None:
        """Another program has the lock."""
        self._other = sqlite3.connect(self.path, isolation_level=None)
        self._other.execute("begin immediate")

    def resume(self) -> None:
        if self._other is not None:
            self._other.close()
            self._other = None

    def clear(self) -> None:
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            for table in METADATA.tables:
                connection.execute(f"delete from {table}")

    def save_copy(self) -> None:
        with closing(sqlite3.connect(self.path)) as source, closing(self._copied()) as target:
            source.backup(target)

    def put_copy_back(self) -> None:
        with closing(self._copied()) as source, closing(sqlite3.connect(self.path)) as target:
            source.backup(target)

    def _copied(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path.with_name("copy.db"))

    def fill(self, processes: Sequence[int]) -> None:
        self._disk.fill(processes)

    def make_room(self, processes: Sequence[int]) -> None:
        self._disk.make_room(processes)


class ServerBacking(Backing):
    """A server behind a proxy."""

    replicas = 2
    proxy: Proxy

    async def open(self) -> None:
        self.start()
        self.proxy = Proxy(self.port)
        await self.proxy.start()

    async def close(self) -> None:
        await self.proxy.close()

    @property
    def url(self) -> str:
        return self.url_at(self.proxy.port)

    @property
    def direct_url(self) -> str:
        return self.url_at(self.port)

    def store(self) -> Store:
        return open_store(self.url_at(self.port))


class RedisBacking(ServerBacking):
    """A Redis; `options` are those of redis-server."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.server = RedisServer(folder / "redis", *options)
        self._dump = folder / "redis" / "dump.rdb"
        self.port = self.server.port

    async def close(self) -> None:
        await super().close()
        self.server.resume()
        self.server.kill()

    def url_at(self, port: int) -> str:
        return f"redis://127.0.0.1:{port}/0"

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()

    def pause(self) -> None:
        self.server.pause()

    def resume(self) -> None:
        self.server.resume()

    def clear(self) -> None:
        self.server.command("FLUSHALL")

    def save_copy(self) -> None:
        self.server.command("SAVE")
        shutil.copy(self._dump, self._dump.with_name("copy.rdb"))

    def put_copy_back(self) -> None:
        self.kill()
        shutil.copy(self._dump.with_name("copy.rdb"), self._dump)
        self.start()

    def fill(self, processes: Sequence[int]) -> None:
        self.server.command("CONFIG", "SET", "maxmemory", "1")

    def make_room(self, processes: Sequence[int]) -> None:
        self.server.command("CONFIG", "SET", "maxmemory", "0")


class PostgresBacking(ServerBacking):
    """A PostgreSQL server whose writes are on its disk when they are acknowledged."""

    def __init__(self, *, on_small_disk: bool = False) -> None:
        self.server = self._first = PostgresServer("fsync=on", "autovacuum=off")
        self._on_small_disk = on_small_disk
        self.port = self.server.port
        self._disk = SmallDisk(self.server.folder / "disk")

    async def open(self) -> None:
        await super().open()
        self.server.database()
        if self._on_small_disk:
            self._disk.open()
        if self._disk.is_real:
            self._move_tables()

    def _move_tables(self) -> None:
        if self.server.user:
            shutil.chown(self._disk.folder, self.server.user)
        self.server.command(f"create tablespace small location '{self._disk.folder}'")
        for table in METADATA.tables:
            self.server.command(f"alter table {table} set tablespace small", "agui")

    async def close(self) -> None:
        await super().close()
        self._disk.close()
        for server in {self.server, self._first}:
            server.resume()
            server.stop()

    def url_at(self, port: int) -> str:
        return f"postgresql://agui@127.0.0.1:{port}/agui"

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()

    def pause(self) -> None:
        self.server.pause()

    def resume(self) -> None:
        self.server.resume()

    def clear(self) -> None:
        self.server.database()

    def save_copy(self) -> None:
        self._copy_folder("data", "copy")

    def put_copy_back(self) -> None:
        self._copy_folder("copy", "data")

    def _copy_folder(self, source: str, target: str) -> None:
        """While the server stands still, so that it is a whole one."""
        self.kill()
        shutil.rmtree(self.server.folder / target, ignore_errors=True)
        folders = (str(self.server.folder / source), str(self.server.folder / target))
        subprocess.run(["cp", "-a", *folders], check=True)
        self.start()

    def become(self, server: PostgresServer) -> None:
        """From now on another server has its name."""
        self.server, self.port = server, server.port
        self.proxy.redirect(server.port)

    def fill(self, processes: Sequence[int]) -> None:
        if self._disk.is_real:
            self._disk.fill(processes)
        else:
            self.server.command(DISK_FULL, "agui")

    def make_room(self, processes: Sequence[int]) -> None:
        if self._disk.is_real:
            self._disk.make_room(processes)
        else:
            self.server.command(ROOM_AGAIN, "agui")
