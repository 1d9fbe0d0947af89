"""What clients of which generation are sent: every published one must be able to read it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.wire import AguiWire
from tests.wires.agui.scenarios import SCENARIOS
from tests.wires.agui.serving import Event, events, run_body, serving, types


async def play(scenario: str, wire: AguiWire | None = None, *, today: bool = False) -> list[Event]:
    """What a client is sent, live and later, of this or an older generation."""
    body = run_body(**({"protocolVersion": "1.0"} if today else {}))
    async with serving(CopilotRuntime(agents=dict(SCENARIOS)), wire) as client:
        return await run(client, scenario, body)


async def run(client: httpx.AsyncClient, scenario: str, body: dict[str, Any]) -> list[Event]:
    live = events((await client.post(f"/agent/{scenario}/run", json=body)).text)
    replayed = events((await client.post(f"/agent/{scenario}/connect", json=body)).text)
    assert replayed[-1] == live[-1]
    return live


async def test_nothing_is_lost_for_todays_clients() -> None:
    found = await play("subagent", today=True)
    assert found[0]["protocolVersion"] == "1.0"
    assert types(found).count("SUBAGENT_STARTED") == 2
    assert types(found).count("STEP_STARTED") == 2


async def test_older_clients_hear_what_a_subagent_says_and_nothing_of_it() -> None:
    found = await play("subagent")
    assert "protocolVersion" not in found[0]
    assert types(found)[1:-1] == [
        "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END",
    ]  # fmt: skip
    assert not [event for event in found if "subagentRunId" in event]


@pytest.mark.parametrize("scenario", ["cancelled", "frontend_tool"])
async def test_older_clients_are_spared_outcomes_that_they_do_not_know(scenario: str) -> None:
    assert "outcome" not in (await play(scenario))[-1]
    assert "outcome" in (await play(scenario, today=True))[-1]


async def test_older_clients_get_what_waits_for_an_answer() -> None:
    assert (await play("interrupt"))[-1]["outcome"]["type"] == "interrupt"


async def test_older_clients_get_tool_results_as_text() -> None:
    [result] = [each for each in await play("tool") if each["type"] == "TOOL_CALL_RESULT"]
    assert isinstance(result["content"], str)
    assert '"text":"42"' in result["content"]


async def test_older_clients_get_files_that_are_elsewhere_in_their_form() -> None:
    file = {"type": "image", "source": {"type": "file", "value": "f1", "provider": "x"}}
    picture = {"type": "image", "source": {"type": "url", "value": "http://x.test/y.png"}}
    assert await attached("files", today=True) == [file]
    assert await attached("files") == [{"type": "binary", "mimeType": "image/*", "id": "f1"}]
    assert await attached("pictures") == [picture]
    oldest = AguiWire(oldest_clients=True)
    as_binary = {"type": "binary", "mimeType": "image/*", "url": "http://x.test/y.png"}
    assert await attached("pictures", oldest) == [as_binary]
    assert await attached("pictures", oldest, today=True) == [picture]


async def attached(scenario: str, wire: AguiWire | None = None, *, today: bool = False) -> Any:  # noqa: ANN401  # parts of a message
    found = await play(scenario, wire, today=today)
    return found[1]["messages"][0]["content"]


async def test_the_oldest_get_no_reasoning_in_snapshots_either() -> None:
    oldest = AguiWire(oldest_clients=True)
    for wire, roles in ((None, ["user", "reasoning"]), (oldest, ["user"])):
        snapshot = (await play("thoughts", wire))[1]
        assert [each["role"] for each in snapshot["messages"]] == roles


async def test_metadata_and_usage_are_let_be_by_older_clients_and_stay() -> None:
    assert await play("metadata") == [
        {key: value for key, value in event.items() if key != "protocolVersion"}
        for event in await play("metadata", today=True)
    ]


async def test_older_clients_get_no_empty_deltas() -> None:
    deltas = [each["delta"] for each in await play("chat") if "delta" in each]
    assert deltas == ["Grüße ", "🙂"]
    assert "" in [each.get("delta") for each in await play("chat", today=True)]


async def test_reasoning_can_be_withheld_from_the_oldest() -> None:
    assert "REASONING_START" in types(await play("reasoning"))
    hidden = AguiWire(oldest_clients=True)
    assert types(await play("reasoning", hidden)) == ["RUN_STARTED", "RUN_FINISHED"]
    assert "REASONING_START" in types(await play("reasoning", hidden, today=True))


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_what_is_optional_is_missing_and_never_null(scenario: str) -> None:
    for event in await play(scenario):
        nulls = [key for key, value in event.items() if value is None]
        has_null = event["type"] == "CUSTOM" and scenario == "activity"
        assert nulls == (["value"] if has_null else [])
