"""Empty stores to measure, and the time on a processor of the database servers behind them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.rig import cpu_of
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer

STORES = ("memory", "sqlite", "postgres", "redis")


@dataclass(frozen=True, slots=True)
class Backing:
    """A store's URL, and the process of its server, 0 where it has none."""

    name: str
    url: str
    server: int = 0

    @property
    def cpu_seconds(self) -> float:
        """Of the server and its children."""
        return sum(map(_of_live, family(self.server))) if self.server else 0.0


def backing(name: str, folder: Path, stack: ExitStack) -> Backing:
    """An empty store of that kind, which is there as long as the stack."""
    if name == "redis":
        redis = RedisServer(folder, "--appendonly", "yes")
        redis.start()
        stack.callback(redis.kill)
        return Backing(name, redis.url, redis.pid)
    if name == "postgres":
        postgres = PostgresServer()
        stack.callback(postgres.stop)
        url = postgres.database()
        return Backing(name, url, postgres.pid)
    return Backing(name, {"memory": "memory:", "sqlite": f"sqlite:///{folder}/threads.db"}[name])


def _of_live(process: int) -> float:
    try:
        return cpu_of(process)
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0.0


def family(process: int) -> Iterable[int]:
    """The process, its children, and theirs."""
    yield process
    children = Path(f"/proc/{process}/task/{process}/children")
    with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        for child in children.read_text().split():
            yield from family(int(child))
