"""The agents that an AgentScope service lists, beside the runtime's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agui_runtime.connectors.agentscope import AgentScopeAgents
from agui_runtime.connectors.shared.remote import Patience, RemoteOptions
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page
from tests.connectors.talk import text
from tests.fakes.agentscope_service import FakeService, ended, said
from tests.ports import free_port
from tests.support import served

ONCE = RemoteOptions(patience=Patience(retries=0))


def listed(id_: object, name: object) -> dict[str, Any]:
    return {"id": id_, "source": "user", "data": {"name": name, "system_prompt": "?"}}


@asynccontextmanager
async def runtime_of(service: FakeService, **options: Any) -> AsyncIterator[CopilotRuntime]:  # noqa: ANN401
    async with served(service.app) as origin:
        runtime = CopilotRuntime({}, remotes=[AgentScopeAgents(origin, **options)])
        try:
            yield runtime
        finally:
            await runtime.close()


async def names(runtime: CopilotRuntime, owner: str = "ann") -> list[str]:
    found = await runtime.discover(RunContext(Caller(owner), request_id="q", headers={}))
    return sorted(each.name for each in found)


async def test_each_caller_is_offered_the_agents_that_are_listed_for_them() -> None:
    service = FakeService([*said("Hello"), ended()])
    service.agents = {"ann": [listed("a1", "helper")], "bob": [listed("b1", "cook")]}
    async with runtime_of(service, model={"model": "m"}) as runtime:
        assert await names(runtime) == ["helper"]
        assert await names(runtime, "bob") == ["cook"]
        events = await Page(runtime, caller=Caller("ann"), agent="helper").say("hi")
    assert text(events) == "Hello"
    assert service.sessions == [
        {"agent_id": "a1", "name": "helper", "chat_model_config": {"model": "m"}}
    ]
    assert service.users == {"ann"}


async def test_agents_of_one_name_are_told_apart_by_their_ids() -> None:
    service = FakeService()
    service.agents = {"ann": [listed("a1", "helper"), listed("a2", "helper"), listed("a3", "cook")]}
    async with runtime_of(service) as runtime:
        assert await names(runtime) == ["cook", "helper-a1", "helper-a2"]


@pytest.mark.parametrize("odd", [7, {}, listed(7, "x"), listed("a", None), {"id": "a", "data": 1}])
async def test_what_is_no_agent_is_not_offered(odd: Any) -> None:  # noqa: ANN401  # JSON
    service = FakeService()
    service.agents = {"ann": [odd, listed("a1", "helper")]}
    async with runtime_of(service) as runtime:
        assert await names(runtime) == ["helper"]


async def test_the_service_is_not_asked_with_every_request() -> None:
    now = [0.0]
    service = FakeService()
    service.agents = {"ann": [listed("a1", "helper")]}
    async with runtime_of(service, clock=lambda: now[0]) as runtime:
        await names(runtime)
        await names(runtime)
        assert service.listings == 1
        now[0] = 61.0
        service.agents = {"ann": [listed("a2", "cook")]}
        assert await names(runtime) == ["cook"]


async def test_a_service_that_is_down_takes_nothing_else_with_it() -> None:
    async def own(request: object) -> str:
        return "hi"

    remote = AgentScopeAgents(f"http://127.0.0.1:{free_port()}", options=ONCE)
    runtime = CopilotRuntime({"own": own}, remotes=[remote])
    try:
        assert await names(runtime) == ["own"]
    finally:
        await runtime.close()
