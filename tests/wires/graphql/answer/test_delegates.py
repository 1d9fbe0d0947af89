"""Agents that another agent called as tools, as a 1.10.6 front end is told of them."""

from __future__ import annotations

from typing import Any

from agui_runtime.agents.delegates import DELEGATE, SUBAGENT_STATE
from agui_runtime.core.events import Event
from agui_runtime.wires.graphql.nouns.types import AgentStateMessageOutput
from tests.wires.graphql.runs import response

OWN = {"subagentRunId": "s1"}


def began(delegate: bool) -> Event:
    marked: dict[str, Any] = {"metadata": {DELEGATE: True}} if delegate else {}
    return {"type": "SUBAGENT_STARTED", **OWN, "name": "poet", **marked}


def state(snapshot: object) -> Event:
    told = {"type": "STATE_SNAPSHOT", "snapshot": snapshot}
    return {"type": "CUSTOM", **OWN, "name": SUBAGENT_STATE, "value": told}


END: Event = {"type": "SUBAGENT_FINISHED", **OWN}


def told(*events: Event) -> list[tuple[str, str, str, bool]]:
    """Agent, node, state and whether it is active, of each state message."""
    return [
        (message.agent_name, message.node_name, message.state, message.active)
        for message in response(*events).messages
        if isinstance(message, AgentStateMessageOutput)
    ]


def test_a_delegates_state_names_the_delegate() -> None:
    step = {"type": "STEP_STARTED", **OWN, "stepName": "rhyme"}
    assert told(began(True), step, state({"lines": 1}), END) == [
        ("poet", "rhyme", "{}", True),
        ("poet", "rhyme", '{"lines":1}', True),
        ("poet", "rhyme", '{"lines":1}', False),
    ]


def test_a_delegates_state_and_the_callers_are_two() -> None:
    own = {"type": "STATE_SNAPSHOT", "snapshot": {"mine": 1}}
    end = {"type": "RUN_FINISHED", "threadId": "thread-1", "runId": "run-1"}
    assert told(own, began(True), state({"lines": 1}), END, end)[-2:] == [
        ("poet", "", '{"lines":1}', False),
        ("planner", "", '{"mine":1}', False),
    ]


def test_the_end_of_an_agents_own_subagent_is_no_end_of_the_agent() -> None:
    own = {"type": "STATE_SNAPSHOT", "snapshot": {"mine": 1}}
    assert told(own, began(False), END) == [("planner", "", '{"mine":1}', True)]
