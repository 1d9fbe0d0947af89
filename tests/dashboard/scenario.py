"""What happens to a server while its dashboard is looked at: usual hours, and what goes wrong."""

from __future__ import annotations

import asyncio
import math
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic

import httpx

from bench.soak import HELLO
from tests.hooks.telemetry.panels_app import UNSTORED
from tests.stores.postgres_server import PostgresServer
from tests.wires.agui.serving import reading, run_body

AGENT = "/copilotkit/agent"
ON_WORKERS = "/worked/copilotkit/agent"


@dataclass
class World:
    """The server with its clients, and what it stands on."""

    client: httpx.AsyncClient
    database: PostgresServer
    server: int

    def processes(self) -> Sequence[int]:
        """Those that serve, below the server's parent."""
        below = Path(f"/proc/{self.server}/task/{self.server}/children").read_text()
        return [int(each) for each in below.split()]

    async def start(self, agent: str, name: str, words: str = "hi") -> None:
        """A run from its start to its end, however that is."""
        await self.client.post(f"{AGENT}/{agent}/run", json=run_body(words, name, name))


async def much_happens(client: httpx.AsyncClient, turn: int) -> None:
    """Runs that end well and badly, a refusal, and starts that wait for their thread."""
    for agent in ("default", "failing", "priced", "unpriced", "model", "scout"):
        name = f"{agent}-{turn}"
        answer = await client.post(f"{AGENT}/{agent}/run", json=run_body("hi", name, name))
        assert answer.status_code == 200, answer.text
    answer = await client.post(f"{ON_WORKERS}/default/run", json=run_body("hi", f"worked-{turn}"))
    assert answer.status_code == 200, answer.text
    wrong = run_body("[error:401]", f"wrong-{turn}", f"wrong-{turn}")
    await client.post(f"{AGENT}/model/run", json=wrong)
    await client.post(f"{AGENT}/default/run", json=run_body("hi", f"{UNSTORED}-{turn}"))
    await client.post(f"{AGENT}/nobody/run", json=run_body("hi", "t", "r"))
    queued = [run_body("hi", f"queued-{turn}", f"queued-{turn}-{each}") for each in range(4)]
    await asyncio.gather(*(client.post(f"{AGENT}/default/run", json=each) for each in queued))


async def usual_turn(world: World, name: str, number: int) -> None:
    """What users do in a second; now and then something fails by itself."""
    for agent in ("default", "scout", "priced", "asking"):
        await world.start(agent, f"{agent}-{name}")
    await world.start("model", f"model-{name}", f"[delay:{20 + number % 40}] hi")
    body = run_body("hi", f"worked-{name}", f"worked-{name}")
    await world.client.post(f"{ON_WORKERS}/default/run", json=body)
    await stopped(world, f"stopped-{name}")
    await asked_over_graphql(world, f"graphql-{name}")
    if number % 12 == 0:
        await world.start("unpriced", f"unpriced-{name}")
        await world.start("failing", f"failing-{name}")
        await world.start("nobody", f"nobody-{name}")
    if number % 5 == 0:
        queued = (run_body("hi", f"queued-{name}", f"queued-{name}-{each}") for each in range(4))
        path = f"{AGENT}/default/run"
        await asyncio.gather(*(world.client.post(path, json=each) for each in queued))


async def stopped(world: World, thread: str) -> None:
    """A run that its user stops; where it could not begin there is nothing to stop."""
    body = run_body("hi", thread, thread)
    async with world.client.stream("POST", f"{AGENT}/held/run", json=body) as answer:
        async for line in answer.aiter_lines():
            if "TEXT_MESSAGE_CONTENT" in line:
                await world.client.post(f"{AGENT}/held/stop/{thread}")


async def asked_over_graphql(world: World, thread: str) -> None:
    content = {"textMessage": {"role": "user", "content": "hi"}}
    message = {"id": f"u-{thread}", "createdAt": "2026-01-01T00:00:00Z", **content}
    data = {"metadata": {}, "frontend": {"actions": []}, "threadId": thread, "messages": [message]}
    await world.client.post("/copilotkit", json={"query": HELLO, "variables": {"data": data}})


@asynccontextmanager
async def usual_hours(world: World) -> AsyncIterator[None]:
    """Users who come and go in waves for the time of the block, whatever else happens."""

    async def user(name: str) -> None:
        for number in count():
            with suppress(httpx.TransportError):  # of a process that hangs: users come again
                await usual_turn(world, f"{name}-{number}", number)
            await asyncio.sleep(0.5 + 0.4 * math.sin(monotonic() / 8))

    users = [asyncio.create_task(user(name)) for name in ("ada", "bob", "eve")]
    try:
        yield
        for each in users:
            if each.done():
                each.result()
    finally:
        for each in users:
            each.cancel()
        await asyncio.gather(*users, return_exceptions=True)


async def all_is_well(world: World) -> None:
    """For a minute, in which a schedule fires. One reader takes nothing for ten seconds."""
    recurring = {"cron": "* * * * *", "message": "hi"}
    answer = await world.client.post("/api/v1/agent/schedules", json=recurring)
    assert answer.status_code == 201, answer.text
    body = run_body("hi", f"flood-{monotonic()}", "flood")
    async with reading(world.client, f"{AGENT}/flood/run", body) as slow:
        await slow.until("TEXT_MESSAGE_CONTENT")
        await asyncio.sleep(10)
    await asyncio.sleep(60)


async def key_is_wrong(world: World) -> None:
    """The model takes the key of no run any more."""
    until = monotonic() + 40
    for number in count():
        if monotonic() > until:
            return
        names = [f"wrong-{number}-{each}" for each in range(3)]
        await asyncio.gather(*(world.start("model", each, "[error:401]") for each in names))
        await asyncio.sleep(0.3)


async def store_is_down(world: World) -> None:
    world.database.kill()
    await asyncio.sleep(25)
    await asyncio.to_thread(world.database.start)
    await asyncio.sleep(15)


async def process_hangs(world: World) -> None:
    """One of the server's processes stands still for longer than leases last, amid its runs."""
    held = [asyncio.create_task(world.start("held", f"held-{each}")) for each in range(6)]
    await asyncio.sleep(2)
    process = world.processes()[-1]
    os.kill(process, signal.SIGSTOP)
    await asyncio.sleep(10)
    os.kill(process, signal.SIGCONT)
    for each in range(6):
        await world.client.post(f"{AGENT}/held/stop/held-{each}")
    with suppress(httpx.TransportError):
        await asyncio.gather(*held)
    await asyncio.sleep(20)


PARTS: Sequence[Callable[[World], Awaitable[None]]] = (
    all_is_well,
    key_is_wrong,
    store_is_down,
    process_hangs,
)
