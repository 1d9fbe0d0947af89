"""One remote endpoint: what it offers, found out when it is needed and kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ag_ui.core import Tool

from agui_runtime.agents.agent import Offer, OfferedTool, current_run
from agui_runtime.connectors.copilotkit.agent import RemoteAgent
from agui_runtime.connectors.copilotkit.parameters import to_schema
from agui_runtime.connectors.copilotkit.paths import V1, V2, Paths
from agui_runtime.connectors.shared.offers import DOWN, FRESH, Offers, key_of
from agui_runtime.connectors.shared.remote import (
    DEFAULT_OPTIONS,
    RemoteOptions,
    RemoteServer,
)
from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput, RemoteFailure
from agui_runtime.core.events import RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.keyword_arguments import explains_arguments


@explains_arguments
class RemoteEndpoint:
    """A server with `add_fastapi_endpoint(app, sdk, "/copilotkit_remote")` or the like, at `url`.

    Its actions are offered to all agents, its agents stand beside the runtime's own. What it offers
    is asked anew every `fresh` seconds, for each set of properties and headers apart; an endpoint
    that goes down is taken for what it was, one that was never reached is left alone for `down`
    seconds. `on_before_request` of the options gets the run's context and gives headers, for
    example a token out of its properties.
    """

    def __init__(
        self,
        url: str,
        *,
        options: RemoteOptions = DEFAULT_OPTIONS,
        fresh: float = FRESH,
        down: float = DOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = RemoteServer(url, "a remote endpoint", options)
        self._offers = Offers(fresh, down, clock)

    @property
    def forwarded_headers(self) -> HeaderNames:
        return self._server.forwarded_headers

    async def offer(self, context: RunContext) -> Offer:
        """Its agents and actions for this context; raises RemoteFailure, and InvalidInput for
        properties that cannot be sent.
        """
        body = _info_body(context)
        key = _key(body, await self._server.headers(context))

        async def learn() -> Offer:
            return self._offer(*await self._info(body, context))

        return await self._offers.get(key, learn)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._server.close()

    async def _info(
        self, body: Mapping[str, Json], context: RunContext
    ) -> tuple[Paths, Mapping[str, Json]]:
        """By the paths of v1, which all servers but the newest forks have, else by those of v2."""
        try:
            return V1, _checked(await self._server.ask(V1.info, body, context), self._server)
        except RemoteFailure as failure:
            if failure.upstream not in {404, 405}:
                raise
            return V2, _checked(await self._server.ask(V2.info, body, context), self._server)

    def _offer(self, paths: Paths, info: Mapping[str, Json]) -> Offer:
        agents = [
            RemoteAgent(self._server, paths, each["name"], each.get("description") or "")
            for each in _named(info.get("agents"))
        ]
        return Offer(
            agents={agent.name: agent for agent in agents},
            tools=[self._tool(paths, each) for each in _named(info.get("actions"))],
        )

    def _tool(self, paths: Paths, info: Mapping[str, Json]) -> OfferedTool:
        name = info["name"]
        tool = Tool(
            name=name,
            description=info.get("description") or "",
            parameters=to_schema(_named(info.get("parameters"))),
        )

        async def call(arguments: Mapping[str, Json]) -> object:
            context = current_run.get(None)
            body = {"name": name, "arguments": arguments, "properties": _properties(context)}
            answer = await self._server.ask(paths.action(name), body)
            return answer.get("result") if isinstance(answer, dict) else None

        return OfferedTool(tool, call)


def _info_body(context: RunContext) -> JsonObject:
    page = {"frontendUrl": context.url} if context.url else {}
    return {"properties": dict(context.properties), **page}


def _properties(context: RunContext | None) -> JsonObject:
    return dict(context.properties) if context else {}


def _key(body: Mapping[str, Json], headers: Mapping[str, str]) -> bytes:
    try:
        return key_of(body, headers)
    except jsontext.Unencodable:
        raise InvalidInput("properties: nested too deeply") from None


def _checked(info: object, server: RemoteServer) -> Mapping[str, Json]:
    if isinstance(info, dict) and isinstance(info.get("actions", info.get("agents")), list):
        return info
    raise server.failure("BROKEN", "is none: /info lists neither actions nor agents")


def _named(items: object) -> list[Mapping[str, Json]]:
    """The items that have a name; others cannot be called."""
    listed = items if isinstance(items, list) else []
    return [it for it in listed if isinstance(it, dict) and isinstance(it.get("name"), str)]
