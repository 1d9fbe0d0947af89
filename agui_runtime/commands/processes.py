"""Several processes that serve on the same sockets, and the parent that looks after them."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from agui_runtime.commands.ledger import Ledger
from agui_runtime.commands.lifeline import CUT, DRAIN, MAKE_WAY, READY, RETIRE, Lifeline

if TYPE_CHECKING:
    from agui_runtime.commands.figures import Figures  # needs an extra

logger = logging.getLogger(__name__)

MODULE = "agui_runtime.commands.process"

LAST_WORDS = 2.0
"""Seconds for what a process that has ended said last."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the parent waits, in seconds: for a new process to serve (`ready`), for one that is
    to end (`end`). A process that died within `settled` of its start died at once; then the next
    one comes after `pause`, doubled each time, and after `tries` such deaths in a row none does.
    """

    ready: float = 60.0
    end: float = 60.0
    settled: float = 10.0
    pause: float = 0.5
    tries: int = 6


@dataclass(frozen=True, slots=True)
class Shared:
    """What all processes have together: how many they are to be, where they listen, and the ledger
    of their connections.
    """

    count: int
    listeners: Sequence[socket.socket]
    ledger: Ledger

    @property
    def files(self) -> list[int]:
        return [self.ledger.file, *(each.fileno() for each in self.listeners)]

    def words(self, place: int) -> list[int]:
        """What a process gets to know that has this place in the ledger."""
        file, *listeners = self.files
        return [self.count, file, self.ledger.places, place, *listeners]


@dataclass(eq=False, slots=True)
class Process:
    """One of the processes, with its place in the ledger; `failures` are the deaths at once that
    led to it.
    """

    handle: asyncio.subprocess.Process
    line: Lifeline
    place: int
    failures: int = 0
    is_dismissed: bool = False
    following: asyncio.Task[None] | None = None
    started: float = field(default_factory=monotonic)

    @classmethod
    async def start(cls, shared: Shared, failures: int = 0) -> Process:
        """Raises OSError where the system has no room for one more."""
        ours, its = socket.socketpair()
        place = shared.ledger.assign()
        with its:
            words = [its.fileno(), *shared.words(place)]
            try:
                handle = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", MODULE, *map(str, words)),
                    pass_fds=[its.fileno(), *shared.files],
                    stdin=asyncio.subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C in a terminal is for the parent
                )
            except OSError:
                ours.close()
                shared.ledger.free(place)
                raise
        return cls(handle, await Lifeline.over(ours), place, failures)

    @property
    def pid(self) -> int:
        return self.handle.pid

    def order(self, word: bytes) -> None:
        """Say how it is to end, which is then no death."""
        self.is_dismissed = True
        self.line.say(word)

    async def is_ready(self, seconds: float) -> bool:
        """Whether it serves before so many seconds are over."""
        try:
            async with asyncio.timeout(seconds):
                return await self.line.next() == READY
        except TimeoutError:
            return False

    async def ended(self, seconds: float | None = None) -> int:
        """Its exit code; it is killed when the seconds are over."""
        try:
            async with asyncio.timeout(seconds):
                await self.handle.wait()
        except TimeoutError:
            self.kill()
            await self.handle.wait()
        if self.following is not None:  # to the last figures, unless somebody else has the line
            await asyncio.wait([self.following], timeout=LAST_WORDS)
        self.line.close()
        return self.handle.returncode or 0

    def kill(self) -> None:
        if self.handle.returncode is None:
            self.handle.kill()


class Supervisor:
    """Keeps so many processes serving until a signal comes. SIGTERM and Ctrl-C drain all of them, a
    second one ends their runs, a third one kills them. SIGHUP replaces them one after the other.
    """

    def __init__(
        self,
        count: int,
        listeners: Sequence[socket.socket],
        patience: Patience | None = None,
        figures: Figures | None = None,
    ) -> None:
        self.signals: list[int] = []
        self._count = count
        self._shared = Shared(count, listeners, Ledger.of(2 * count))  # one takes another's place
        self._patience = patience or Patience()
        self._figures = figures
        self._processes: list[Process] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._replacing: asyncio.Task[None] | None = None
        self._is_replacement_due = False
        self._ending = asyncio.Event()
        self._failed = False

    async def run(self, origin: str) -> int:
        """Serve; returns the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._escalate, number)
        loop.add_signal_handler(signal.SIGHUP, self.replace_all)
        try:
            self._replacing = self._begin(self._start_all(origin))
            await self._replacing
            await self._ending.wait()
        finally:
            await self._end_all()
        if self._failed:
            return 1
        return 128 + signal.SIGINT if signal.SIGINT in self.signals else 0

    async def _start_all(self, origin: str) -> None:
        starting = [self._start() for _ in range(self._count)]
        processes = await asyncio.gather(*starting)
        ready = await asyncio.gather(*map(self._is_ready, processes))
        if self._ending.is_set():
            return
        if not all(ready):
            self._give_up("a process did not come up; its own lines say why")
            return
        for each in processes:
            self._begin(self._watch(each))
        pids = ", ".join(str(each.pid) for each in processes)
        many = f"{self._count} processes: " if self._count > 1 else "one process: "
        logger.info("running on %s with %s%s", origin, many, pids)

    async def _start(self, failures: int = 0) -> Process:
        process = await Process.start(self._shared, failures)
        self._processes.append(process)
        if self._ending.is_set():
            process.order(DRAIN)
        return process

    async def _is_ready(self, process: Process) -> bool:
        is_ready = await process.is_ready(self._patience.ready)
        if is_ready and self._figures is not None:
            process.following = self._begin(self._figures.follow(process.pid, process.line))
        return is_ready

    def _forget(self, process: Process) -> None:
        if process in self._processes:  # two may wait for its end
            self._processes.remove(process)
            self._shared.ledger.free(process.place)

    async def _watch(self, process: Process) -> None:
        """Put another one into the place of a process that dies."""
        code = await process.ended()
        self._forget(process)
        if not (process.is_dismissed or self._ending.is_set()):
            await self._succeed(process, code)

    async def _succeed(self, dead: Process, code: int) -> None:
        lived = monotonic() - dead.started
        failures = dead.failures + 1 if lived < self._patience.settled else 0
        await self._start_another(f"process {dead.pid} {_how(code)}", failures)

    async def _start_another(self, reason: str, failures: int) -> None:
        """A process that the system does not let start counts as one that died at once, and one
        that does not come up is killed, so that the next one takes its place.
        """
        if failures >= self._patience.tries:
            logger.error("%s", reason)
            self._give_up(f"processes end at once again and again, {failures} times in a row")
            return
        pause = self._patience.pause * 2 ** (failures - 1) if failures else 0.0
        when = f"in {pause:g} s" if pause else "now"
        logger.warning("%s; another one starts %s", reason, when)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._ending.wait()
        if self._ending.is_set():
            return
        try:
            successor = await self._start(failures)
        except OSError as error:
            await self._start_another(_not_started(error), failures + 1)
            return
        self._begin(self._watch(successor))
        if not await self._is_ready(successor):
            successor.kill()

    def replace_all(self) -> None:
        """Put new processes into the places of all, one after the other, once those that start have
        come up; what is called while they are replaced counts as one call after that.
        """
        if not self._is_replacement_due:
            self._is_replacement_due = True
            self._replacing = self._begin(self._replace_after(self._replacing))

    async def _replace_after(self, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        self._is_replacement_due = False
        for old in [each for each in self._processes if not each.is_dismissed]:
            if self._ending.is_set() or not await self._replace(old):
                return
        logger.info("every process was replaced")

    async def _replace(self, old: Process) -> bool:
        """Put a new process into the place of one that serves, once it serves; whether it does."""
        try:
            new = await self._start()
        except OSError as error:
            logger.error("%s; the old ones stay", _not_started(error))
            return False
        # Until one of them is settled upon, the end of neither is a death.
        new.is_dismissed = old.is_dismissed = True
        if not await self._is_ready(new):
            await self._go_on_with(old, new)
            return False
        new.is_dismissed = self._ending.is_set()
        self._begin(self._watch(new))
        logger.info("process %d takes the place of %d", new.pid, old.pid)
        # A single one leaves its clients' next requests to the new code, which waits for no run.
        old.order(RETIRE if self._count > 1 else MAKE_WAY)
        ending = self._begin(self._has_ended(old))
        if self._count > 1:
            await ending
        return True

    async def _has_ended(self, old: Process) -> None:
        await old.ended(self._patience.end)

    async def _go_on_with(self, old: Process, failed: Process) -> None:
        failed.kill()
        code = await failed.ended()
        self._forget(failed)
        if self._ending.is_set():
            return
        logger.error("the new process %s before it served; the old ones stay", _how(code))
        old.is_dismissed = False
        if old.handle.returncode is not None:
            await self._succeed(old, old.handle.returncode)

    def _escalate(self, number: int) -> None:
        """Each signal asks for more haste than the one before."""
        self.signals.append(number)
        self._ending.set()
        for each in self._processes:
            if len(self.signals) > len(_ORDERS):
                each.kill()
            else:
                each.order(_ORDERS[len(self.signals) - 1])

    def _give_up(self, reason: str) -> None:
        logger.error("%s: giving up", reason)
        self._failed = True
        self._ending.set()

    async def _end_all(self) -> None:
        self._ending.set()
        broken = 0
        while self._processes or self._tasks:
            for each in self._processes:
                each.order(DRAIN)
            for each in list(self._processes):
                broken += await each.ended(self._patience.end) not in _IN_ORDER
                self._forget(each)
            if self._tasks:
                await asyncio.wait(self._tasks)
        if self._failed:
            return
        if broken:
            logger.warning("stopped; %d processes broke off, with whatever ran in them", broken)
        else:
            logger.info("stopped; every run has ended")

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


_ORDERS = (DRAIN, CUT)
"""What the first and the second signal ask of every process; a third one kills."""

_IN_ORDER = (0, -signal.SIGTERM)
"""Exit codes of processes that lost nothing; one that SIGTERM kills did not serve yet."""


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was killed by {signal.Signals(-code).name}"


def _not_started(error: OSError) -> str:
    return f"a new process could not be started: {error.strerror or error}"
