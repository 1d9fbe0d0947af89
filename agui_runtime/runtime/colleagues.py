"""The runtime's agents for whoever answers a run: only those that its caller may start."""

from __future__ import annotations

from agui_runtime.agents.agent import Agent
from agui_runtime.core.access import Resource
from agui_runtime.core.events import RunContext
from agui_runtime.runtime.catalog import Sources
from agui_runtime.runtime.permissions import Permissions


class RuntimeColleagues:
    """For one run; see `Colleagues`."""

    def __init__(
        self,
        sources: Sources,
        permissions: Permissions,
        context: RunContext,
        thread_id: str,
    ) -> None:
        self._sources = sources
        self._permissions = permissions
        self._context = context
        self._thread_id = thread_id

    async def may_start(self, name: str) -> bool:
        here = Resource(self._sources.present(name), self._thread_id)
        return await self._permissions.allow(self._context.caller, "start", here)

    async def find(self, name: str) -> Agent:
        """Raises AgentNotFound, Forbidden and RemoteFailure."""
        here = Resource(self._sources.present(name), self._thread_id)
        await self._permissions.check(self._context.caller, "start", here)
        return (await self._sources.find(name, self._context))[1]
