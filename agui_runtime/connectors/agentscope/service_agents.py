"""The agents of an AgentScope service beside the runtime's own, as the service lists them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from agui_runtime.agents.agent import Offer
from agui_runtime.connectors.agentscope.identity import Identity, identified
from agui_runtime.connectors.agentscope.service import AgentScopeService
from agui_runtime.connectors.shared.offers import DOWN, FRESH, Offers, key_of
from agui_runtime.connectors.shared.remote import DEFAULT_OPTIONS, RemoteOptions, RemoteServer
from agui_runtime.core.events import RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import Json


class AgentScopeAgents:
    """Each caller is offered the agents that the service at `url` lists for whom `user` takes the
    caller for, by their names; `model` is the `chat_model_config` of new sessions. They are listed
    anew every `fresh` seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        model: Mapping[str, Json] | None = None,
        user: Identity | None = None,
        options: RemoteOptions = DEFAULT_OPTIONS,
        fresh: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._model = model
        self._user = user
        self._options = options
        self._server = RemoteServer(url, "an AgentScope service", identified(options, user))
        self._offers = Offers(fresh, DOWN, clock)
        self._agents: dict[tuple[str, str], AgentScopeService] = {}

    @property
    def forwarded_headers(self) -> HeaderNames:
        return self._server.forwarded_headers

    async def offer(self, context: RunContext) -> Offer:
        """The caller's agents there; raises RemoteFailure."""
        key = key_of(None, await self._server.headers(context))

        async def learn() -> Offer:
            answer = await self._server.ask("/agent/", None, context)
            if not isinstance(answer, dict) or not isinstance(answer.get("agents"), list):
                raise self._server.failure("BROKEN", "lists no agents at /agent/")
            named = _named(answer["agents"])
            return Offer({name: self._agent(id_, name) for name, id_ in named.items()})

        return await self._offers.get(key, learn)

    async def close(self) -> None:
        """Close the connections; a later run opens new ones."""
        await self._server.close()
        for agent in self._agents.values():
            await agent.close()

    def _agent(self, id_: str, name: str) -> AgentScopeService:
        if (id_, name) not in self._agents:
            self._agents[id_, name] = AgentScopeService(
                self._url,
                agent=id_,
                model=self._model,
                user=self._user,
                name=name,
                options=self._options,
            )
        return self._agents[id_, name]


def _named(records: Sequence[Json]) -> dict[str, str]:
    """The ids of the agents by their names; where several have one, their ids are part of it."""
    found = [(str(each["data"]["name"]), str(each["id"])) for each in records if _is_agent(each)]
    count = Counter(name for name, _ in found)
    return {name if count[name] == 1 else f"{name}-{id_}": id_ for name, id_ in found}


def _is_agent(record: Json) -> bool:
    data = record.get("data") if isinstance(record, dict) else None
    named = isinstance(data, dict) and isinstance(data.get("name"), str) and data["name"]
    return bool(named) and isinstance(record.get("id"), str)
