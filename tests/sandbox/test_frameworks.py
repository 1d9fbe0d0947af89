"""Sandboxed functions among a framework's own tools."""

from __future__ import annotations

from pathlib import Path

from agentscope.tool import FunctionTool

from agui_runtime.sandbox import Sandbox, in_sandbox, run_python, run_shell
from tests.sandbox import tools


async def test_agentscope_takes_one_for_a_tool(tmp_path: Path) -> None:
    tool = FunctionTool(in_sandbox(tools.moved, Sandbox(folder=tmp_path)).function)
    assert (tool.name, tool.description) == ("moved", "Moves a point.")
    assert set(tool.input_schema["properties"]) == {"point", "day"}
    answer = await tool(point={"x": 1}, day="2026-02-03")
    assert '"x": 2, "y": 2, "day": "2026-02-03"' in answer.content[0].text


async def test_the_shipped_actions_describe_themselves_to_frameworks(tmp_path: Path) -> None:
    box = Sandbox(folder=tmp_path)
    for action in (run_python(box), run_shell(box)):
        assert FunctionTool(action.function).description == action.description
        assert action.function.__doc__ == action.description  # LangChain takes no tool without one
        assert "It runs in a sandbox without network" in action.description
