"""Plays recorded requests to our runtime, set up as the recorded one was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from agui_runtime.app import create_app
from agui_runtime.connectors.copilotkit import RemoteEndpoint, RemoteOptions
from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.connectors.shared.remote import HeaderSource, Patience
from agui_runtime.core.events import RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers.guardrails import TopicChecker
from tests.connectors.talk import Waits
from tests.fakes.actions import server_actions
from tests.fakes.agents import bench_agent, scripted_agents
from tests.fakes.guardrails import GuardrailsFake
from tests.fakes.mcp_process import STDIO
from tests.fakes.model import ModelServer
from tests.fakes.operations import operations_agent
from tests.fakes.remote import RemoteFake
from tests.ports import free_port
from tests.support import served
from tests.wires.graphql.comparator import Answer, Json, Outcome, merge, outcome

FOLDER = Path(__file__).parents[2] / "data" / "graphql" / "transcripts"
BASE = "/copilotkit"
CONNECTION_HEADERS = {"host", "content-length", "connection"}


@dataclass(frozen=True, slots=True)
class Transcript:
    """One recorded exchange with the reference runtime."""

    name: str
    recorded: Mapping[str, Json]

    @classmethod
    def load(cls, name: str) -> Transcript:
        return cls(name, json.loads((FOLDER / f"{name}.json").read_text()))

    @property
    def path(self) -> str:
        """Which of the recorded runtimes was asked: the first part of the path."""
        return "/" + str(self.recorded["request"]["path"]).split("?")[0].split("/")[1]

    @property
    def headers(self) -> dict[str, str]:
        headers: dict[str, str] = self.recorded["request"]["headers"]
        return {k: v for k, v in headers.items() if k.lower() not in CONNECTION_HEADERS}

    @property
    def status(self) -> int:
        return int(self.recorded["response"]["status_line"].split()[1])

    @property
    def response_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.recorded["response"]["headers"]}

    @property
    def model_requests(self) -> list[dict[str, Json]]:
        """The bodies that reached the model."""
        return [it["body"] for it in self.recorded["side_effects"]["llm_requests"]]

    def outcome(self) -> Outcome:
        """What the reference's client was left with; paths were cut out of the recorded bodies,
        so that the lengths in their parts are wrong."""
        parts = [part["json"] for part in self.recorded["parts"] or () if "json" in part]
        if parts and "hasNext" in parts[0]:
            return merge(parts)
        body = self.recorded["response"]["body_text"].encode()
        return outcome(Answer(self.status, self.response_headers, body))


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.json"))


@dataclass(frozen=True, slots=True)
class World:
    """A runtime on a real socket, the model behind its agent `default`, and what else it asks."""

    origin: str
    model: ModelServer
    runtime: CopilotRuntime
    remote: RemoteFake
    guardrails: GuardrailsFake

    async def play(self, transcript: Transcript, **changed: object) -> Answer:
        """Send the recorded request, with other values for the operation's `data` if given."""
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.send(self.request(transcript, **changed))
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    def request(self, transcript: Transcript, **changed: object) -> httpx.Request:
        asked = transcript.recorded["request"]
        url = self.origin + asked["path"].replace(transcript.path, BASE, 1)
        body = asked["raw_body"]
        if body is None and asked["body"] is not None:
            whole = json.loads(json.dumps(asked["body"]))
            if changed:
                whole["variables"]["data"] |= changed
            body = json.dumps(whole)
        return httpx.Request(asked["method"], url, headers=transcript.headers, content=body)


@asynccontextmanager
async def world(path: str) -> AsyncIterator[World]:
    """The runtime that the reference had at `path`."""
    remote, guardrails = RemoteFake(), GuardrailsFake()
    others = Starlette(routes=[guardrails.route, Mount("/", remote.app)])
    with ModelServer() as model:
        async with served(others) as endpoint:
            runtime = RUNTIMES[path](model.url, endpoint)
            async with served(create_app(runtime, path=BASE)) as origin:
                yield World(origin, model, runtime, remote, guardrails)


def _with_model(url: str, endpoint: str) -> CopilotRuntime:
    return CopilotRuntime(
        agents={"default": _model(url)},
        actions=server_actions(),
        guardrails=[TopicChecker(f"{endpoint}/guardrails/validate")],
    )


def _with_agents(url: str, endpoint: str) -> CopilotRuntime:
    agents: dict[str, Any] = {**scripted_agents(), "default": _model(url)}
    return CopilotRuntime(agents=agents, actions=server_actions())


def _agents_only(url: str, endpoint: str) -> CopilotRuntime:
    return CopilotRuntime(agents=scripted_agents())


def _one_agent(url: str, endpoint: str) -> CopilotRuntime:
    return CopilotRuntime(agents={"text_agent": scripted_agents()["text_agent"]})


def _unreachable_model(url: str, endpoint: str) -> CopilotRuntime:
    return CopilotRuntime(agents={"default": _model(f"http://127.0.0.1:{free_port()}/v1")})


def _operations(url: str, endpoint: str) -> CopilotRuntime:
    return CopilotRuntime(agents={"default": operations_agent}, actions=server_actions())


def _talker(url: str, endpoint: str) -> CopilotRuntime:
    return CopilotRuntime(agents={"default": bench_agent})


def _with_mcp(url: str, endpoint: str) -> CopilotRuntime:
    server = McpServer(command=[*STDIO, "0", "mcp_echo"])
    return CopilotRuntime(agents={"default": _model(url)}, remotes=[McpServers([server])])


def _with_remote(url: str, endpoint: str) -> CopilotRuntime:
    return CopilotRuntime(
        agents={"default": _model(url)},
        remotes=[_endpoint(endpoint, on_before_request=_remote_headers)],
    )


def _remote_down(url: str, endpoint: str) -> CopilotRuntime:
    gone = f"http://127.0.0.1:{free_port()}/x"
    return CopilotRuntime(agents={"default": _model(url)}, remotes=[_endpoint(gone)])


def _endpoint(url: str, on_before_request: HeaderSource | None = None) -> RemoteEndpoint:
    patience = Patience(retries=3, first_wait=1.0, sleep=Waits())
    return RemoteEndpoint(
        url, options=RemoteOptions(on_before_request=on_before_request, patience=patience)
    )


def _remote_headers(context: RunContext) -> Mapping[str, str]:
    token = context.properties.get("authorization", "none")
    return {"x-from-runtime": "1", "authorization": f"Bearer {token}"}


def _model(url: str) -> OpenAIAgent:
    patience = Patience(sleep=Waits())
    return OpenAIAgent("gpt-4o", api_key="sk-test", base_url=url, patience=patience)


RUNTIMES: Mapping[str, Callable[[str, str], CopilotRuntime]] = {
    "/copilotkit": _with_model,
    "/copilotkit-agents": _with_agents,
    "/copilotkit-agents-raw": _agents_only,
    "/copilotkit-badhost": _unreachable_model,
    "/copilotkit-empty": _one_agent,
    "/copilotkit-mcp": _with_mcp,
    "/copilotkit-obs": _with_model,
    "/copilotkit-remote": _with_remote,
    "/copilotkit-remote-down": _remote_down,
    "/copilotkit-script": _operations,
    "/bench": _talker,
}
"""By the reference's path, given the URLs of the model and of the remote endpoint."""
