"""Mixed runs for a long time, and what the server holds meanwhile: `python3 scripts.py soak`.

Runs on both wires, with tools, questions, failures, stops and readers that go away; each thread is
deleted after a few. Measures memory, open files, asyncio's tasks and the size of the store, draws
them, and exits with 1 where memory still grows after the warm-up, or a file or task is left over.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from bench.soak_plot import draw
from tests.ports import free_port
from tests.programs import discarded, serving
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer

WORKERS = 8
RUNS_A_THREAD = 10
SLOPE = 1.0
"""Megabytes an hour by which memory may grow after the warm-up, the first half: some 20,000 runs,
until Python's garbage collector has looked at old objects for the first time.

That goes for all that is resident, and for what of it is in use: without what the C library's
allocator keeps although it was freed. The second tells a leak from an allocator that has not yet
come to its size.
"""

PAUSE = 2.0
"""Seconds between samples."""

HELLO = "mutation ($data: GenerateCopilotResponseInput!) { generateCopilotResponse(data: $data) "
HELLO += "{ threadId messages { __typename } } }"


@dataclass
class Soak:
    """One server under load. `samples` are seconds and figures."""

    client: httpx.AsyncClient
    metrics: str
    size: Callable[[], int]
    samples: list[dict[str, float]] = field(default_factory=list)
    runs: int = 0

    async def work(self, worker: int, until: float) -> None:
        number = 0
        while monotonic() < until:
            thread = f"soak-{worker}-{number}"
            for kind in list(KINDS.values())[:RUNS_A_THREAD]:
                await kind(self, thread, f"{thread}-{self.runs}")
                self.runs += 1
            await self.client.delete(f"/copilotkit/threads/{thread}?agentId=default")
            number += 1

    async def sample(self, begun: float) -> None:
        async with httpx.AsyncClient() as client:
            page = (await client.get(self.metrics)).text
        held = (await self.client.get("/held")).json()
        values = dict(line.rsplit(" ", 1) for line in page.splitlines() if line[0] != "#")
        memory = float(values["process_resident_memory_bytes"]) / 1e6
        self.samples.append(
            {
                "seconds": monotonic() - begun,
                "memory (MB)": memory,
                "in use (MB)": memory - held["free"] / 1e6,
                "Python's blocks": float(held["blocks"]),
                "open files": float(values["process_open_fds"]),
                "tasks": float(held["tasks"]),
                "store (MB)": self.size() / 1e6,
                "live runs": float(values["agui_runs_live"]),
            }
        )

    async def watch(self, begun: float, until: float) -> None:
        while monotonic() < until:
            await self.sample(begun)
            await asyncio.sleep(PAUSE)

    async def run(self, agent: str, thread: str, run: str) -> None:
        answer = await self.client.post(_path(agent), json=_body(thread, run))
        assert answer.status_code == 200, answer.text


def _path(agent: str) -> str:
    return f"/copilotkit/agent/{agent}/run"


def _body(thread: str, run: str) -> dict[str, Any]:
    message = {"id": f"u-{run}", "role": "user", "content": "hi"}
    ids = {"threadId": thread, "runId": run, "messages": [message], "tools": []}
    return ids | {"context": [], "state": {}, "forwardedProps": {}}


def _plain(agent: str) -> Callable[[Soak, str, str], Awaitable[None]]:
    async def run(soak: Soak, thread: str, run: str) -> None:
        await soak.run(agent, thread, run)

    return run


async def _graphql(soak: Soak, thread: str, run: str) -> None:
    content = {"textMessage": {"role": "user", "content": "hi"}}
    message = {"id": f"u-{run}", "createdAt": "2026-01-01T00:00:00Z", **content}
    data = {"metadata": {}, "frontend": {"actions": []}, "threadId": thread, "messages": [message]}
    body = {"query": HELLO, "variables": {"data": data}}
    answer = (await soak.client.post("/copilotkit", json=body)).json()
    assert "errors" not in answer, answer


async def _leave(soak: Soak, thread: str, run: str) -> None:
    """The reader goes away; the run ends by itself."""
    async with soak.client.stream("POST", _path("default"), json=_body(thread, run)) as answer:
        async for _ in answer.aiter_lines():
            break
    await _idle(soak, thread)


async def _stop(soak: Soak, thread: str, run: str) -> None:
    async with soak.client.stream("POST", _path("waiting"), json=_body(thread, run)) as answer:
        async for line in answer.aiter_lines():
            if "TEXT_MESSAGE_CONTENT" in line:
                stop = f"/copilotkit/agent/waiting/stop/{thread}"
                assert (await soak.client.post(stop)).status_code == 200


async def _idle(soak: Soak, thread: str) -> None:
    """Until the thread is free: a reader of it gets all to the end."""
    body = _body(thread, f"connect-{thread}")
    await soak.client.post("/copilotkit/agent/default/connect", json=body)


KINDS: Mapping[str, Callable[[Soak, str, str], Awaitable[None]]] = {
    "talk": _plain("default"),
    "tools": _plain("calling"),
    "graphql": _graphql,
    "fail": _plain("failing"),
    "leave": _leave,
    "stop": _stop,
    "ask": _plain("asking"),
}


async def soaked(store: str, size: Callable[[], int], minutes: float) -> Soak:
    port = free_port()
    settings = {"AGUI_APP": "bench.soak_app:app", "AGUI_STORE": store, "AGUI_LOG_LEVEL": "info"}
    settings["AGUI_METRICS"] = f"127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        process, origin, _ = await stack.enter_async_context(serving(**settings))
        stack.enter_context(discarded(process))
        # A connection that rests is given up before the server does so (5 s), or they would cross.
        limits = httpx.Limits(keepalive_expiry=2)
        client = httpx.AsyncClient(base_url=origin, timeout=60, limits=limits)
        await stack.enter_async_context(client)
        soak = Soak(client, f"http://127.0.0.1:{port}/metrics", size)
        begun = monotonic()
        until = begun + 60 * minutes
        working = [soak.work(number, until) for number in range(WORKERS)]
        await asyncio.gather(soak.watch(begun, until), *working)
        await asyncio.sleep(PAUSE)
        await soak.sample(begun)
        return soak


def slope(samples: Sequence[Mapping[str, float]], name: str) -> float:
    """How much it grows an hour in the second half: the least squares."""
    late = samples[len(samples) // 2 :]
    times, values = [each["seconds"] for each in late], [each[name] for each in late]
    mean_time, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    pairs = zip(times, values, strict=True)
    return 3600 * sum((t - mean_time) * (v - mean) for t, v in pairs) / (spread or 1)


def verdict(store: str, soak: Soak, minutes: float) -> int:
    first, last = soak.samples[len(soak.samples) // 2], soak.samples[-1]
    resident, grows = (slope(soak.samples, name) for name in ("memory (MB)", "in use (MB)"))
    # In a short form the allocator's own steps are larger than what an hour may add.
    grows_on = max(resident, grows) > SLOPE
    leaks = grows_on if minutes >= 20 else last["memory (MB)"] > 1.3 * first["memory (MB)"]
    left_over = last["live runs"] > 0 or last["tasks"] > 40 or last["open files"] > 60
    memory = f"{first['memory (MB)']:6.1f} -> {last['memory (MB)']:6.1f} MB"
    print(
        f"{store:9} {soak.runs:7} runs  memory {memory} ({resident:+.1f} MB an hour, in use"
        f" {grows:+.1f})  files {last['open files']:.0f}  tasks {last['tasks']:.0f}"
        f"  store {last['store (MB)']:.1f} MB  {'FAILED' if leaks or left_over else 'ok'}",
        flush=True,
    )
    return int(leaks or left_over)


def _bytes_below(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def places(stack: ExitStack, names: Sequence[str]) -> dict[str, tuple[str, Callable[[], int]]]:
    """The URL of each store, and how large it is."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    found: dict[str, tuple[str, Callable[[], int]]] = {"memory": ("memory:", lambda: 0)}
    found["sqlite"] = f"sqlite:///{folder}/threads.db", lambda: _bytes_below(folder)
    if "redis" in names:
        redis = RedisServer(folder / "redis")
        redis.start()
        stack.callback(redis.kill)
        found["redis"] = redis.url, lambda: int(redis.command("info", "memory")["used_memory"])
    if "postgres" in names:
        postgres = PostgresServer()
        stack.callback(postgres.stop)
        tables = postgres.folder / "data" / "base"
        found["postgres"] = postgres.database(), lambda: _bytes_below(tables)
    return {name: found[name] for name in names}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py soak", description=__doc__)
    parser.add_argument("stores", nargs="*", default=["memory", "sqlite", "redis", "postgres"])
    parser.add_argument("--minutes", type=float, default=30, help="for each store")
    parser.add_argument("--plots", type=Path, default=Path("."), help="folder of the pictures")
    options = parser.parse_args()
    problems = 0
    with ExitStack() as stack:
        for name, (url, size) in places(stack, options.stores).items():
            soak = asyncio.run(soaked(url, size, options.minutes))
            problems += verdict(name, soak, options.minutes)
            draw(soak.samples, name, options.plots / f"soak-{name}.png")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
