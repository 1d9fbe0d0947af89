"""A real PgBouncer in transaction mode, on a loopback port and in a folder of its own, under the
user of the PostgreSQL server that it is before.
"""

from __future__ import annotations

import shutil
import subprocess
import time

from tests.ports import free_port
from tests.stores.postgres_server import PostgresServer

SETTINGS = """
[databases]
agui = host=127.0.0.1 port={server} dbname=agui user=agui

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
"""


class PgBouncer:
    """Its clients share eight connections to the server."""

    def __init__(self, server: PostgresServer) -> None:
        self.port = free_port()
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://agui@127.0.0.1:{self.port}/agui?prepared=no"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        settings = self._server.folder / f"pgbouncer-{self.port}.ini"
        settings.write_text(SETTINGS.format(server=self._server.port, port=self.port))
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        self._process = subprocess.Popen(
            [program, str(settings)],
            cwd=self._server.folder,
            user=self._server.user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self._server.answers(self.port):
            assert self._process.poll() is None, "pgbouncer did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
