"""Real Redis servers for tests: each on a loopback port of its own, with a folder of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from agui_runtime.stores.redis import RedisStore


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def opened(store: RedisStore) -> AsyncIterator[RedisStore]:
    """The store, open for the block and closed whatever happens in it."""
    await store.open()
    try:
        yield store
    finally:
        await store.close()


class RedisServer:
    """A redis-server process; what it saves survives `kill` and `start`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder))
        self._process = subprocess.Popen(
            ["redis-server", *where, "--save", "", *self._options],
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
