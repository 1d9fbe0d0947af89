"""Brings a run to its reader, batch by batch, until the answer is complete."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from agui_runtime.core.errors import AgentFailure, AguiError, Forbidden, OwnerLost
from agui_runtime.core.events import Record
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.graphql.answer.context import StartedAnswer
from agui_runtime.wires.graphql.delivery.incremental import Delivery
from agui_runtime.wires.shared.pace import paced

logger = logger_of(__name__)


async def deliveries(
    run: StartedAnswer, delivery: Delivery
) -> AsyncGenerator[Sequence[bytes], None]:
    """The payloads of the answer as the run's records come, those of one wake-up together.

    When the records cannot be read, the answer ends as failed. What comes within a frame is
    gathered, see `paced`. Raises Forbidden when they are no longer the reader's. Close it
    (`aclosing`).
    """
    if not _is_over(run) and (first := delivery.take()):
        yield first
    if delivery.finished:
        return
    try:
        async with aclosing(_followed(run, delivery)) as batches:
            async for payloads in batches:
                yield payloads
    except Forbidden:
        raise
    except AguiError as error:
        run.projector.fail(_of_reader(error))
    except Exception:  # a wire's edge: a reader gets every failure, and only that
        logger.exception("the answer of run %s broke off", run.handle.run.run_id)
        run.projector.fail(AgentFailure("the answer broke off"))
    if not delivery.finished:
        run.projector.fail(OwnerLost())
        yield delivery.take()


def _is_over(run: StartedAnswer) -> bool:
    """Whether the run has ended already, so that the whole answer can leave at one go."""
    return run.handle.ended is not None and run.handle.ended.done()


def _of_reader(error: AguiError) -> AguiError:
    """A failure of the answer, which these clients cannot take up again: not one of the run, unless
    that is lost.
    """
    if isinstance(error, OwnerLost):
        return error
    cause = f"the answer broke off, and the run may go on; load the thread again: {error.message}"
    failure = AguiError(cause)
    failure.code, failure.status = error.code, error.status
    return failure


async def _followed(
    run: StartedAnswer, delivery: Delivery
) -> AsyncGenerator[Sequence[bytes], None]:
    handle = run.handle
    async with aclosing(paced(handle.batches(), run.streaming.frame, handle.ended)) as batches:
        async for batch in batches:
            for records in _words_first(batch.records):
                changed = run.projector.feed(records)
                if payloads := delivery.take() if changed else delivery.take_pieces():
                    yield payloads
            if delivery.finished:
                return


def _words_first(records: Sequence[Record]) -> Sequence[Sequence[Record]]:
    """The front ends of 1.10 look for a failure first and drop what stands in a payload beside it,
    so the failure comes in one of its own.
    """
    if len(records) > 1 and records[-1].event["type"] == "RUN_ERROR":
        return records[:-1], records[-1:]
    return (records,)
