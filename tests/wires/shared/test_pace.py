"""The pace of a reader: nothing lost, nothing late, and not one wake-up for each event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from agui_runtime.core.events import Cursor, Event, Record
from agui_runtime.stores.base import Batch
from agui_runtime.wires.shared.pace import paced

WORD: Event = {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "x"}
END: Event = {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
AN_HOUR = 3600.0


class Log:
    """Holds events until they are read; hands out all there are."""

    def __init__(self, *events: Event) -> None:
        self.events = list(events)
        self.read = 0
        self.more = asyncio.Event()

    def add(self, event: Event) -> None:
        self.events.append(event)
        self.more.set()

    async def batches(self) -> AsyncGenerator[Batch, None]:
        while True:
            ready = self.events[self.read :]
            if ready:
                self.read += len(ready)
                records = [Record(self.read, "r1", event) for event in ready]
                yield Batch(records, Cursor("e", self.read))
            else:
                self.more.clear()
                await self.more.wait()


def events(batch: Batch) -> Sequence[Event]:
    return [record.event for record in batch.records]


async def test_the_first_batch_does_not_wait() -> None:
    async with aclosing(paced(Log(WORD).batches(), AN_HOUR)) as batches:
        assert events(await anext(batches)) == [WORD]


async def test_the_end_of_a_run_does_not_wait() -> None:
    log = Log(WORD)
    async with aclosing(paced(log.batches(), AN_HOUR)) as batches:
        await anext(batches)
        log.add(WORD)
        log.add(END)
        assert events(await anext(batches)) == [WORD, END]


async def test_what_waits_goes_on_when_the_run_ends() -> None:
    log, ended = Log(WORD), asyncio.get_running_loop().create_future()
    async with aclosing(paced(log.batches(), AN_HOUR, ended)) as batches:
        await anext(batches)
        log.add(WORD)
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        log.add(END)
        ended.set_result(None)
        assert events(await waiting) == [WORD]
        assert events(await anext(batches)) == [END]


async def test_what_comes_within_a_frame_comes_together_and_in_order() -> None:
    log = Log(WORD)
    seen: list[Event] = []
    count = 0
    async with aclosing(paced(log.batches(), 0.01)) as batches:
        async for batch in batches:
            if not seen:
                speaking = asyncio.create_task(speak(log, 500))
            seen += events(batch)
            count += 1
            if seen[-1] == END:
                break
    await speaking
    assert seen == [WORD] * 501 + [END]
    assert count < 250


async def speak(log: Log, words: int) -> None:
    for _ in range(words):
        log.add(WORD)
        await asyncio.sleep(0)
    log.add(END)
