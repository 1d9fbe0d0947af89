"""Real processes to break: replicas, a store of their own, and their clients."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from time import monotonic
from typing import Any

import httpx

from agui_runtime.core.events import Cursor
from tests.faults.backings import Backing, FileBacking, PostgresBacking, RedisBacking, ServerBacking
from tests.faults.checker import Frame
from tests.faults.proxy import Proxy
from tests.ports import free_port
from tests.wires.agui.serving import frames, run_body as plain_body

ROOT = Path(__file__).parents[2]
BASE = "/copilotkit/agent"
ENDS = ("RUN_FINISHED", "RUN_ERROR")
NO_LIMITS = httpx.Limits(max_connections=None)


def run_body(text: str, thread: str, run: str = "r1", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A request of a client that is told the log as it is."""
    return plain_body(text, thread, run, protocolVersion="1.0", **more)


class Replica:
    """A server process and a client of it."""

    def __init__(self, store: str, **settings: str) -> None:
        self._port = free_port()
        self.settings = {"AGUI_APP": "tests.faults.app", "AGUI_STORE": store, **settings}
        origin = f"http://127.0.0.1:{self._port}"
        self.client = httpx.AsyncClient(base_url=origin, timeout=60, limits=NO_LIMITS)
        self.socket = f"ws://127.0.0.1:{self._port}/copilotkit"
        self._log = TemporaryFile()  # noqa: SIM115  # closed with the client
        self.start()

    def start(self) -> None:
        words = ["-m", "agui_runtime", "serve", "--port", str(self._port)]
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=os.environ | self.settings | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )

    async def ready(self) -> None:
        while True:
            assert self.process.poll() is None, f"the replica did not start: {self._logged()}"
            try:
                if (await self.client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)

    async def ended(self) -> None:
        await asyncio.to_thread(self.process.wait)

    async def close(self) -> None:
        await self.client.aclose()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()

    def _logged(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    async def run(self, text: str, thread: str, run: str, agent: str = "default") -> list[Frame]:
        """A whole run as its own reader saw it; raises httpx.HTTPError."""
        body = run_body(text, thread, run)
        answer = await self.client.post(f"{BASE}/{agent}/run", json=body)
        answer.raise_for_status()
        return frames(answer.text)

    async def stop(self, thread: str) -> bool:
        answer = await self.client.post(f"{BASE}/default/stop/{thread}", json={})
        return bool(answer.json()["stopped"])

    async def connect(self, thread: str, after: str | None = None) -> list[Frame]:
        """The thread after the cursor; raises httpx.HTTPError."""
        async with self.reading(thread, after) as response:
            return frames((await response.aread()).decode())

    @asynccontextmanager
    async def reading(self, thread: str, after: str | None = None) -> AsyncIterator[httpx.Response]:
        headers = {"last-event-id": after} if after else {}
        body = run_body("", thread, messages=[])
        where = f"{BASE}/default/connect"
        async with self.client.stream("POST", where, json=body, headers=headers) as response:
            response.raise_for_status()
            yield response

    async def until(self, thread: str, count: int) -> None:
        """Return when the thread has so many records; it may not have begun."""
        seen = 0
        while seen < count:
            try:
                async with self.reading(thread) as response:
                    async for line in response.aiter_lines():
                        seen += line.startswith("id:")
                        if seen >= count:
                            return
            except httpx.HTTPStatusError:
                pass
            seen = 0
            await asyncio.sleep(0.02)


class World:
    """A store and the replicas over it; `witness` is what the store acknowledged."""

    def __init__(self, folder: Path, backing: Backing, settings: Mapping[str, str]) -> None:
        self.backing = backing
        self._settings = settings
        self.witness = folder / "witness"
        self.tool_log = folder / "tool"
        self.replicas: list[Replica] = []

    def add(self, url: str) -> Replica:
        """One more replica, whose way to the store may be its own."""
        files = {"FAULTS_WITNESS": str(self.witness), "FAULTS_TOOL_LOG": str(self.tool_log)}
        replica = Replica(url, **files, **self._settings)
        self.replicas.append(replica)
        return replica

    @property
    def proxy(self) -> Proxy:
        """Between the replicas and their server."""
        assert isinstance(self.backing, ServerBacking)
        return self.backing.proxy

    @property
    def processes(self) -> Sequence[int]:
        return [each.process.pid for each in self.replicas]

    def other(self, turn: int) -> Replica:
        return self.replicas[turn % len(self.replicas)]

    async def history(self, thread: str) -> list[Frame]:
        """The thread as it is stored, read past proxy and replicas."""
        store = self.backing.store()
        await store.open()
        try:
            end, found = (await store.log.end(thread)).seq, list[Frame]()
            async with aclosing(store.log.follow(thread, None)) as batches:
                async for batch in batches:
                    epoch = batch.cursor.epoch
                    found += [(str(Cursor(epoch, r.seq)), r.event) for r in batch.records]
                    if batch.cursor.seq >= end:
                        return found
        finally:
            await store.close()
        raise AssertionError("the thread's log ended by itself")


AOF = ("--appendonly", "yes", "--appendfsync", "always")

BACKINGS: Mapping[str, Callable[[Path], Backing]] = {
    "memory": lambda folder: Backing(),
    "Redis": RedisBacking,
    "Redis with its file": lambda folder: RedisBacking(folder, *AOF),
    "SQLite": FileBacking,
    "PostgreSQL": lambda folder: PostgresBacking(),
    "PostgreSQL on a small disk": lambda folder: PostgresBacking(on_small_disk=True),
}


NO_SETTINGS: Mapping[str, str] = {}


@asynccontextmanager
async def world(
    kind: str, *, directly: bool = False, settings: Mapping[str, str] = NO_SETTINGS
) -> AsyncIterator[World]:
    """Ready replicas over a new store of that kind; `directly` is past the proxy."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            made = World(folder, BACKINGS[kind](folder), settings)
            stack.push_async_callback(made.backing.close)
            await made.backing.open()
            for _ in range(made.backing.replicas):
                url = made.backing.direct_url if directly else made.backing.url
                stack.push_async_callback(made.add(url).close)
            await asyncio.gather(*(each.ready() for each in made.replicas))
            yield made


async def next_frame(replica: Replica, thread: str, after: str) -> Frame:
    """The first record behind the cursor, after which the connection is cut."""
    async with replica.reading(thread, after) as response:
        return await first_frame(response)


async def first_frame(response: httpx.Response) -> Frame:
    """Of a stream, as soon as it is there."""
    seen = ""
    async for piece in response.aiter_text():
        seen += piece
        found = [each for each in frames(seen.rpartition("\n\n")[0]) if each[0]]
        if found:
            return found[0]
    raise AssertionError("the stream has ended without one")


async def persistent(made: World, text: str, thread: str, run: str, agent: str) -> list[Frame]:
    """A run as a client behind a load balancer sees it: it asks the other replica when one fails,
    and goes on after its last cursor.
    """
    told: list[Frame] = []
    for turn in range(1000):
        after = told[-1][0] if told else None
        if after is None:  # it was sent nothing but the start of a run that waits
            told = []
        body = run_body(text, thread, run, **({"messages": []} if after else {}))
        verb, name = ("connect", "default") if after else ("run", agent)
        headers = {"last-event-id": after} if after else {}
        told += await _piece(made.other(turn), f"{BASE}/{name}/{verb}", body, headers)
        if told and told[-1][1]["type"] in ENDS:
            return told
        await asyncio.sleep(0.1)
    raise AssertionError("no end came")


async def resumed(made: World, thread: str, after: str, turn: int) -> tuple[list[Frame], int]:
    """The thread from the cursor to the run's end, and how often the client had to come again."""
    told: list[Frame] = []
    for again in range(100):
        headers = {"last-event-id": str(told[-1][0]) if told else after}
        replica = made.other(turn + again)
        body = run_body("", thread, messages=[])
        told += await _piece(replica, f"{BASE}/default/connect", body, headers)
        if told and told[-1][1]["type"] in ENDS:
            return told, again
        await asyncio.sleep(1)
    raise AssertionError("no end came")


async def _piece(
    replica: Replica, where: str, body: dict[str, Any], headers: dict[str, str]
) -> list[Frame]:
    """Whatever whole records come before the connection breaks, and the start of a run that waits;
    nothing where it is refused.
    """
    seen = ""
    try:
        async with replica.client.stream("POST", where, json=body, headers=headers) as response:
            if response.status_code != 200:
                return []
            async for piece in response.aiter_text():
                seen += piece
    except httpx.TransportError:
        pass
    found = frames(seen.rpartition("\n\n")[0])
    early = {"RUN_STARTED"} if where.endswith("/run") else set()  # else it is opened again
    return [each for each in found if each[0] or each[1]["type"] in early]


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = monotonic()

    def __call__(self) -> float:
        return monotonic() - self._start
