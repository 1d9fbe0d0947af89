"""Saves an agent's state while it runs, at most every so often; its end is saved with the log."""

from __future__ import annotations

from time import monotonic

from agui_runtime.core.errors import Conflict, StoreUnavailable, TooLarge
from agui_runtime.core.events import RunInfo
from agui_runtime.core.log_lines import logger_of
from agui_runtime.stores.base import AgentState, StateStore

logger = logger_of(__name__)


class Checkpoints:
    """`saved` is what was there before the run; its messages stay until the run ends, as whoever
    has to end the run of a dead process adds those of the log to them.

    Each save expects the version of the one before. If somebody else has saved, the run has lost
    its thread or is about to, and nothing more is saved.
    """

    def __init__(
        self, states: StateStore, run: RunInfo, saved: AgentState | None, every: float
    ) -> None:
        self._states = states
        self._run = run
        self._messages = saved.messages if saved else ()
        self._version = saved.version if saved else 0
        self._every = every
        self._next = monotonic() + every

    @property
    def due(self) -> bool:
        """Whether the latest save, or the start of the run, is long enough ago."""
        return monotonic() >= self._next

    async def save(self, state: object) -> None:
        """Save it if that can be done now; the end of the run saves it in any case."""
        run, saved = self._run, AgentState(state, self._messages)
        self._next = monotonic() + self._every
        try:
            self._version = await self._states.save(run.thread_id, run.agent, saved, self._version)
        except Conflict:
            self._next = float("inf")
        except (StoreUnavailable, TooLarge) as error:
            logger.warning("the run goes on unsaved: %s", error)
