"""`agui-runtime worker`: carries out the runs that servers over the same store have posted."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from agui_runtime.commands.collecting import collect_rarely, uncollected
from agui_runtime.commands.environment import name_app
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.queueing import DEFAULT_QUEUE, check_queue_name
from agui_runtime.settings import log_warnings, obeyed_by_command

if TYPE_CHECKING:
    from agui_runtime.commands.hosting import Hosted
    from agui_runtime.runtime.runtime import CopilotRuntime

logger = logging.getLogger(__name__)

MOST = 10_000
"""Slots that anybody could mean."""

ABOUT = "carry out runs that wait for a worker (AGUI_QUEUE)"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `worker` to the command line."""
    worker = commands.add_parser("worker", help=ABOUT, description=ABOUT)
    about = "whose runs, as AGUI_APP names it"
    worker.add_argument("app", nargs="?", metavar="MODULE:RUNTIME", help=about)
    about = "runs at a time; default: %(default)s"
    worker.add_argument("--slots", type=_slots, default=64, metavar="N", help=about)
    about = "comma-separated, those whose runs it takes; default: %(default)s"
    worker.add_argument("--queues", type=_queues, default=[DEFAULT_QUEUE], help=about)
    worker.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Work until a signal comes; raises AguiError, before anything is taken up."""
    with uncollected():
        from agui_runtime.commands.hosting import hosted  # takes half a second to import
        from agui_runtime.commands.measuring import measured
        from agui_runtime.commands.stores import examine_stores

    if options.app is not None:
        name_app(options.app)
    found = hosted()
    _check_queue(found.runtimes)
    examine_stores(found.runtimes, found.settings)
    collect_rarely()
    log_warnings(found.settings)
    with measured(found), obeyed_by_command():  # an app may be made at its start
        return asyncio.run(_worked(found, options.queues, options.slots))


def _slots(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"a number of slots is from 1 to {MOST}, not {text!r}")
    return int(text)


def _queues(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    try:
        for name in names:
            check_queue_name(name, "--queues")
    except Misconfigured as error:
        raise argparse.ArgumentTypeError(error.message) from None
    return names


def _check_queue(runtimes: Sequence[CopilotRuntime]) -> None:
    """Raises Misconfigured where a worker would never have anything to do."""
    if not runtimes:
        raise Misconfigured("there is no runtime of `create_app` in the app, whose runs could wait")
    if not any(runtime.options.run_in for runtime in runtimes):
        raise Misconfigured(
            "no runs are posted for workers: set AGUI_QUEUE, to the same as the servers have it"
        )


async def _worked(found: Hosted, queues: Sequence[str], slots: int) -> int:
    from agui_runtime.commands.serving import config_of

    config = config_of(found)
    config.load()
    lifespan = config.lifespan_class(config)  # the app's, as its agents may need it
    await lifespan.startup()
    if lifespan.should_exit:
        return 1
    signals = _Signals()
    runtimes = [each for each in found.runtimes if each.options.run_in]
    try:
        await _work(runtimes, queues, slots, signals)
    finally:
        try:
            await _drain(runtimes, found.settings.drain_seconds, signals)
        finally:
            await lifespan.shutdown()
    logger.info("stopped; every run has ended")
    return 128 + signal.SIGINT if signal.SIGINT in signals.received else 0


async def _work(
    runtimes: Sequence[CopilotRuntime], queues: Sequence[str], slots: int, signals: _Signals
) -> None:
    """Take up runs until a signal comes."""
    workers = [runtime.launcher.worker(queues, slots) for runtime in runtimes]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    logger.info(
        "working on %s, %d runs at a time; Ctrl-C lets live runs end, a second one ends them",
        ", ".join(queues),
        slots,
    )
    due = asyncio.create_task(signals.first.wait())
    await asyncio.wait([due, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (due, *tasks):
        task.cancel()
    await asyncio.wait([due, *tasks])
    for task in tasks:
        if not task.cancelled():
            task.result()  # raises what has ended it


async def _drain(runtimes: Sequence[CopilotRuntime], limit: float, signals: _Signals) -> None:
    """Let live runs go on for so many seconds, or until a second signal comes."""
    draining = asyncio.create_task(_drained(runtimes, limit))
    hurry = asyncio.create_task(signals.second.wait())
    await asyncio.wait([draining, hurry], return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not draining.done():
        await _drained(runtimes, 0)
    await draining


async def _drained(runtimes: Sequence[CopilotRuntime], limit: float) -> None:
    await asyncio.gather(*(runtime.drain(limit) for runtime in runtimes))


class _Signals:
    """Each asks for more haste than the one before; a third one waits for nobody."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.first, self.second = asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received.append(number)
        event = self.first if len(self.received) == 1 else self.second
        self._loop.call_soon_threadsafe(event.set)
        if len(self.received) > 1:
            for each in (signal.SIGINT, signal.SIGTERM):
                signal.signal(each, signal.SIG_DFL)
