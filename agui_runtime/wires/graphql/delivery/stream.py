"""Brings a run to its reader, batch by batch, until the answer is complete."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, closing

from agui_runtime.core.errors import AgentFailure, AguiError, Forbidden, OwnerLost
from agui_runtime.core.events import Record
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.graphql.answer.context import StartedAnswer
from agui_runtime.wires.graphql.delivery.incremental import Delivery
from agui_runtime.wires.shared.pace import Pace

logger = logger_of(__name__)


def beginning(run: StartedAnswer, delivery: Delivery) -> Sequence[bytes]:
    """The payloads that need none of the run's records. Nothing of a run that has ended already, so
    that the whole answer can leave at one go.
    """
    is_over = run.handle.ended is not None and run.handle.ended.done()
    return () if is_over else delivery.begin()


async def deliveries(
    run: StartedAnswer, delivery: Delivery
) -> AsyncGenerator[Sequence[bytes], None]:
    """The payloads of the answer that follow its `beginning` as the run's records come, those of
    one wake-up together.

    When the records cannot be read, the answer ends as failed. What comes within a frame is
    gathered, see `Pace`. Raises Forbidden when they are no longer the reader's. Close it
    (`aclosing`).
    """
    handle = run.handle
    try:
        async with aclosing(handle.batches()) as batches:
            with closing(Pace(run.streaming.frame, handle.ended)) as pace:
                async for batch in batches:
                    if pace.is_early(batch):
                        await pace.due()
                    if payloads := _gained(run, delivery, batch.records):
                        yield payloads
                    if delivery.finished:
                        return
    except Exception as error:  # noqa: BLE001  # a wire's edge: a reader gets every failure
        run.projector.fail(_failure(error, run))
    if not delivery.finished:
        run.projector.fail(OwnerLost())
        yield delivery.take()


def _gained(run: StartedAnswer, delivery: Delivery, records: Sequence[Record]) -> list[bytes]:
    """The payloads that the records bring.

    The front ends of 1.10 look for a failure first and drop what stands in a payload beside it,
    so the failure comes in one of its own.
    """
    if len(records) > 1 and records[-1].event["type"] == "RUN_ERROR":
        words, failure = records[:-1], records[-1:]
        return [*_gained(run, delivery, words), *_gained(run, delivery, failure)]
    changed = run.projector.feed(records)
    return delivery.take() if changed else delivery.take_pieces()


def _failure(error: Exception, run: StartedAnswer) -> AguiError:
    """What the answer ends with, of which these clients cannot read the rest: no failure of the
    run, unless that is lost. Raises Forbidden if it is that.
    """
    if isinstance(error, Forbidden):
        raise error
    if not isinstance(error, AguiError):
        logger.error("the answer of run %s broke off", run.handle.run.run_id, exc_info=error)
        return AgentFailure("the answer broke off")
    if isinstance(error, OwnerLost):
        return error
    cause = f"the answer broke off, and the run may go on; load the thread again: {error.message}"
    failure = AguiError(cause)
    failure.code, failure.status = error.code, error.status
    return failure
