"""`/annotate`: what a front end noticed a user doing, for whoever wants to learn from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from agui_runtime.core.access import Resource
from agui_runtime.core.errors import InvalidInput, first_fault
from agui_runtime.core.events import Caller
from agui_runtime.core.ids import MAX_ID
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.errors import HttpRefusal
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.shared.bodies import BodyLimits


class Annotation(BaseModel):
    """Something that happened in a thread; a page that sends it twice repeats `client_event_id`.

    `own` says whether the thread is the caller's: False also where nothing was run in it yet. The
    page is not shown which of the two it was, so that nobody learns of the threads of others; a
    recorder stores annotations by their caller.
    """

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    type: str = Field(min_length=1, max_length=200)
    thread_id: str = Field(min_length=1, max_length=MAX_ID)
    payload: Any = None
    client_event_id: str | None = None
    occurred_at: str | None = None
    own: bool = False


class Recorded(NamedTuple):
    """The id under which an annotation is stored, and whether it was there already."""

    id: str
    duplicate: bool = False


Recorder: TypeAlias = Callable[[Caller, Annotation], Awaitable[Recorded]]
"""Stores annotations, wherever you want them."""


class Annotate:
    """The handler of `/annotate`; refuses until there is a recorder."""

    def __init__(
        self, runtime: CopilotRuntime, recorder: Recorder | None, limits: BodyLimits
    ) -> None:
        self._runtime = runtime
        self._recorder = recorder
        self._limits = limits

    async def annotate(self, exchange: AguiExchange) -> None:
        if self._recorder is None:
            message = (
                "Annotations are stored nowhere: give WireOptions(annotations=...) a recorder."
            )
            raise HttpRefusal(422, {"error": message})
        annotation = _annotation(await exchange.payload(self._limits))
        caller, where = exchange.caller, annotation.thread_id
        thread = await self._runtime.threads.find(where, caller, "annotate")
        if thread is None:
            await self._runtime.permissions.check(caller, "annotate", Resource(thread_id=where))
        annotation = annotation.model_copy(update={"own": thread is not None})
        recorded = await self._recorder(exchange.caller, annotation)
        await exchange.answer({"id": recorded.id, "duplicate": recorded.duplicate})


def _annotation(payload: object) -> Annotation:
    try:
        return Annotation.model_validate(payload)
    except ValidationError as error:
        raise InvalidInput(first_fault(error)) from None
