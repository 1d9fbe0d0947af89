"""Real Redis servers for tests: each on a loopback port of its own, with a folder of its own."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.shared.patience import SharedPatience
from tests.ports import free_port


@asynccontextmanager
async def opened(store: RedisStore) -> AsyncIterator[RedisStore]:
    """The store, open for the block and closed whatever happens in it."""
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def impatient(store: RedisStore) -> Iterator[None]:
    """In the block, in which its server is away, the store waits briefly for it."""
    server = store._server
    usual, server._outage = server._outage, SharedPatience(0.2)
    try:
        yield
    finally:
        server._outage = usual


class RedisServer:
    """A redis-server process; what it saves survives `kill` and `start`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder))
        self._process = subprocess.Popen(
            ["redis-server", *self._options, *where, "--save", ""],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with Redis(port=self.port) as client:
            while True:
                try:
                    client.ping()
                except RedisError:
                    assert self._process.poll() is None, "redis-server did not start"
                    time.sleep(0.02)
                else:
                    return

    def command(self, *words: str) -> Any:  # noqa: ANN401  # replies are of any type
        with Redis(port=self.port) as client:
            return client.execute_command(*words)

    def keys(self, pattern: str) -> list[str]:
        return [key.decode() for key in self.command("KEYS", pattern)]

    def restore(self, key: str, value: bytes) -> None:
        with Redis(port=self.port) as client:
            client.restore(key, 0, value, replace=True)

    def kill(self) -> None:
        self._send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def pause(self) -> None:
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class SecureServer(RedisServer):
    """A redis-server that speaks TLS at `tls_port`, and to the test in the clear.

    Its certificate, for 127.0.0.1, is its own authority: the file `ca`.
    """

    def __init__(self, folder: Path) -> None:
        self.tls_port = free_port()
        self.ca = folder / "ca.pem"
        key = folder / "key.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"),
                *("-keyout", str(key), "-out", str(self.ca)),
            ],
            check=True,
            capture_output=True,
        )
        files = ("--tls-cert-file", str(self.ca), "--tls-key-file", str(key))
        self.tls = (*files, "--tls-ca-cert-file", str(self.ca), "--tls-auth-clients", "no")
        super().__init__(folder, "--tls-port", str(self.tls_port), *self.tls)


class SentinelServer(RedisServer):
    """One sentinel that decides alone about the master `main`; with a secure master it speaks TLS
    as well, at `tls_port`.
    """

    def __init__(self, folder: Path, master: RedisServer) -> None:
        folder.mkdir()
        self.tls_port = free_port()
        port, tls = master.port, tuple[str, ...]()
        if isinstance(master, SecureServer):
            port = master.tls_port
            tls = ("--tls-port", str(self.tls_port), "--tls-replication", "yes", *master.tls)
        settings = folder / "sentinel.conf"
        settings.write_text(
            f"sentinel monitor main 127.0.0.1 {port} 1\n"
            "sentinel down-after-milliseconds main 500\n"
            "sentinel failover-timeout main 5000\n"
        )
        super().__init__(folder, str(settings), "--sentinel", *tls)

    def has_replica(self) -> bool:
        """Whether it knows a replica that could take over."""
        replicas = self.command("SENTINEL", "REPLICAS", "main")
        return any(replica[b"master-link-status"] == b"ok" for replica in replicas)
