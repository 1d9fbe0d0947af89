"""What an owner does that lives, and is the owner no longer: paused, cut off, or robbed."""

from __future__ import annotations

import asyncio
import signal

import httpx

from tests.faults.checker import Frame, acknowledged, check
from tests.faults.proxy import Proxy
from tests.faults.world import Replica, Stopwatch, World, world

LONG_TALK = "1000 0.05 10"
PAUSED = 20.0
GONE_WITHIN = 10.0


async def paused_for_long(kind: str) -> str:
    """SIGSTOP for 20 s: another replica ends the run, and its owner writes nothing afterwards."""
    async with world(kind) as made:
        one, two = made.replicas
        running = await _under_way(made, one)
        one.process.send_signal(signal.SIGSTOP)
        watch = Stopwatch()
        ended = (await two.connect("t1"))[-1][1]
        seconds = watch()
        again = await two.run("count", "t1", "r2")
        await asyncio.sleep(PAUSED - watch())
        one.process.send_signal(signal.SIGCONT)
        seen = await running
        await one.until("t1", 1)
        history = await made.history("t1")
        check(history, acknowledged(made.witness, "t1"))
        assert (ended["type"], ended.get("code")) == ("RUN_ERROR", "OWNER_LOST"), ended
        assert history[-1] == again[-1], "the late owner wrote after the next run"
        assert seen[-1][1]["type"] in {"RUN_ERROR", "RUN_FINISHED"}, seen[-1]
        return f"ended by the other after {seconds:.1f} s; awake again, it wrote nothing"


async def cut_off(kind: str) -> str:
    """The network between owner and store is dead: agent and readers end by its own clock."""
    async with world(kind) as made:
        proxy = Proxy(made.backing.port)
        await proxy.start()
        alone = Replica(made.backing.url_at(proxy.port), FAULTS_WITNESS=str(made.witness))
        try:
            await alone.ready()
            running = await _under_way(made, alone)
            proxy.stall()
            watch = Stopwatch()
            seen = await running
            by_clock = watch()
            again = await made.other(0).run("count", "t1", "r2")
            usable = watch()
            proxy.flow()
            end = seen[-1][1]
            assert (end["type"], end.get("code")) == ("RUN_ERROR", "OWNER_LOST"), end
            history = await made.history("t1")
            check(history, acknowledged(made.witness, "t1"))
            assert history[-1] == again[-1], "the late owner wrote after the next run"
            assert by_clock <= GONE_WITHIN, f"{by_clock:.1f} s"
            return (
                f"its readers had OWNER_LOST after {by_clock:.1f} s, next run after {usable:.1f} s"
            )
        finally:
            await alone.close()
            await proxy.close()


async def everything_deleted(kind: str) -> str:
    """All threads deleted in the middle of a run: its readers learn of it wherever they are."""
    async with world(kind) as made:
        one, two = made.replicas
        running = await _under_way(made, one)
        begun = asyncio.Event()
        elsewhere = asyncio.create_task(_read_until_cut(two, begun))
        await begun.wait()
        await asyncio.to_thread(made.backing.clear)
        watch = Stopwatch()
        end = (await running)[-1][1]
        first = watch()
        await elsewhere
        second = watch()
        assert (end["type"], end.get("code")) == ("RUN_ERROR", "OWNER_LOST"), end
        assert max(first, second) <= GONE_WITHIN, f"{first:.1f} s, {second:.1f} s"
        return f"readers at the owner knew after {first:.1f} s, others after {second:.1f} s"


async def _under_way(made: World, owner: Replica) -> asyncio.Task[list[Frame]]:
    """A long run on thread t1 of that owner, which has begun."""
    running = asyncio.create_task(owner.run(LONG_TALK, "t1", "r1", "talker"))
    await made.other(1).until("t1", 10)
    return running


async def _read_until_cut(replica: Replica, begun: asyncio.Event) -> None:
    """Return when the reader's connection is cut, as no end of the run can be told."""
    seen = ""
    try:
        async with replica.reading("t1") as response:
            async for piece in response.aiter_text():
                begun.set()
                seen += piece
    except httpx.TransportError:
        return
    raise AssertionError(f"told an end: {seen[-200:]}")
