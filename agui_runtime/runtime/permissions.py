"""What each caller may do: the one place where a runtime's `authorize` function is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from agui_runtime.core.access import Access, Authorize, Resource, Undecided
from agui_runtime.core.errors import Forbidden
from agui_runtime.core.events import Caller, RunInfo
from agui_runtime.runs.handle import Guard
from agui_runtime.runtime.catalog import Catalog
from agui_runtime.runtime.decisions import decided
from agui_runtime.runtime.rechecks import while_allowed
from agui_runtime.stores.base import Batch

T = TypeVar("T")


class Permissions:
    """Without an `authorize` function every caller may do everything, with threads of their own.

    It is called again after `every` so many seconds for whatever is open.
    """

    def __init__(self, authorize: Authorize | None = None, every: float = 60.0) -> None:
        self._authorize = authorize
        self.every = every

    @property
    def are_limited(self) -> bool:
        return self._authorize is not None

    async def allow(self, caller: Caller, access: Access, resource: Resource) -> bool:
        """Whether the caller may do it; raises Undecided where `authorize` fails, takes too long,
        or answers neither True nor False: nothing is done then.
        """
        if self._authorize is None:
            return True
        answer = await decided("authorize", self._authorize, caller, access, resource)
        if isinstance(answer, bool):
            return answer
        kind = type(answer).__name__
        wrong = TypeError(f"`authorize` returned a {kind}, which is neither True nor False")
        raise Undecided("authorize") from wrong

    async def check(self, caller: Caller, access: Access, resource: Resource) -> None:
        """Raises Forbidden if the caller may not do it."""
        if not await self.allow(caller, access, resource):
            raise Forbidden(access)

    def open(
        self,
        batches: AsyncGenerator[Batch, None],
        caller: Caller,
        access: Access,
        resource: Resource,
    ) -> AsyncGenerator[Batch, None]:
        """The batches as long as the caller, who got them by this access, may still do it; raises
        Forbidden as soon as it is known that they may not. Close it (`aclosing`).
        """
        if self._authorize is None:
            return batches
        return while_allowed(batches, partial(self.check, caller, access, resource), self.every)

    def guard(self, caller: Caller, run: RunInfo) -> Guard | None:
        """The same for the run that the caller has started, of which there may be several readers;
        None where nobody is ever refused.
        """
        if self._authorize is None:
            return None
        here = Resource(run.agent, run.thread_id)
        return lambda batches: self.open(batches, caller, "start", here)

    async def of_agents(
        self, caller: Caller, access: Access, agents: Mapping[str, T]
    ) -> dict[str, T]:
        """Those of the agents with which the caller may do it."""
        return {
            name: agent
            for name, agent in agents.items()
            if await self.allow(caller, access, Resource(name))
        }

    async def readable(self, caller: Caller, catalog: Catalog) -> Catalog:
        """What the caller may see of it."""
        if self._authorize is None:
            return catalog
        return replace(catalog, agents=await self.of_agents(caller, "read", catalog.agents))

    async def startable(
        self, caller: Caller, catalog: Catalog, name: str, thread_id: str | None
    ) -> Catalog:
        """What a run of that agent may use of it for the caller: other agents only if the caller
        may start these, too. Raises Forbidden; an agent that there is not stays unknown.
        """
        if self._authorize is None:
            return catalog
        if name not in catalog.agents:
            return await self.readable(caller, catalog)  # its error lists what there is
        await self.check(caller, "start", Resource(name, thread_id))
        others = {other: it for other, it in catalog.agents.items() if other != name}
        allowed = await self.of_agents(caller, "start", others)
        return replace(catalog, agents={name: catalog.agents[name], **allowed})
