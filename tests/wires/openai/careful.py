"""An agent that carries out nothing before somebody has approved of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from tests.runtime.worlds import call, text


class Careful:
    """Asks before it removes each of its files, and notes how it was answered."""

    name = "careful"
    description = "Asks first"

    def __init__(self, *files: str, schema: dict[str, Any] | None = None) -> None:
        self.answers: list[list[tuple[str, Any]]] = []
        self._files = files or ("a",)
        self._schema = schema

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        if request.resume:
            self.answers.append([(each.interrupt_id, each.payload) for each in request.resume])
            for each in request.resume:
                id_ = each.interrupt_id.removeprefix("may-")
                words = "removed" if each.payload == {"approved": True} else "refused"
                made = {"toolCallId": id_, "content": words, "messageId": f"r-{id_}"}
                yield {"type": "TOOL_CALL_RESULT", **made}
            for event in text("m2", "Done."):
                yield event
            return
        for file in self._files:
            for event in call(f"c-{file}", "remove", f'{{"file":"{file}"}}'):
                yield event
        interrupts = [self._interrupt(file) for file in self._files]
        yield {"type": "RUN_FINISHED", "outcome": {"type": "interrupt", "interrupts": interrupts}}

    def _interrupt(self, file: str) -> dict[str, Any]:
        ids = {"id": f"may-c-{file}", "toolCallId": f"c-{file}"}
        schema = {"responseSchema": self._schema} if self._schema else {}
        return {**ids, "reason": "tool_call", "message": f"Remove {file}?", **schema}
