"""An old backup is put back: no cursor from before ever reads other content than it did."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import httpx

from tests.faults.backings import FileBacking, PostgresBacking
from tests.faults.checker import Frame, check
from tests.faults.standby import Standby
from tests.faults.world import Stopwatch, World, run_body, world
from tests.programs import finished

RUN = "/copilotkit/agent/default/run"

UNMARKED = ("SQLite", "PostgreSQL")
"""Where nothing in a copy shows that it is one, so that whoever puts it back has to say so."""


async def put_back(kind: str) -> str:
    """The copy has the first of two runs. Replicas over a server go on meanwhile."""
    async with world(kind) as made:
        first = await made.other(0).run("4 0 1", "t1", "r1", "talker")
        await asyncio.to_thread(made.backing.save_copy)
        second = await made.other(1).run("5 0 1", "t1", "r2", "talker")
        if isinstance(made.backing, FileBacking):
            await _ended(made)
        await asyncio.to_thread(made.backing.put_copy_back)
        how = ""
        if kind in UNMARKED:
            code, _, words = await finished("db", "restored", AGUI_STORE=made.backing.url)
            assert code == 0, words
            how = "; after `db restored`"
        if isinstance(made.backing, FileBacking):
            for replica in made.replicas:
                replica.start()
            await asyncio.gather(*(replica.ready() for replica in made.replicas))
        return await _judged(made, [*first, *second], len(first)) + how


async def standby_takes_over(kind: str) -> str:
    """The primary dies before the standby had the second run; both had the same name."""
    async with world(kind) as made:
        assert isinstance(made.backing, PostgresBacking)
        with Standby(made.backing.server) as standby:
            first = await made.other(0).run("4 0 1", "t1", "r1", "talker")
            standby.catch_up()
            standby.stop_following()
            second = await made.other(1).run("5 0 1", "t1", "r2", "talker")
            made.backing.kill()
            made.backing.become(standby)
            watch = Stopwatch()
            refused = await made.other(0).client.post(RUN, json=run_body("count", "t2"))
            assert refused.status_code == 503, refused.status_code
            assert "standby" in refused.text, refused.text
            seconds = watch()
            code, _, words = await finished("serve", AGUI_STORE=standby.url())
            assert (code, "standby" in words, len(words.splitlines())) == (2, True, 1), words
            standby.command("select pg_promote()")
            judged = await _judged(made, [*first, *second], len(first))
            return f"while it is a standby, starts get 503 after {seconds:.1f} s; then {judged}"


async def _ended(made: World) -> None:
    for replica in made.replicas:
        replica.process.send_signal(signal.SIGTERM)
        await replica.ended()


async def _judged(made: World, before: Sequence[Frame], stored: int) -> str:
    """Each cursor from before reads what it did or is told 410, also when other runs took the
    numbers of what is lost.
    """
    early = await _gone(made, before, stored)
    watch = Stopwatch()
    while True:
        answer = await made.other(1).client.post(RUN, json=run_body("9 0 7", "t1", "r3"))
        if answer.status_code == 200:
            break
        assert watch() < 30, answer.text
        await asyncio.sleep(0.1)
    late = await _gone(made, before, stored)
    assert late == len(before), f"only {late} of {len(before)} got 410"
    check(await made.history("t1"))
    return f"{early} of {len(before)} cursors get 410 at once, all after the next run"


async def _gone(made: World, before: Sequence[Frame], stored: int) -> int:
    """How many are; the others read on in what is there of it."""
    count = 0
    for number, (cursor, _) in enumerate(before):
        try:
            seen = await made.other(number).connect("t1", str(cursor))
        except httpx.HTTPStatusError as error:
            assert error.response.status_code == 410, error.response.status_code
            count += 1
        else:
            records = [frame for frame in seen if frame[0]]
            assert records == list(before[number + 1 : stored]), (number, stored, records)
    return count
