"""Agents behind a URL: a CopilotKit runtime, which has threads, or any single AG-UI endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import NamedTuple
from urllib.parse import quote

import httpx
import orjson
from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import wrap
from agui_runtime.agents.run_input import typed
from agui_runtime.commands.chat.local import chosen
from agui_runtime.commands.chat.remedies import REMEDIES
from agui_runtime.connectors.agui import AGUIAgent, RemoteOptions
from agui_runtime.connectors.shared.network import client
from agui_runtime.connectors.shared.remote import Patience, RemoteServer
from agui_runtime.core import jsontext
from agui_runtime.core.errors import AgentNotFound, RemoteFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.queueing import LIVE
from agui_runtime.runtime.catalog import DEFAULT_AGENT

PATIENCE = Patience(connect=5.0, retries=1, first_wait=0.3)
"""Somebody sits in front of it."""


IN_ITS_LOG = "its server's log may say why"


class Address(NamedTuple):
    """A URL, and the bearer token for it."""

    url: str
    token: str | None = None

    @property
    def options(self) -> RemoteOptions:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        return RemoteOptions(headers=headers, patience=PATIENCE)


async def found_at(address: Address, agent: str | None) -> EndpointPeer | RuntimePeer:
    """What is at the URL; raises AgentNotFound with the names that there are, and RemoteFailure."""
    agents = await _agents(address)
    if agents is None:
        return EndpointPeer(address, agent)
    name = chosen(agent, agents)
    if name is None:
        raise AgentNotFound(agent or DEFAULT_AGENT, agents)
    return RuntimePeer(address, name)


class EndpointPeer:
    """One AG-UI agent. It has no threads to show, and is stopped by closing its connection."""

    cause = IN_ITS_LOG

    def __init__(self, address: Address, agent: str | None = None) -> None:
        self._address = address
        self._agent = AGUIAgent(address.url, name=agent or address.url, options=address.options)

    @property
    def where(self) -> str:
        return f"the AG-UI agent at {self._address.url}"

    async def open(self) -> None:
        """It answers nothing but runs."""

    async def live(self, thread_id: str) -> str | None:
        return None

    async def history(self, thread_id: str) -> AsyncGenerator[Event, None]:
        nothing: tuple[Event, ...] = ()
        for event in nothing:
            yield event

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        async with aclosing(wrap(self._agent, self._agent.name).run(request)) as events:
            async for event in events:
                yield event

    async def stop(self, thread_id: str) -> bool:
        return False

    async def close(self) -> None:
        await self._agent.close()


class RuntimePeer:
    """An agent of a CopilotKit runtime, ours or another, by its AG-UI routes."""

    cause = IN_ITS_LOG

    def __init__(self, address: Address, agent: str) -> None:
        self._address = address
        self._name = agent
        base = f"{address.url.rstrip('/')}/agent/{quote(agent, safe='')}"
        options = address.options
        self._runs = AGUIAgent(f"{base}/run", name=agent, options=options)
        self._threads = AGUIAgent(f"{base}/connect", name=agent, options=options)
        self._stops = RemoteServer(f"{base}/stop", f"the server of agent {agent!r}", options)

    @property
    def where(self) -> str:
        return f"agent {self._name} at {self._address.url}"

    async def open(self) -> None:
        """It was found there."""

    async def live(self, thread_id: str) -> str | None:
        with suppress(RemoteFailure):  # other runtimes do not list runs
            found = await _got(self._address, f"/threads/{quote(thread_id, safe='')}/runs")
            runs = found.get("runs") if isinstance(found, dict) else None
            for run in runs if isinstance(runs, list) else ():
                if isinstance(run, dict) and run.get("status") in LIVE:
                    return str(run.get("id"))
        return None

    async def history(self, thread_id: str) -> AsyncGenerator[Event, None]:
        request = typed({"threadId": thread_id, "runId": f"connect-{thread_id}", "messages": []})
        async with aclosing(self._threads.replayed(request)) as events:
            async for event in events:
                yield event

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        async with aclosing(wrap(self._runs, self._name).run(request)) as events:
            async for event in events:
                yield event

    async def stop(self, thread_id: str) -> bool:
        answer = await self._stops.ask(f"/{quote(thread_id, safe='')}", {})
        return isinstance(answer, dict) and answer.get("stopped") is True

    async def close(self) -> None:
        for each in (self._runs, self._threads, self._stops):
            await each.close()


async def _agents(address: Address) -> list[str] | None:
    """The names of the runtime's agents; None where there is no runtime at the URL."""
    try:
        found = await _got(address, "/info")
    except RemoteFailure as failure:
        if failure.upstream in _NO_RUNTIME:
            return None
        raise
    agents = found.get("agents") if isinstance(found, dict) else None
    return list(map(str, agents)) if isinstance(agents, Mapping) else None


_NO_RUNTIME = frozenset({400, 404, 405, 406, 415, 422, 500, 501})
"""What servers answer that have an agent at the URL and nothing below it."""


async def _got(address: Address, path: str) -> Json:
    """What a GET is answered below the URL, None for what is no JSON; raises RemoteFailure."""
    server = RemoteServer(address.url, f"the server at {address.url}", address.options)
    url, headers = address.url.rstrip("/") + path, address.options.headers
    try:
        async with client(headers=headers, timeout=httpx.Timeout(10, connect=5)) as asking:
            answer = await asking.get(url)
    except httpx.HTTPError as error:
        raise server.failure("UNREACHABLE", "cannot be reached; check that it runs") from error
    if answer.status_code != 200:
        raise server.failure("REFUSED", _refusal(answer), answer.status_code)
    with suppress(orjson.JSONDecodeError):
        return jsontext.loads(answer.content)
    return None


def _refusal(answer: httpx.Response) -> str:
    remedy = REMEDIES.get(answer.status_code)
    return f"answered {answer.status_code}" + (f": {remedy}" if remedy else "")
