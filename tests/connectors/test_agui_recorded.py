"""What real AG-UI servers said, byte for byte: pydantic-ai 2.68, ag-ui-langgraph 0.0.47, agno 3.1.

`tests/peers` asks the servers themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.fakes.endpoint import Endpoint
from tests.peers.talk import hear, user
from tests.support import served

FOLDER = Path(__file__).parents[1] / "data" / "remote" / "ag-ui"
ROME = '{"city":"Rome"}'


class Expected(NamedTuple):
    """What is left of a stream: texts, calls and their results, a question, how it ended."""

    answers: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    results: tuple[str, ...] = ()
    question: str = ""
    error: str = ""


RECORDED = {
    "agno-error": Expected(error="Incorrect API key provided: [hidden]."),
    "agno-own-tool": Expected(
        ("Tool result: sunny in Rome",), (("weather", '{"city": "Rome"}'),), ('"sunny in Rome"',)
    ),
    "agno-page-tool": Expected(calls=(("show", '{"city": "Rome"}'),)),
    "agno-text": Expected(("You said: hi",)),
    "langgraph-answer": Expected(("You said yes",)),
    "langgraph-error": Expected(error="the graph fell over"),
    "langgraph-page-tool": Expected(calls=(("greet", '{"name":"Bob"}'),)),
    "langgraph-question": Expected(question="approve?"),
    "langgraph-text": Expected(("Hello world",)),
    "pydantic-ai-error": Expected(error="the model fell over"),
    "pydantic-ai-own-tool": Expected(
        ("It returned sunny in Rome",), (("weather", ROME),), ("sunny in Rome",)
    ),
    "pydantic-ai-page-tool": Expected(calls=(("show", ROME),)),
    "pydantic-ai-text": Expected(("Hello world",)),
}


def test_every_recording_is_played() -> None:
    assert sorted(RECORDED) == sorted(file.stem for file in FOLDER.glob("*.sse"))


@pytest.mark.parametrize("name", RECORDED)
async def test_a_recorded_answer_is_understood(name: str) -> None:
    recorded = (FOLDER / f"{name}.sse").read_bytes()
    pieces = [recorded[at : at + 997] for at in range(0, len(recorded), 997)]
    async with served(Endpoint(pieces).app) as origin:
        agent = AGUIAgent(origin)
        told = await hear(CopilotRuntime({"default": agent}), user("hi"))
        await agent.close()
    questions = [str(it["value"]) for it in told.events if it["type"] == "CUSTOM"]
    assert RECORDED[name] == Expected(
        tuple(told.answers),
        tuple(told.calls),
        tuple(told.results),
        "".join(questions),
        told.end.get("message", ""),
    )
    assert "RAW" not in told.kinds
