"""What happens to bells, to whoever hears them, and to runs of another version of the app."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter

from agui_runtime.queues.open import open_queue
from tests.faults.checker import acknowledged, check
from tests.faults.workers import Works, store_of, worker_looks, works
from tests.faults.world import Replica, Stopwatch

RUNS = 20


async def killed_before_adopt(kind: str) -> str:
    """A worker is offered a run, and dies; another one carries it out, once."""
    async with works(kind) as made:
        doomed = made.add(FAULTS_DIE_BEFORE_ADOPT="1")
        watch = Stopwatch()
        running = asyncio.create_task(made.world.other(0).run("work", "t1", "r1", "worker"))
        assert await asyncio.to_thread(doomed.process.wait) == -signal.SIGKILL
        assert not made.world.tool_log.exists(), "it has begun"
        made.add()
        events = await running
        check(events, acknowledged(made.world.witness, "t1"))
        assert events[-1][1]["type"] == "RUN_FINISHED", events[-1]
        assert tools_of(made) == {"r1": 1}
        return f"carried out by another worker {watch():.0f} s after it was posted"


async def bell_doubled(kind: str) -> str:
    """Two workers hear of every run many times, also after its end; no tool runs twice."""
    async with works(kind) as made:
        made.add()
        made.add()
        queue = open_queue(made.bell.url)
        try:
            ringing = asyncio.create_task(_rung_on(queue.ring))
            told = await asyncio.gather(
                *(made.world.other(n).run("work", f"t{n}", f"r{n}", "worker") for n in range(RUNS))
            )
            ringing.cancel()
            await asyncio.wait([ringing])
        finally:
            await queue.close()
        for number, each in enumerate(told):
            check(each, acknowledged(made.world.witness, f"t{number}"))
        assert tools_of(made) == {f"r{n}": 1 for n in range(RUNS)}
        return f"{RUNS} runs, each carried out once"


async def bell_restarted_empty(kind: str) -> str:
    """All bells are gone that rang before a worker came, and what is known of workers, too."""
    async with works(kind) as made:
        reading = [
            asyncio.create_task(made.world.other(n).run("count", f"t{n}", f"r{n}"))
            for n in range(RUNS)
        ]
        await _all_posted(made)
        made.bell.kill()
        made.bell.start()
        made.add()
        told = await asyncio.gather(*reading)
        made.bell.kill()
        made.bell.start()
        watch = Stopwatch()
        told.append(await made.world.other(0).run("count", "last", "r1"))
        assert all(each[-1][1]["type"] == "RUN_FINISHED" for each in told)
        return f"{RUNS} runs whose bells were gone, and one more after {watch():.1f} s"


async def another_version(kind: str) -> str:
    """Web tier and workers become a new version at different times, while runs go on."""
    async with works(kind, AGUI_APP_VERSION="1") as made:
        old_worker, (first, second) = made.add(), made.world.replicas
        await worker_looks(made.world)
        said = Said(made)
        assert await said.by(second) == "1"
        await _replaced_by(first, "2")
        waiting = asyncio.create_task(said.by(first))
        assert await said.by(second) == "1"
        assert not waiting.done(), "a worker of version 1 carried out a run of version 2"
        new_worker = made.add(AGUI_APP_VERSION="2")
        assert await waiting == "2"
        assert await said.by(second) == "1"
        talking = [
            asyncio.create_task(made.world.other(n).run("20 0.05 5", f"l{n}", f"l{n}", "talker"))
            for n in range(RUNS)
        ]
        await asyncio.gather(*(first.until(f"l{n}", 2) for n in range(RUNS)))
        await old_worker.ended()
        watch = Stopwatch()
        assert await said.by(second) == "2"
        told, taken = await asyncio.gather(*talking), watch()
        for number, each in enumerate(told):
            check(each, acknowledged(made.world.witness, f"l{number}"))
            assert each[-1][1]["type"] == "RUN_FINISHED", each[-1]
        await _replaced_by(second, "2")
        await new_worker.replaced()
        assert await said.by(second) == "2"
        return f"{RUNS} runs went on; version 1 was served by workers of 2 after {taken:.1f} s"


class Said:
    """What the workers say that carry out one run after the other."""

    def __init__(self, made: Works) -> None:
        self._made = made
        self._count = 0

    async def by(self, replica: Replica) -> str:
        """For a run that this replica takes: the version of the app of whoever carries it out."""
        self._count += 1
        number = self._count
        events = await replica.run("which?", f"v{number}", f"v{number}", "teller")
        check(events, acknowledged(self._made.world.witness, f"v{number}"))
        assert events[-1][1]["type"] == "RUN_FINISHED", events[-1]
        return "".join(event.get("delta", "") for _, event in events)


def tools_of(made: Works) -> Counter[str]:
    """How often each run has used its tool."""
    return Counter(made.world.tool_log.read_text().split())


async def _rung_on(ring: object) -> None:
    assert callable(ring)
    while True:
        await ring("default")
        await asyncio.sleep(0.005)


async def _all_posted(made: Works) -> None:
    async with store_of(made.world) as store:
        for number in range(RUNS):
            while await store.log.active(f"t{number}") is None:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.02)


async def _replaced_by(replica: Replica, version: str) -> None:
    """The server ends as a service manager ends it, and one of that version takes its place."""
    replica.process.send_signal(signal.SIGTERM)
    await replica.ended()
    replica.settings["AGUI_APP_VERSION"] = version
    replica.start()
    await replica.ready()
