"""What the independent validator of AG-UI says to every stream that agents of ours can cause."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ag_ui_validate.transport import TransportOptions, default_run_agent_input, validate_endpoint

from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.wires.agui.scenarios import SCENARIOS
from tests.wires.agui.serving import serving

NEWER = {
    ("chat", "run"): "AGUI105",  # an empty delta
    ("tool", "run"): "AGUI504",  # a result of several parts
    ("tool", "connect"): "AGUI504",
    ("subagent", "run"): "AGUI606",  # steps of one name, one for each subagent
    ("subagent", "connect"): "AGUI606",
}
"""What AG-UI 1.0 allows and the validator, which is of 0.x, does not know."""


async def findings(url: str, run_body: Mapping[str, str]) -> list[tuple[str, str]]:
    """The rules that the stream breaks, and how; mere remarks are left out."""
    options = TransportOptions(input={**default_run_agent_input(), **run_body})
    result = await validate_endpoint(url, options)
    broken = [result.transport_error] if result.transport_error else []
    failed = [("", text) for text in (*broken, *result.report.internal_errors)]
    told = [each for each in result.report.diagnostics if each.severity != "info"]
    return [*failed, *((each.rule, each.message) for each in told)]


@pytest.mark.parametrize(
    ("version", "known"), [({}, {}), ({"protocolVersion": "1.0"}, NEWER)], ids=["0.x", "1.0"]
)
async def test_it_finds_no_fault_in_any_run_live_or_later(
    version: Mapping[str, str], known: Mapping[tuple[str, str], str]
) -> None:
    agents = {**SCENARIOS, "demo": DemoAgent()}
    faults = {}
    async with serving(CopilotRuntime(agents=agents)) as server:
        for name in agents:
            for method in ("run", "connect"):
                url = f"{server.base_url}agent/{name}/{method}"
                faults[name, method] = await findings(url, {"threadId": name, **version})
    unknown = {
        stream: [fault for fault in told if fault[0] != known.get(stream)]
        for stream, told in faults.items()
    }
    assert {stream: told for stream, told in unknown.items() if told} == {}
    assert {stream for stream, told in faults.items() if told} == set(known)
