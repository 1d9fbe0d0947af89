"""Another agent in the place of one that fails before its first event."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import Agent, Closable, calls_at_once
from agui_runtime.agents.border import normal, wrap
from agui_runtime.core.errors import AgentFailure, AguiError
from agui_runtime.core.events import FAILED_OVER, Event, as_event
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wrappers.base import Wrapper, is_fault

logger = logger_of(__name__)


def with_fallback(agent: object, fallback: object) -> Wrapper:
    """The agent, and `fallback` for a run that it fails before its first event.

    What the request itself is to blame for is not tried again. Front ends get the CUSTOM
    event FAILED_OVER, the log by a warning.
    """
    return _WithFallback(agent, fallback)


class _WithFallback(Wrapper):
    def __init__(self, agent: object, fallback: object) -> None:
        super().__init__(agent)
        self._fallback = wrap(fallback)
        self.calls_at_once = self.calls_at_once and calls_at_once(self._fallback)

    @property
    def answering(self) -> Sequence[Agent]:
        return (self.agent, self._fallback)

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        begun = False
        try:
            async with aclosing(self.agent.run(request)) as events:
                async for event in events:
                    if event["type"] == "RUN_ERROR" and not begun:
                        raise AgentFailure(event["message"], event.get("code"))
                    begun = begun or event["type"] != "RUN_STARTED"
                    yield event
            return
        except Exception as error:  # user code: an agent
            if begun or not is_fault(error):
                raise
            logger.warning(
                "agent %r failed; %r answers", self.name, self._fallback.name, exc_info=error
            )
            failure = error if isinstance(error, AguiError) else AgentFailure()
        value = {"message": failure.message, "code": failure.code, "agent": self._fallback.name}
        yield as_event({"type": "CUSTOM", "name": FAILED_OVER, "value": value})
        async with aclosing(self._fallback.run(request)) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        await super().close()
        if isinstance(self._fallback, Closable):
            await self._fallback.close()
