"""Whether a user who has 500 runs waiting holds up another user's first one."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from time import perf_counter
from uuid import uuid4

import httpx

from bench.backing import Backing
from bench.worker_programs import Programs, programs
from bench.workers_app import LONG, SLEEP
from tests.wires.agui.serving import run_body

RUN = "/copilotkit/agent/default/run"
TOKENS = {"many": "many-s-token-of-the-bench", "one": "one-s-token-of-the-bench"}
WAITING, SLOTS = 500, 8

BEGUN = "TEXT_MESSAGE_START"
"""What the agent says first: whoever waits longer than a second is sent RUN_STARTED before."""

GOAL = 2 * SLOTS
"""So many runs of the first user may begin between the other's request and that one's run. A slot
gets free after a second at most, and whoever looks at that moment takes what was offered before.
"""


class Crowd:
    """The runs of a user who has posted many."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.posted = self.begun = 0
        self.changed = asyncio.Event()

    async def ask(self) -> None:
        async with _asked(self._client, "many") as answer:
            answer.raise_for_status()
            self.posted += 1
            self.changed.set()
            async for line in answer.aiter_lines():
                if BEGUN in line:
                    self.begun += 1
                    return

    async def wait_for(self, waiting: int) -> None:
        """Until so many of its runs wait."""
        while self.posted - self.begun < waiting:
            self.changed.clear()
            await self.changed.wait()


def _asked(client: httpx.AsyncClient, user: str) -> AbstractAsyncContextManager[httpx.Response]:
    bearer = {"authorization": f"Bearer {TOKENS[user]}"}
    return client.stream("POST", RUN, json=run_body(LONG, uuid4().hex), headers=bearer, timeout=120)


async def first_of_another(client: httpx.AsyncClient) -> float:
    """Seconds from the request until it has begun."""
    began = perf_counter()
    async with _asked(client, "one") as answer:
        async for line in answer.aiter_lines():
            if BEGUN in line:
                return perf_counter() - began
    raise SystemExit("WRONG: the run of the other user has not begun")


def _client(it: Programs) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{it.port}", limits=limits)


async def tell_turns(store: Backing) -> bool:
    """Print a line; whether the other user's first run came next."""
    users = ",".join(f"{user}:{token}" for user, token in TOKENS.items())
    async with (
        programs(store, 1, "--slots", str(SLOTS), AGUI_TOKENS=users) as it,
        _client(it) as client,
    ):
        crowd = Crowd(client)
        asking = [asyncio.create_task(crowd.ask()) for _ in range(WAITING + 20 * SLOTS)]
        try:
            await crowd.wait_for(WAITING)
            waiting, before = crowd.posted - crowd.begun, crowd.begun
            took = await first_of_another(client)
            passed = crowd.begun - before
        finally:
            for task in asking:
                task.cancel()
            for task in asking:
                with suppress(asyncio.CancelledError, httpx.HTTPError):
                    await task
    is_met = passed <= GOAL
    print(
        f"{store.name:11} while {waiting} runs of one user waited ({SLOTS} slots, {SLEEP:g} s each:"
        f" {waiting / SLOTS * SLEEP:.0f} s), another's first began after {took * 1000:.0f} ms,"
        f" {passed} of the first user's between; goal {GOAL}: {'met' if is_met else 'missed'}",
        flush=True,
    )
    return is_met
