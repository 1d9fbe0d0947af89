"""What a run of a request is to do: by which agent, with what it may call, within which limits.

It is the same in the process that takes the request and on a worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from time import time
from typing import NamedTuple

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import EventAgent
from agui_runtime.core.copies import replace
from agui_runtime.core.events import RunInfo, RunRequest
from agui_runtime.core.history import Truth
from agui_runtime.core.ids import check_id
from agui_runtime.runs.assignment import Assignment, Pricing
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runtime.catalog import Sources
from agui_runtime.runtime.colleagues import RuntimeColleagues
from agui_runtime.runtime.equipment import Equipment
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.stores.states import StateStoreManager
from agui_runtime.wrappers.checked import CheckedAgent


class Terms(NamedTuple):
    """What is the same for all runs of a runtime."""

    limits: RunLimits
    pricing: Pricing
    history: Truth


class Assignments:
    """`terms` and `states` are called each time: they may change until the runtime is opened."""

    def __init__(
        self,
        sources: Sources,
        permissions: Permissions,
        equipment: Equipment,
        terms: Callable[[], Terms],
        states: Callable[[], StateStoreManager],
    ) -> None:
        self._sources = sources
        self._permissions = permissions
        self._equipment = equipment
        self._terms = terms
        self._states = states

    async def of(self, request: RunRequest) -> tuple[RunInfo, Assignment]:
        """A new run of the request, for which ids are made that it lacks.

        Raises AgentNotFound, Forbidden, InvalidInput, and RemoteFailure where a remote that does
        not answer may have the agent.
        """
        agent, name = await self.agent(request), self._sources.present(request.agent)
        run_input, states = _with_ids(request.input), self._states()
        states.check(name, run_input.state)
        info = RunInfo(
            thread_id=run_input.thread_id,
            run_id=run_input.run_id,
            agent=name,
            owner=request.context.caller.owner,
            started_at=time(),
            fingerprint=request.fingerprint,
            schema_version=states.schemas[name].version if name in states.schemas else 1,
        )
        if run_input is not request.input:
            request = replace(request, input=run_input)
        return info, self.by(agent, request)

    def present(self, name: str) -> str:
        """What the agent of that name is called now."""
        return self._sources.present(name)

    def may_have(self, name: str) -> bool:
        """Whether there may be an agent of that name here; it is not asked of remotes."""
        return self._sources.may_have(name)

    def by(self, agent: EventAgent, request: RunRequest) -> Assignment:
        """The request, to be answered by this agent."""
        known = (self._sources, self._permissions, request.context, request.input.thread_id)
        context = replace(
            request.context, ephemeral=request.ephemeral, colleagues=RuntimeColleagues(*known)
        )
        terms = self._terms()
        if request.scheduled:
            terms = terms._replace(history="thread")
        return Assignment(agent, request.input, context, *terms, may_be_long=not request.is_short)

    async def agent(self, request: RunRequest) -> EventAgent:
        """The agent that the request names, as it answers this request for this caller; raises as
        `of`.
        """
        name, thread_id = self._sources.present(request.agent), request.input.thread_id or None
        catalog = await self._permissions.startable(
            request.context.caller, await self._sources.catalog(request.context), name, thread_id
        )
        agent = self._equipment.applied(name, catalog, request)
        schema = self._states().schemas.get(name)
        return agent if schema is None else CheckedAgent(agent, schema)


def _with_ids(run_input: RunAgentInput) -> RunAgentInput:
    """The input with ids for what has none; ids from outside are checked first."""
    made = {}
    for field in ("thread_id", "run_id"):
        value = getattr(run_input, field)
        if not value:
            made[field] = str(uuid.uuid4())
        else:
            check_id(value, field)
    return run_input.model_copy(update=made) if made else run_input
