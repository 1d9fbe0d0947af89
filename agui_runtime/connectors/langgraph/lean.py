"""An adapter of a graph in this process, without the work that its runs do for nobody here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from copy import copy
from functools import cache, wraps
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import Cloneable, Runnable, alive
from agui_runtime.core.jsontext import JsonObject

_SCHEMAS = ("get_input_jsonschema", "get_output_jsonschema", "get_config_jsonschema")


class LeanAdapter:
    """The adapter, each run of it a clone that emits no RAW events.

    An adapter writes everything that happens in its graph as a RAW event, besides what it means.
    That takes longer than all else that it does, and `border` leaves it out. What happens in the
    graph and has no other event is a sign of life all the same. Adapters also make the same schemas
    of their graph for each run.
    """

    def __init__(self, adapter: Cloneable, graph: object) -> None:
        self.name: str = getattr(adapter, "name", "")
        self.description: str = getattr(adapter, "description", None) or ""
        self._adapter = adapter
        self._graph = _lean(graph)

    def clone(self) -> Runnable:
        twin = self._adapter.clone()
        twin.emit_raw_events, twin.graph = False, self._graph  # type: ignore[attr-defined]  # it has
        return twin

    def run(self, request: RunAgentInput) -> object:
        return self.clone().run(request)


def lean(adapter: Runnable, graph: object) -> Runnable:
    """The adapter that runs this graph, as a lean one if it can be: older ones always emit all."""
    if isinstance(adapter, Cloneable) and hasattr(adapter, "emit_raw_events"):
        return LeanAdapter(adapter, graph)
    return adapter


def _lean(graph: Any) -> object:  # noqa: ANN401  # of a library that need not be there
    made = copy(graph)
    made.astream_events = _noticed(graph.astream_events)
    for name in _SCHEMAS:
        if hasattr(graph, name):
            setattr(made, name, _once(getattr(graph, name)))
    return made


def _noticed(stream: Callable[..., AsyncGenerator[Any, None]]) -> object:
    """The stream, each of whose events tells the run that its agent lives."""

    @wraps(stream)  # adapters look at its signature
    async def noticed(*given: Any, **named: Any) -> AsyncGenerator[Any, None]:  # noqa: ANN401  # the graph's
        async with aclosing(stream(*given, **named)) as events:
            async for event in events:
                alive.get()()
                yield event

    return noticed


def _once(make: Callable[[], JsonObject]) -> Callable[..., JsonObject]:
    """The schema, made when it is first wanted: what a run is configured with does not matter."""
    made = cache(make)
    return lambda config=None: made()
