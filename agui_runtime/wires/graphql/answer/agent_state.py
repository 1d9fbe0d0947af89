"""An agent's state as CopilotKit 1.10 front ends follow it: one message for each change. Pure.

The rules are those of the bridge in `@ag-ui/client` 0.0.39 through which the 1.10.6 runtime runs
agents.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from agui_runtime.core import jsontext
from agui_runtime.core.events import REGENERATES, Event, Message, RunInfo, routed
from agui_runtime.core.json_patch import UNPATCHABLE, patched
from agui_runtime.core.jsontext import Json
from agui_runtime.wires.graphql.answer.messages import legacy
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO
from agui_runtime.wires.graphql.nouns.types import AgentStateMessageOutput


class AgentStateView:
    """Follows one run's events and makes what the front end has to know of the state after each.

    `node` is the step that runs, or whom a router chose; `running` ends with the custom event
    `Exit`. A custom event `PredictState` names tools whose streamed arguments are shown as state
    before the tool is done.
    """

    def __init__(self, run: RunInfo, clock: Callable[[], DateTimeISO]) -> None:
        self._run = run
        self._clock = clock
        self._document: Json = {}
        self._messages: Sequence[Message] | None = None
        self._node = ""
        self._running = True
        self._ended = False
        self._forecast = _Forecast()

    def feed(self, event: Event) -> AgentStateMessageOutput | None:
        """Take the next event; the message to show for it, if it changes what is known."""
        apply = _APPLY.get(event["type"])
        return apply(self, event) if apply else None

    def _step_started(self, event: Event) -> AgentStateMessageOutput:
        self._node = event["stepName"]
        self._forecast = _Forecast()
        return self._shown(self._state)

    def _step_finished(self, event: Event) -> AgentStateMessageOutput:
        self._forecast = _Forecast()
        return self._shown(self._state, active=False)

    def _snapshot(self, event: Event) -> AgentStateMessageOutput:
        if isinstance(event["snapshot"], dict):
            self._replace(event["snapshot"])
        about = event.get("metadata", {}).get("copilotkit")
        return self._declared(about) if isinstance(about, dict) else self._shown(self._state)

    def _declared(self, about: Mapping[str, Any]) -> AgentStateMessageOutput:
        """A state as CopilotKit's own agents tell it, with all that surrounds it: no steps, and no
        end of the run, say more.
        """
        self._node = str(about.get("nodeName", self._node))
        self._running = bool(about.get("running", self._running))
        self._ended = True
        shown = self._shown(self._state, active=bool(about.get("active", True)))
        shown.run_id = str(about.get("runId", shown.run_id))
        return shown

    def _delta(self, event: Event) -> AgentStateMessageOutput | None:
        try:
            self._replace(patched(event["type"], self._document, event["delta"]))
        except UNPATCHABLE:
            return None
        return self._shown(self._state)

    def _messages_snapshot(self, event: Event) -> AgentStateMessageOutput | None:
        if REGENERATES in event.get("metadata", ()):
            return None  # the page that asks again has taken the older answer back itself
        self._messages = event["messages"]
        return self._shown(self._state | {"messages": self._messages})

    def _tool_started(self, event: Event) -> None:
        self._forecast.open(event)

    def _tool_arguments(self, event: Event) -> AgentStateMessageOutput | None:
        foreseen = self._forecast.read(event)
        if not foreseen or all(self._state.get(key) == foreseen[key] for key in foreseen):
            return None
        self._replace(self._state | foreseen)
        return self._shown(self._state)

    def _custom(self, event: Event) -> None:
        if event["name"] == "Exit":
            self._running = False
        elif event["name"] == "PredictState":
            self._forecast.expect(event["value"])
        elif chosen := routed(event):
            self._node = chosen["agent"]

    def _finished(self, event: Event) -> AgentStateMessageOutput | None:
        state = self._state
        if self._messages is not None:
            state = state | {"messages": legacy(self._messages)}
        known = self._ended and self._messages is None
        return self._shown(state, active=False) if state and not known else None

    @property
    def _state(self) -> dict[str, Any]:
        return self._document if isinstance(self._document, dict) else {}

    def _replace(self, state: object) -> None:
        """Take over a state; its messages, if it has any, come with MESSAGES_SNAPSHOT alone."""
        if isinstance(state, dict) and "messages" in state:
            state = {key: value for key, value in state.items() if key != "messages"}
        self._document = state

    def _shown(self, state: Mapping[str, Any], active: bool = True) -> AgentStateMessageOutput:
        return AgentStateMessageOutput(
            id=f"ck-{uuid.uuid4()}",
            created_at=self._clock(),
            thread_id=self._run.thread_id,
            agent_name=self._run.agent,
            node_name=self._node,
            run_id=self._run.run_id,
            active=active,
            running=self._running,
            state=jsontext.dumps(state).decode(),
        )


_APPLY: dict[str, Callable[[AgentStateView, Event], AgentStateMessageOutput | None]] = {
    "STEP_STARTED": AgentStateView._step_started,
    "STEP_FINISHED": AgentStateView._step_finished,
    "STATE_SNAPSHOT": AgentStateView._snapshot,
    "STATE_DELTA": AgentStateView._delta,
    "MESSAGES_SNAPSHOT": AgentStateView._messages_snapshot,
    "TOOL_CALL_START": AgentStateView._tool_started,
    "TOOL_CALL_ARGS": AgentStateView._tool_arguments,
    "CUSTOM": AgentStateView._custom,
    "RUN_FINISHED": AgentStateView._finished,
}


class _Forecast:
    """Reads state out of tool arguments that are still streaming."""

    def __init__(self) -> None:
        self._rules: list[dict[str, Any]] = []
        self._calls: dict[str, tuple[str, list[str]]] = {}

    def expect(self, rules: object) -> None:
        """`rules`: a list of `{"state_key", "tool", "tool_argument"?}`; without the last, all
        arguments.
        """
        listed = rules if isinstance(rules, list) else []
        self._rules = [rule for rule in listed if isinstance(rule, dict) and rule.get("state_key")]

    def open(self, start: Event) -> None:
        self._calls[start["toolCallId"]] = (start["toolCallName"], [])

    def read(self, arguments: Event) -> dict[str, Any] | None:
        """The state that the arguments so far stand for, or None."""
        if not self._rules or arguments["toolCallId"] not in self._calls:
            return None
        tool, parts = self._calls[arguments["toolCallId"]]
        parts.append(arguments["delta"])
        rule = next((rule for rule in self._rules if rule.get("tool") == tool), None)
        return _foreseen(rule, "".join(parts)) if rule else None


def _foreseen(rule: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    try:
        values = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return None
    wanted = rule.get("tool_argument")
    if not isinstance(values, dict) or (wanted and wanted not in values):
        return None
    return {rule["state_key"]: values[wanted] if wanted else values}
