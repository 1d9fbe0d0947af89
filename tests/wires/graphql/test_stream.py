"""An answer ends, whatever happens to the reading of its run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
from starlette.types import Message

from agui_runtime.errors import StoreUnavailable
from agui_runtime.events import Cursor
from agui_runtime.runtime import RunHandle
from agui_runtime.stores.base import Batch
from agui_runtime.wires.graphql.context import StartedRun
from agui_runtime.wires.graphql.incremental import Delivery
from agui_runtime.wires.graphql.limits import Limits
from agui_runtime.wires.graphql.operations import Operations
from agui_runtime.wires.graphql.schema import build_schema
from agui_runtime.wires.graphql.stream import deliver
from agui_runtime.wires.http import unless_gone
from tests.wires.graphql.merging import merged
from tests.wires.graphql.runs import RUN, STARTED, open_text, projector, records, say
from tests.wires.graphql.serving import QUERIES


class BreakingHandle:
    """A run of which two records can be read, and then `error` is what the reader gets."""

    run = RUN

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def batches(self) -> AsyncIterator[Batch]:
        yield Batch(records([STARTED, open_text("m1"), say("m1", "Half")]), Cursor("e", 3))
        if self._error:
            raise self._error


async def answered(error: Exception | None) -> Any:  # noqa: ANN401  # JSON
    """The answer to a run whose reading ends like this."""
    name = "generateCopilotResponse"
    plan = Operations(build_schema(), Limits()).prepare(QUERIES[name], name, {}).plan
    assert plan is not None
    made = projector()
    delivery = Delivery(plan, made.response)
    written: list[bytes] = []

    async def write(payloads: Sequence[bytes], last: bool) -> None:
        written.extend(payloads)
        assert last == delivery.finished

    run = StartedRun(cast(RunHandle, BreakingHandle(error)), made)
    await deliver(run, delivery, write)
    return merged(written)["data"][name]


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreUnavailable("no store"), "STORE_UNAVAILABLE"), (None, "OWNER_LOST")],
)
async def test_a_run_that_cannot_be_read_to_its_end_has_failed(
    error: Exception | None, code: str
) -> None:
    answer = await answered(error)
    details = answer["status"]["details"]
    assert details["originalError"]["extensions"]["runtimeCode"] == code
    assert details["originalError"]["code"] == "NETWORK_ERROR"
    assert answer["messages"][0]["content"] == ["Half"]
    assert answer["messages"][0]["status"]["reason"] == "Error streaming message content"


async def test_an_unexpected_error_ends_the_answer_and_stays_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await answered(KeyError("/srv/secret"))
    assert answer["status"]["details"]["description"] == "the answer broke off"
    assert "/srv/secret" in caplog.text


async def test_work_is_given_up_when_the_client_goes() -> None:
    gone, given_up = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def work() -> None:
        gone.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    assert not await unless_gone(receive, work())
    assert given_up.is_set()


async def test_work_that_fails_raises_although_the_client_is_there() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def work() -> None:
        raise KeyError("why")

    with pytest.raises(KeyError, match="why"):
        await unless_gone(receive, work())
