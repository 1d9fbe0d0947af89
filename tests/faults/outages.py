"""What happens while a store is away, slow, full or has forgotten: no hang, no corrupted thread."""

from __future__ import annotations

import asyncio

import httpx

from tests.faults.backings import PostgresBacking
from tests.faults.checker import Frame, acknowledged, check
from tests.faults.world import ENDS, Stopwatch, World, persistent, run_body, world

RUN = "/copilotkit/agent/default/run"
FULL_FOR = 10.0
TERMINATE = (
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'agui-runtime'"
)


async def killed_with_its_files(kind: str) -> str:
    async with world(kind) as made:
        running = await _under_way(made)
        made.backing.kill()
        watch = Stopwatch()
        made.backing.start()
        return f"{await _unharmed(made, running)}; the run ended {watch():.1f} s later"


async def restarted_empty(kind: str) -> str:
    """The loss is told, and the next run on the thread goes well."""
    async with world(kind) as made:
        running = await _under_way(made)
        old = str((await made.other(1).run("1 0 1", "t2", "r9", "talker"))[0][0])
        made.backing.kill()
        made.backing.start()
        watch = Stopwatch()
        running.cancel()
        for thread in ("t1", "t2"):
            await _carried_out(made, thread)
        seconds = watch()
        answer = await made.other(0).client.post(
            "/copilotkit/agent/default/connect",
            json=run_body("", "t2", messages=[]),
            headers={"last-event-id": old},
        )
        assert answer.status_code == 410, answer.status_code
        check(await made.history("t2"))
        return f"old cursors are told 410; threads usable after {seconds:.1f} s"


async def paused(kind: str) -> str:
    async with world(kind) as made:
        running = await _under_way(made)
        made.backing.pause()
        await asyncio.sleep(5)
        made.backing.resume()
        watch = Stopwatch()
        return f"{await _unharmed(made, running)}; the run ended {watch():.1f} s later"


async def stalled(kind: str) -> str:
    """The connections stay, and nothing passes."""
    async with world(kind) as made:
        running = await _under_way(made)
        made.proxy.stall()
        await asyncio.sleep(3)
        made.proxy.flow()
        return await _unharmed(made, running)


async def resets(kind: str) -> str:
    async with world(kind) as made:
        running = await _under_way(made)
        for _ in range(20):
            made.proxy.reset()
            await asyncio.sleep(0.1)
        return await _unharmed(made, running)


async def terminated(kind: str) -> str:
    """As an administrator does, or a server that is shut down."""
    async with world(kind) as made:
        assert isinstance(made.backing, PostgresBacking)
        running = await _under_way(made)
        for _ in range(20):
            await asyncio.to_thread(made.backing.server.command, TERMINATE)
            await asyncio.sleep(0.1)
        return await _unharmed(made, running)


async def far_away(kind: str) -> str:
    """A store at a distance does not slow an agent down to a round trip for each event."""
    async with world(kind) as made:
        made.proxy.delay = 0.02
        watch = Stopwatch()
        told = await made.other(0).run("1000 0.001 10", "t1", "r1", "talker")
        seconds = watch()
        check(told, acknowledged(made.witness, "t1"))
        assert seconds < 20, f"{seconds:.1f} s"
        return f"{len(told)} events in {seconds:.1f} s, each way taking 20 ms"


async def full(kind: str) -> str:
    async with world(kind) as made:
        running = await _under_way(made, "400 0.05 5000")
        await asyncio.to_thread(made.backing.fill, made.processes)
        refused = Stopwatch()
        for number in range(200):  # room that its file had already may still be used
            answer = await made.other(1).client.post(RUN, json=run_body("count", f"s{number}"))
            if answer.status_code == 503:
                break
        assert answer.status_code == 503, answer.status_code
        seconds = refused()
        ended_full, _ = await asyncio.wait([running], timeout=FULL_FOR)
        await asyncio.to_thread(made.backing.make_room, made.processes)
        watch = Stopwatch()
        told = await running
        check(told)
        await _carried_out(made, "t1")
        whole = await made.history("t1")
        check(whole, acknowledged(made.witness, "t1"))
        end = told[-1][1]
        how = f"{end.get('code', end['type'])} {'while it was full' if ended_full else 'then'}"
        return (
            f"starts get 503 ({seconds:.1f} s later), the live run {how};"
            f" thread usable {watch():.1f} s after there was room"
        )


async def _under_way(made: World, what: str = "100 0.05 10") -> asyncio.Task[list[Frame]]:
    """A run of some seconds on thread t1, which has begun."""
    reading = persistent(made, what, "t1", "r1", "talker")
    running = asyncio.create_task(reading)
    await made.other(1).until("t1", 10)
    return running


async def _unharmed(made: World, running: asyncio.Task[list[Frame]]) -> str:
    """The run's reader and a new one saw all that was acknowledged, up to the agent's own end."""
    told = await running
    acks = acknowledged(made.witness, "t1")
    check(told, acks)
    check(await made.history("t1"), acks)
    assert told[-1][1]["type"] == "RUN_FINISHED", told[-1][1]
    return f"{len(told)} events, none lost"


async def _carried_out(made: World, thread: str) -> None:
    """A new run on the thread, as soon as one is admitted."""
    for turn in range(200):
        body = run_body("count", thread, f"{thread}-again")
        try:
            answer = await made.other(turn).client.post(RUN, json=body)
        except httpx.TransportError:
            continue
        if answer.status_code == 200 and any(end in answer.text for end in ENDS):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the thread stays taken")
