"""How processes share out the connections, as clients that stay connected meet it."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import AsyncExitStack

import httpx

from agui_runtime.commands.ledger import SLACK, Ledger, Share
from tests.commands.several import BASE, ONE, Several, kill, process_of, several
from tests.stores.conftest import redis as redis
from tests.stores.servers import RedisServer
from tests.wires.agui.serving import reading, run_body

CLIENTS = 40
IN_A_ROW = 20
"""Clients that never meet one process by chance. One that stood still for a moment is left out, and
they are counted anew.
"""


async def test_lasting_connections_are_shared_out_and_no_process_is_waited_for_in_vain(
    redis: RedisServer,  # a process that is stopped holds no lock there
) -> None:
    async with several(AGUI_STORE=redis.url) as parent, AsyncExitStack() as stack:
        await _shared_out(stack, parent)
        one, other = parent.pids
        os.kill(one, signal.SIGSTOP)
        try:
            assert {await _of_another_client(stack, parent) for _ in range(5)} == {other}
        finally:
            os.kill(one, signal.SIGCONT)

        async with (
            parent.client(of=[one]) as (client, _),
            parent.client(of=[one]) as (prober, _),
            reading(client, f"{BASE}/run", run_body("hold")) as run,
        ):
            await run.until("TEXT_MESSAGE_CONTENT")
            os.kill(one, signal.SIGTERM)  # it drains, and refuses runs
            while (await prober.get("/readyz")).status_code != 503:
                pass
            await _all_for(other, stack, parent)
            kill(one)

        # The one that takes its place has none yet, so that the next ones are for that.
        while (successor := await _of_another_client(stack, parent)) in parent.pids:
            pass
        await _all_for(successor, stack, parent)


async def _shared_out(stack: AsyncExitStack, parent: Several) -> None:
    """Until so many clients in a row left every process with as many connections as another."""
    met = Counter(dict.fromkeys(parent.pids, 0))
    even = 0
    while even < CLIENTS:
        met[await _of_another_client(stack, parent)] += 1
        even = even + 1 if max(met.values()) - min(met.values()) <= SLACK + 1 else 0


async def _all_for(process: int, stack: AsyncExitStack, parent: Several) -> None:
    """Until so many clients in a row met this process."""
    met = 0
    while met < IN_A_ROW:
        met = met + 1 if await _of_another_client(stack, parent) == process else 0


async def _of_another_client(stack: AsyncExitStack, parent: Several) -> int:
    """The process that a client meets which stays connected until the end; 0 where it refuses."""
    made = httpx.AsyncClient(base_url=parent.origin, timeout=60, limits=ONE)
    client = await stack.enter_async_context(made)
    is_ready = (await client.get("/readyz")).status_code == 200
    return await process_of(client) if is_ready else 0


def test_a_process_leaves_the_next_connection_to_one_that_lives_and_has_fewer() -> None:
    ledger = Ledger.of(3)
    places = [ledger.assign() for _ in range(2)]
    mine, its = (Share(ledger, place) for place in places)
    mine.put(9)
    assert not mine.is_ahead(), "the other one does not serve yet"
    its.put(8)
    assert not mine.is_ahead()
    its.put(7)
    assert mine.is_ahead()
    assert not its.is_ahead()
    mine.go_ahead()
    assert not mine.is_ahead(), "it has let a connection wait"
    its.beat()
    assert mine.is_ahead()
    ledger.free(places[1])
    assert not mine.is_ahead(), "it is gone"


def test_the_ledger_has_places_for_those_that_come_and_go() -> None:
    ledger = Ledger.of(2)
    first, second = ledger.assign(), ledger.assign()
    assert first != second
    assert ledger.assign() == first, "where there is none, two have the first one"
    ledger.free(second)
    assert ledger.assign() == second
