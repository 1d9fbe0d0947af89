"""What `authorize` is asked, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agui_runtime import Caller, CopilotRuntime
from agui_runtime.core.access import Access, Authorize, Resource, Undecided
from agui_runtime.core.errors import AgentNotFound, Forbidden
from tests.runtime.worlds import ANN, BOB, Scripted, asking, ran, text
from tests.wires.agui.serving import serving
from tests.wires.graphql.serving import by_header


def a_runtime(authorize: Authorize, **agents: Scripted) -> CopilotRuntime:
    known = agents or {"default": Scripted(*text("m1", "Hello"))}
    return CopilotRuntime(known, authenticate=by_header, authorize=authorize)


def only(*allowed: Access) -> Authorize:
    return lambda caller, access, resource: access in allowed


async def test_it_is_asked_who_wants_to_do_what_with_which_thread_and_agent() -> None:
    asked: list[tuple[str, Access, Resource]] = []

    async def allow(caller: Caller, access: Access, resource: Resource) -> bool:
        asked.append((caller.owner, access, resource))
        return True

    runtime = a_runtime(allow)
    await ran(runtime, asking(agent="default"))
    await runtime.threads.update("t1", ANN, name="One")
    await runtime.saved_states.load("t1", "default", ANN)
    await runtime.stop("t1", ANN)
    await runtime.threads.delete("t1", ANN)
    here = Resource("default", "t1")
    kinds: list[Access] = ["start", "rename", "load_state", "stop", "delete"]
    assert asked == [("ann", each, here) for each in kinds]


async def test_it_is_not_asked_about_threads_of_others() -> None:
    asked: list[str] = []

    def allow(caller: Caller, access: Access, resource: Resource) -> bool:
        asked.append(caller.owner)
        return True

    runtime = a_runtime(allow)
    await ran(runtime, asking(agent="default"))
    assert await runtime.threads.find("t1", BOB) is None
    assert await runtime.saved_states.load("t1", "default", BOB) is None
    assert "bob" not in asked


@pytest.mark.parametrize("answer", [None, 1, "yes", Resource()])
async def test_an_answer_that_is_neither_yes_nor_no_lets_nobody_do_anything(answer: object) -> None:
    runtime = a_runtime(lambda caller, access, resource: answer)  # type: ignore[arg-type,return-value]  # the fault
    with pytest.raises(Undecided) as refused:
        await runtime.start(asking())
    assert "neither True nor False" in str(refused.value.__cause__)


async def test_a_function_that_fails_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(caller: Caller, access: Access, resource: Resource) -> bool:
        raise RuntimeError("the password is opal")

    async with serving(a_runtime(broken)) as client:
        answer = await client.get("/info", headers={"x-user": "ann"})
    assert answer.status_code == 500
    assert "opal" not in answer.text
    assert "opal" in caplog.text


async def test_lists_show_what_may_be_read_alone() -> None:
    def secret_is_hidden(caller: Caller, access: Access, resource: Resource) -> bool:
        return access != "read" or resource.agent != "secret"

    say = Scripted(*text("m1", "Hello"))
    runtime = a_runtime(secret_is_hidden, default=say, secret=say)
    await ran(runtime, asking(agent="default"))
    await ran(runtime, asking(agent="secret", thread="t2"))
    page = await runtime.threads.list(ANN)
    assert [each.thread_id for each in page.threads] == ["t1"]
    context = asking().context
    assert [each.name for each in await runtime.discover(context)] == ["default"]
    with pytest.raises(AgentNotFound) as unknown:
        await runtime.start(asking(agent="typo"))
    assert unknown.value.known == ["default"]
    with pytest.raises(AgentNotFound) as unknown:
        await runtime.find("typo", context)
    assert unknown.value.known == ["default"]


async def test_an_agent_calls_only_others_that_the_caller_may_start() -> None:
    def not_research(caller: Caller, access: Access, resource: Resource) -> bool:
        return access != "start" or resource.agent != "research"

    default = Scripted(*text("m1", "Hello"))
    others = {"research": Scripted(), "writer": Scripted()}
    runtime = a_runtime(not_research, default=default, **others)
    await ran(runtime, asking())
    assert [tool.name for tool in default.asked[0].tools or ()] == ["writer"]


async def test_who_may_start_needs_no_right_to_read() -> None:
    runtime = a_runtime(only("start"))
    assert await ran(runtime, asking(agent="default"))
    with pytest.raises(Forbidden):
        await runtime.threads.read("t1", ANN)


@pytest.mark.parametrize(
    ("allowed", "act"),
    [
        ("stop", lambda runtime: runtime.stop("t1", ANN)),
        ("rename", lambda runtime: runtime.threads.update("t1", ANN, archived=True)),
        ("delete", lambda runtime: runtime.threads.delete("t1", ANN)),
        ("load_state", lambda runtime: runtime.saved_states.load("t1", "default", ANN)),
        ("read", lambda runtime: runtime.threads.runs("t1", ANN)),
    ],
)
async def test_each_right_is_one_of_its_own(
    allowed: Access, act: Callable[[CopilotRuntime], Any]
) -> None:
    runtime = a_runtime(only("start", allowed))
    await ran(runtime, asking(agent="default"))
    await act(runtime)
    denied = a_runtime(only("start"))
    await ran(denied, asking(agent="default"))
    with pytest.raises(Forbidden):
        await act(denied)
