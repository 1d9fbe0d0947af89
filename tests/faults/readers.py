"""What readers are promised: cut off anywhere, in a crowd, beside slow ones, on long threads."""

from __future__ import annotations

import asyncio
from statistics import median

from tests.faults.checker import acknowledged, check
from tests.faults.world import Replica, Stopwatch, World, next_frame, resumed, world
from tests.wires.graphql.subscribing import EVENTS, socket

STORM = 1000
LONG = 10_000
LONG_MEGABYTES = 100


async def cut_after_every_event(kind: str) -> str:
    """AG-UI and GraphQL: one event at a time, each from another replica than the last."""
    async with world(kind) as made:
        whole = await made.other(0).run("work", "t1", "r1", "worker")
        first, second = whole[0], whole[-1]
        told = [first]
        while told[-1][0] != second[0]:
            told.append(await next_frame(made.other(len(told)), "t1", str(told[-1][0])))
        assert told == whole, "the reader that was cut saw something else"
        by_graphql = await _graphql_events(made, str(first[0]), len(whole) - 1)
        assert by_graphql == [(identity, event["type"]) for identity, event in whole[1:]]
        check(told, acknowledged(made.witness, "t1"))
        return f"{len(whole) - 1} cuts each, nothing lost or twice"


async def _graphql_events(made: World, after: str, count: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for turn in range(count):
        async with socket(made.other(turn).client) as connection:
            await (await connection.initialised()).subscribe(
                "1", EVENTS, threadId="t1", after=after
            )
            event = (await connection.hear())["payload"]["data"]["runEvents"]
            found.append((event["cursor"], event["type"]))
            after = event["cursor"]
    return found


async def reconnect_storm(kind: str) -> str:
    """A thousand clients come back at once, each with its own cursor, while a run goes on."""
    async with world(kind, directly=True) as made:
        one, two = made.other(0), made.other(1)
        running = asyncio.create_task(one.run("200 0.05 10", "t1", "r1", "talker"))
        await two.until("t1", 100)
        known = [cursor for cursor, _ in (await _so_far(two, "t1", 100)) if cursor]
        watch = Stopwatch()
        coming = [
            resumed(made, "t1", known[number % len(known)], number) for number in range(STORM)
        ]
        told = await asyncio.gather(*coming)
        seconds = watch()
        whole = await running
        for number, (each, _) in enumerate(told):
            records = [frame for frame in each if frame[0]]
            start = number % len(known) + 1
            assert records == whole[start:], (
                f"client {number} saw something else behind {known[number % len(known)]}:"
                f" {len(records)} records up to {records[-1:]}, not {len(whole) - start} up to"
                f" {whole[-1:]}"
            )
        again = sum(count for _, count in told)
        return (
            f"{STORM} clients have the run's end within {seconds:.1f} s; {again} had to come again"
        )


async def _so_far(replica: Replica, thread: str, count: int) -> list[tuple[str | None, object]]:
    found: list[tuple[str | None, object]] = []
    async with replica.reading(thread) as response:
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                found.append((line.removeprefix("id: "), None))
            if len(found) == count:
                return found
    raise AssertionError("the run ended too early")


async def slow_beside_fast(kind: str) -> str:
    """One reader takes nothing while the others read; then it finds everything."""
    async with world(kind) as made:
        one, two = made.other(0), made.other(1)
        running = asyncio.create_task(one.run("2000 0.001 2000", "t1", "r1", "talker"))
        await two.until("t1", 2)
        ((first, _),) = await _so_far(two, "t1", 1)
        async with two.reading("t1", first) as slow:
            fast = await asyncio.gather(*(two.connect("t1", first) for _ in range(5)))
            before = two.megabytes()
            late = [line async for line in slow.aiter_lines() if line.startswith("id: ")]
        whole = await running
        assert all([frame for frame in each if frame[0]] == whole[1:] for each in fast)
        assert late == [f"id: {identity}" for identity, _ in whole[1:]]
        return f"4 MB held back by one reader; 5 fast ones unhindered; process at {before:.0f} MB"


async def long_thread(kind: str) -> str:
    """Ten thousand events, replayed by five readers from another process in bounded memory."""
    async with world(kind) as made:
        one, two = made.other(0), made.other(1)
        whole = await one.run(f"{LONG} 0 100", "t1", "r1", "talker")
        first = whole[0][0]
        before, watch = two.megabytes(), Stopwatch()
        told = await asyncio.gather(*(two.connect("t1", first) for _ in range(5)))
        seconds, grown = watch(), two.megabytes() - before
        for each in told:
            assert [frame for frame in each if frame[0]] == whole[1:]
        if kind != "memory":  # which nobody can read past its process
            check(await made.history("t1"), acknowledged(made.witness, "t1"))
        assert grown < LONG_MEGABYTES, f"{grown:.0f} MB more"
        return f"{LONG} events, 5 replays at once: {seconds:.1f} s, {max(grown, 0):.0f} MB more"


async def stop_across_replicas(kind: str) -> str:
    """From asking one replica until the run on the other has told its end."""
    async with world(kind) as made:
        one, two = made.other(0), made.other(1)
        taken = []
        for number in range(100):
            thread = f"t{number}"
            running = asyncio.create_task(one.run("hold 2", thread, "r1"))
            await two.until(thread, 3)
            watch = Stopwatch()
            assert await two.stop(thread)
            told = await running
            taken.append(watch())
            assert told[-1][1]["type"] == "RUN_FINISHED"
        taken.sort()
        p99 = taken[98]
        assert p99 <= 0.25, f"p99 {p99 * 1000:.0f} ms"
        return f"100 stops: median {median(taken) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
