"""Brings a run to its reader, batch by batch, until the answer is complete or the reader gone."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeAlias

from agui_runtime.errors import AgentFailure, AguiError, OwnerLost
from agui_runtime.wires.graphql.context import StartedRun
from agui_runtime.wires.graphql.incremental import Delivery
from agui_runtime.wires.pace import paced

logger = logging.getLogger(__name__)

Write: TypeAlias = Callable[[Sequence[bytes], bool], Awaitable[None]]
"""Sends payloads in one write; the flag tells that they are the last."""


async def deliver(run: StartedRun, delivery: Delivery, write: Write) -> None:
    """Write the answer as the run's records come; when they cannot be read, it ends as failed."""
    if first := delivery.take():
        await write(first, delivery.finished)
    if delivery.finished:
        return
    try:
        await _follow(run, delivery, write)
    except AguiError as error:
        run.projector.fail(error)
    except Exception:  # at the edge: a reader is told of every failure, and only of that
        logger.exception("the answer of run %s broke off", run.handle.run.run_id)
        run.projector.fail(AgentFailure("the answer broke off"))
    if not delivery.finished:
        run.projector.fail(OwnerLost())
        await write(delivery.take(), delivery.finished)


async def _follow(run: StartedRun, delivery: Delivery, write: Write) -> None:
    async with aclosing(paced(run.handle.batches())) as batches:
        async for batch in batches:
            run.projector.feed(batch.records)
            payloads = delivery.take()
            if payloads:
                await write(payloads, delivery.finished)
            if delivery.finished:
                return
