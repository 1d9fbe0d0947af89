"""What happens to runs whose process dies or is replaced."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

import httpx

from tests.faults.app import worked
from tests.faults.checker import acknowledged, check
from tests.faults.world import Stopwatch, World, persistent, run_body, world

RUNS = 50
USABLE_WITHIN = 10.0


async def owner_killed_at_every_event(kind: str) -> str:
    """One run stands at each of its events, with text, a tool call and state, when it goes."""
    async with world(kind) as made:
        told, slowest = await killed_at_every_event(made, made.other(0).process.kill)
        assert slowest <= USABLE_WITHIN, f"{slowest:.1f} s"
        return told


async def killed_at_every_event(made: World, kill: Callable[[], None]) -> tuple[str, float]:
    """What came of a run for each event, at which it stood when whoever carried it out was killed;
    and the seconds until the last of their threads was usable.
    """
    holds = range(len(worked("")) + 1)
    running = [asyncio.create_task(_until_cut(made, f"t{hold}", hold)) for hold in holds]
    await asyncio.gather(*(made.other(1).until(f"t{hold}", hold + 1) for hold in holds))
    kill()
    taken = await asyncio.gather(*(_usable_again(made, f"t{hold}") for hold in holds))
    await asyncio.gather(*running)
    starts = made.tool_log.read_bytes().split()
    again = [start for start in starts if starts.count(start) > 1]
    assert not again, f"a tool was started twice: {again}"
    for hold in holds:
        told = await made.history(f"t{hold}")
        check(told, acknowledged(made.witness, f"t{hold}"))
        ends = [event.get("code") for _, event in told if event["type"] == "RUN_ERROR"]
        assert ends == ["OWNER_LOST"], ends
    outcome = (
        f"{len(holds)} runs: one end each, {len(starts)} tools started once, "
        f"threads usable after {min(taken):.1f} to {max(taken):.1f} s"
    )
    return outcome, max(taken)


async def _until_cut(made: World, thread: str, hold: int) -> None:
    with suppress(httpx.TransportError):
        await made.other(0).run(f"hold {hold}", thread, thread, "worker")


async def _usable_again(made: World, thread: str) -> float:
    """Seconds until a new run was carried out on the thread."""
    watch = Stopwatch()
    two = made.other(1)
    while True:
        answer = await two.client.post(
            "/copilotkit/agent/default/run", json=run_body("count", thread, f"{thread}-again")
        )
        if answer.status_code == 200:
            assert "RUN_FINISHED" in answer.text
            return watch()
        await asyncio.sleep(0.1)


async def rolling_restart(kind: str) -> str:
    """Both replicas are replaced, one after the other, while fifty runs go on."""
    async with world(kind) as made:
        reading = [
            asyncio.create_task(persistent(made, "60 0.1 5", f"t{n}", f"r{n}", "talker"))
            for n in range(RUNS)
        ]
        watch = Stopwatch()
        await asyncio.gather(*(made.other(0).until(f"t{n}", 2) for n in range(RUNS)))
        for replica in made.replicas:
            replica.process.send_signal(signal.SIGTERM)
            await replica.ended()
            replica.start()
            await replica.ready()
        told = await asyncio.gather(*reading)
        for number, each in enumerate(told):
            check(each, acknowledged(made.witness, f"t{number}"))
            words = [event for _, event in each if event["type"] == "TEXT_MESSAGE_CONTENT"]
            assert len(words) == 60, f"reader {number} has {len(words)} of 60 words"
            assert each[-1][1]["type"] == "RUN_FINISHED"
        events = sum(map(len, told))
        return f"{RUNS} runs, {events} events: 0 lost, 0 readers failed, {watch():.0f} s"
