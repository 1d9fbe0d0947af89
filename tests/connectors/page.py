"""A front end for tests of connectors: it shows what runs tell, and sends all of it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import ANONYMOUS, Caller, Event, Message, RunContext, RunRequest
from agui_runtime.core.fold import fold
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.talk import text, user
from tests.runtime.worlds import ran, told


class Page:
    """A front end: it sends all that it has seen of the thread with every request."""

    def __init__(
        self,
        runtime: CopilotRuntime,
        thread: str = "t1",
        caller: Caller = ANONYMOUS,
        agent: str | None = None,
    ) -> None:
        self.runtime = runtime
        self.thread = thread
        self.caller = caller
        self.agent = agent
        self.messages: list[Message] = []
        self.runs = 0

    async def say(self, text: str, **rest: Any) -> list[Event]:  # noqa: ANN401  # the input's fields
        """Send a new message of the user."""
        self.messages.append(user(text, id_=f"{self.thread}-u{len(self.messages)}"))
        return await self.go(**rest)

    async def go(self, **rest: Any) -> list[Event]:  # noqa: ANN401
        """Send the conversation as it is."""
        return self.see(await ran(self.runtime, self.request(**rest)))

    def request(
        self,
        *,
        ephemeral: bool = False,
        headers: Mapping[str, str] | None = None,
        **rest: Any,  # noqa: ANN401
    ) -> RunRequest:
        self.runs += 1
        ids = {"threadId": self.thread, "runId": f"{self.thread}-r{self.runs}"}
        given = RunAgentInput.model_validate({**ids, "messages": self.messages, **rest})
        context = RunContext(self.caller, request_id="q", headers=headers or {})
        return RunRequest(given, context, self.agent, ephemeral=ephemeral)

    async def stopped(self, text: str, when: Callable[[], Any], **rest: Any) -> list[Event]:  # noqa: ANN401
        """Send a new message, and stop the run as soon as `when()` has come."""
        self.messages.append(user(text, id_=f"{self.thread}-u{len(self.messages)}"))
        handle = await self.runtime.start(self.request(**rest))
        await when()
        await handle.stop()
        return self.see(await told(handle))

    async def stopped_after(self, words: str, answer: str) -> list[Event]:
        """Send a new message, and stop the run as soon as that is what it has answered."""
        self.messages.append(user(words))
        handle = await self.runtime.start(self.request())
        events: list[Event] = []
        async for batch in handle.batches():
            events += [record.event for record in batch.records]
            if text(events) == answer:
                await handle.stop()
        return self.see(await told(handle))

    def see(self, events: list[Event]) -> list[Event]:
        before = [{"type": "MESSAGES_SNAPSHOT", "messages": self.messages}]
        self.messages = fold([*before, *events[1:]]).messages
        return events


def resume(events: Sequence[Event], payload: object, status: str = "resolved") -> list[Any]:
    """The answer to all that a run asked at its end."""
    interrupts = events[-1]["outcome"]["interrupts"]
    return [{"interruptId": i["id"], "status": status, "payload": payload} for i in interrupts]


def results(events: Sequence[Event]) -> dict[str, Any]:
    return {e["toolCallId"]: e["content"] for e in events if e["type"] == "TOOL_CALL_RESULT"}
