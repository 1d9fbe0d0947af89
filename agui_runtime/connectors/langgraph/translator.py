"""Turns what a LangGraph server streams of a run into AG-UI events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.connectors.langgraph.answers import ModelAnswers
from agui_runtime.connectors.langgraph.emitted import emitted, shown
from agui_runtime.connectors.langgraph.messages import result_of, to_agui
from agui_runtime.core import jsontext
from agui_runtime.core.errors import AgentFailure, ProtocolFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

_COUNTS = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "totalTokens": "total_tokens",
}


class GraphTranslator:
    """One run. Feed it the stream's events by their names; `end` gives the run's last events.

    `structured`: an interrupt is the outcome of RUN_FINISHED, as in AG-UI 1.0, instead of a custom
    event `on_interrupt`; a front end must get either, not both.
    """

    def __init__(self, request: RunAgentInput, structured: bool) -> None:
        self._run = {"threadId": request.thread_id, "runId": request.run_id}
        self._structured = structured
        self._answers = ModelAnswers()
        self._nodes: dict[str, str] = {}
        self._usage: dict[str, Event] = {}
        self._values: Mapping[str, Json] = {}
        self._interrupts: list[Mapping[str, Json]] = []
        self._state: Mapping[str, Json] | None = None
        self._graph = ""

    def feed(self, name: str, data: Json) -> Iterable[Event]:
        """The events for one of the stream; subgraphs' names have their namespace behind a `|`.

        Raises AgentFailure for the run's error, ProtocolFailure for what is no such stream.
        """
        kind, _, below = name.partition("|")
        tell = _TELL.get(kind)
        if tell is None or (below and kind == "values"):
            return []
        self._graph = below
        try:
            return list(tell(self, data))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ProtocolFailure("the LangGraph server's stream is malformed") from error

    def end(self) -> Iterable[Event]:
        """The run's last events."""
        yield from self._answers.ends()
        yield from self._end_nodes()
        yield from self._changed(self._values) if self._values else ()
        if isinstance(messages := self._values.get("messages"), list):
            yield {"type": "MESSAGES_SNAPSHOT", "messages": to_agui(messages)}
        if not self._structured:
            for each in self._interrupts:
                yield {"type": "CUSTOM", "name": "on_interrupt", "value": _text(each.get("value"))}
        usage = {"usage": list(self._usage.values())} if self._usage else {}
        outcome = _outcome(self._interrupts) if self._interrupts and self._structured else {}
        yield {"type": "RUN_FINISHED", **self._run, **outcome, **usage}

    # Messages

    def _message(self, data: Json) -> Iterator[Event]:
        message, about = data
        yield from self._node_entered(about.get("langgraph_node"))
        if message["type"] == "tool":
            yield from self._answers.end_call(message["tool_call_id"])
            yield _result(message)
        elif message["type"] in {"ai", "AIMessageChunk"}:
            self._count(message, about)
            path = self._path(str(about.get("langgraph_node")))
            yield from self._answers.feed(message, about, path)

    def _count(self, message: Mapping[str, Json], about: Mapping[str, Json]) -> None:
        usage = message.get("usage_metadata")
        if not usage:
            return
        model = about.get("ls_model_name")
        labels = {"provider": about.get("ls_provider"), "model": model}
        known = self._usage.setdefault(
            message.get("id") or "", {key: label for key, label in labels.items() if label}
        )
        for key, field in _COUNTS.items():
            known[key] = known.get(key, 0) + (usage.get(field) or 0)

    # Nodes and state

    def _node_entered(self, node: str | None) -> Iterator[Event]:
        """A node of a graph within the graph is no other step while its like is at work."""
        if node and node not in self._nodes:
            self._nodes[node] = self._graph
            yield {"type": "STEP_STARTED", "stepName": node}

    def _updated(self, data: Json) -> Iterator[Event]:
        for node in data:
            yield from self._answers.ends(self._path(node))
            if not node.startswith("__"):
                yield from self._node_entered(node)
                if self._nodes[node] == self._graph:
                    del self._nodes[node]
                    yield {"type": "STEP_FINISHED", "stepName": node}

    def _path(self, node: str) -> str:
        return f"{self._graph}|{node}" if self._graph else node

    def _end_nodes(self) -> Iterator[Event]:
        for node in reversed(self._nodes):
            yield {"type": "STEP_FINISHED", "stepName": node}
        self._nodes.clear()

    def _valued(self, data: Json) -> Iterator[Event]:
        self._values = data
        # Nodes that run side by side ask one after the other, each in values of its own.
        interrupts = data.get("__interrupt__") or ()
        self._interrupts += [each for each in interrupts if each not in self._interrupts]
        if not self._answers.predicting:  # what is foreseen would be taken back for a moment
            yield from self._changed(data)

    def _changed(self, values: Mapping[str, Json]) -> Iterator[Event]:
        state = shown(values)
        if state != (self._state or {}):
            self._state = state
            yield {"type": "STATE_SNAPSHOT", "snapshot": state}

    # The rest

    def _custom(self, data: Json) -> Iterator[Event]:
        named = isinstance(data, dict) and isinstance(data.get("name"), str)
        name = data["name"] if named else "langgraph.custom"
        value = data["value"] if named and "value" in data else data
        yield {"type": "CUSTOM", "name": name, "value": value}

    def _dispatched(self, data: Json) -> Iterator[Event]:
        """Those of the graph's callbacks that no other stream mode carries."""
        if data["event"] == "on_custom_event":
            yield from self._answers.pause()
            for event in emitted(data["name"], data["data"]):
                if event["type"] == "STATE_SNAPSHOT":
                    self._state = event["snapshot"]
                yield event

    def _failed(self, data: Json) -> Iterable[Event]:
        logger.error("a run on a LangGraph server failed: %s", data)
        kind = data.get("error") if isinstance(data, dict) else None
        raise AgentFailure(f"the graph failed ({kind or 'unknown error'}); see its server's log")


_TELL: dict[str, Callable[[GraphTranslator, Any], Iterable[Event]]] = {
    "messages": GraphTranslator._message,
    "updates": GraphTranslator._updated,
    "values": GraphTranslator._valued,
    "custom": GraphTranslator._custom,
    "events": GraphTranslator._dispatched,
    "error": GraphTranslator._failed,
}


def _result(message: Mapping[str, Json]) -> Event:
    failed = {"metadata": {"state": "error"}} if message.get("status") == "error" else {}
    return {
        "type": "TOOL_CALL_RESULT",
        "messageId": message.get("id") or f"result-{message['tool_call_id']}",
        "toolCallId": message["tool_call_id"],
        "role": "tool",
        "content": result_of(message),
        **failed,
    }


def _outcome(interrupts: Iterable[Mapping[str, Json]]) -> Event:
    listed = [
        {
            "id": each["id"],
            "reason": "langgraph:interrupt",
            "message": _text(each.get("value")),
            "metadata": {"value": each.get("value")},
        }
        for each in interrupts
    ]
    return {"outcome": {"type": "interrupt", "interrupts": listed}}


def _text(value: object) -> str:
    return value if isinstance(value, str) else jsontext.dumps(value).decode()
