"""What models want back with their calls: how long it is kept, and whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ag_ui.core import AssistantMessage, RunAgentInput

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.events import OWN_VALUE, Event
from agui_runtime.runs.signatures import Signatures
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.talk import ask
from tests.wires.agui.serving import events, run_body, serving


class Paper:
    """Notes that are kept in the test; a `torn` paper takes none."""

    def __init__(self, *, torn: bool = False) -> None:
        self.note: Any = None
        self._torn = torn

    async def read(self, name: str) -> Any:  # noqa: ANN401  # JSON
        return self.note

    async def write(self, name: str, note: Any) -> None:  # noqa: ANN401  # JSON
        if self._torn:
            raise StoreUnavailable("the store is away")
        self.note = note


def signed(id_: str, value: str) -> Event:
    kind = "REASONING_ENCRYPTED_VALUE"
    return {"type": kind, "subtype": "tool-call", "entityId": id_, "encryptedValue": value}


def calling(id_: str) -> dict[str, Any]:
    function = {"name": "find", "arguments": "{}"}
    call = {"id": id_, "type": "function", "function": function}
    return {"id": f"a-{id_}", "role": "assistant", "toolCalls": [call]}


def value_of(request: RunAgentInput) -> str | None:
    [message] = [each for each in request.messages if isinstance(each, AssistantMessage)]
    assert message.tool_calls
    return message.tool_calls[0].encrypted_value


async def test_the_newest_are_kept_where_there_is_no_room_for_all() -> None:
    paper = Paper()
    for number in range(5):
        signatures = Signatures(paper)
        assert signatures.without([signed(f"c{number}", OWN_VALUE + "x" * 400_000)]) == []
        await signatures.save()
    assert list(paper.note) == ["c3", "c4"]


async def test_a_store_that_is_away_ends_no_run() -> None:
    signatures = Signatures(Paper(torn=True))
    signatures.without([signed("c1", OWN_VALUE)])
    await signatures.save()
    assert not signatures.unsaved


async def test_an_empty_note_changes_nothing() -> None:
    request = ask("hi", calling("c1"))
    assert await Signatures(Paper()).recalled(request) is request


async def test_what_a_peer_signed_is_shown_and_comes_back_to_it() -> None:
    requests: list[RunAgentInput] = []

    async def peer(request: RunAgentInput) -> AsyncIterator[Event]:
        """Signs its call, as AG-UI has it."""
        requests.append(request)
        if len(requests) == 1:
            yield {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "find"}
            yield {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": "{}"}
            yield signed("c1", "PEER=")
            yield {"type": "TOOL_CALL_END", "toolCallId": "c1"}

    result = {"id": "r1", "role": "tool", "toolCallId": "c1", "content": "found"}
    async with serving(CopilotRuntime(agents={"default": peer})) as client:
        first = await client.post("/agent/default/run", json=run_body(run="r1"))
        second = run_body(run="r2")
        second["messages"] += [calling("c1"), result]
        await client.post("/agent/default/run", json=second)
    assert signed("c1", "PEER=") in events(first.text)
    assert value_of(requests[1]) == "PEER="
