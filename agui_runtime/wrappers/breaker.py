"""Spares an agent that fails again and again: for a while it is not called at all."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Literal, TypeAlias

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import normal
from agui_runtime.agents.outer import OuterAgent
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.wrappers.base import Wrapper, is_fault

State: TypeAlias = Literal["closed", "open", "half-open"]
"""As such breakers name them: closed ones let runs through."""


def with_breaker(
    agent: object,
    failures: int = 5,
    pause: float = 30.0,
    clock: Callable[[], float] = time.monotonic,
) -> Breaker:
    """The agent, unless its last `failures` runs failed: then runs fail at once, for `pause`
    seconds, and after that one run tries again.

    A run that is refused so fails with AgentFailure AGENT_UNAVAILABLE. Failures that the request
    is to blame for, and stops, do not count.
    """
    return Breaker(agent, failures, pause, clock)


class Breaker(Wrapper):
    """See `with_breaker`. `closed`: whether the agent is called; `state`: also whether the next
    run may try again (`half-open`).
    """

    def __init__(
        self, agent: object, failures: int, pause: float, clock: Callable[[], float]
    ) -> None:
        super().__init__(agent)
        self._most = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0
        self._trying = False

    @property
    def closed(self) -> bool:
        return self._failures < self._most

    @property
    def state(self) -> State:
        if self.closed:
            return "closed"
        return "half-open" if self._waited() >= self._pause else "open"

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        self._admit()
        ended = False
        try:
            async with aclosing(self.agent.run(request)) as events:
                async for event in events:
                    if event["type"] in TERMINAL:
                        ended = True
                        self._note(_failure(event))
                    yield event
            if not ended:
                self._note(None)
        except Exception as error:  # user code: an agent
            self._note(error)
            raise
        finally:
            self._trying = False

    def _admit(self) -> None:
        if self.closed:
            return
        waited = self._waited()
        if self._trying or waited < self._pause:
            seconds = max(1, round(self._pause - waited))
            raise AgentFailure(
                f"the agent has failed repeatedly; try again in {seconds} s", "AGENT_UNAVAILABLE"
            )
        self._trying = True

    def _waited(self) -> float:
        return self._clock() - self._opened_at

    def _note(self, failure: Exception | None) -> None:
        if failure is None:
            self._failures = 0
        elif is_fault(failure):
            self._failures += 1
            self._opened_at = self._clock()


def breaker_states(agents: Mapping[str, object]) -> dict[str, State]:
    """The state of each of these agents that has a breaker, wrapped or not: for health checks."""
    found = {name: _breaker_of(agent) for name, agent in agents.items()}
    return {name: breaker.state for name, breaker in found.items() if breaker is not None}


def _breaker_of(agent: object) -> Breaker | None:
    while isinstance(agent, OuterAgent) and not isinstance(agent, Breaker):
        agent = agent.agent
    return agent if isinstance(agent, Breaker) else None


def _failure(terminal: Event) -> Exception | None:
    if terminal["type"] != "RUN_ERROR":
        return None
    return AgentFailure(terminal["message"], terminal.get("code"))
