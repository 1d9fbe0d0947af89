"""CopilotKit's remote endpoints: what they offer, when they are asked, what is asked of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp

from agui_runtime.agents.agent import KeepsState, Offer, OfferedTool, current_run
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.shared.remote import Patience
from agui_runtime.core.errors import AgentNotFound, InvalidInput, RemoteFailure
from agui_runtime.core.events import Caller, Event, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.recorded import RELEASES, recorded
from tests.connectors.talk import Waits, all_events, ask
from tests.fakes.endpoint import Endpoint
from tests.fakes.options import as_options
from tests.fakes.remote import RemoteFake
from tests.runtime.worlds import ANN, BOB, Scripted, asking, call as calling, ran
from tests.support import served

HERE = RunContext(Caller("ann"), "req-1", properties={"p": 1}, url="http://page.test/")
IN_V2 = ("/info", "/actions", "/agents")


class Clock:
    """Time as the test tells it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def endpoint(app: ASGIApp, **options: Any) -> AsyncIterator[RemoteEndpoint]:  # noqa: ANN401
    """The endpoint of a served app, which waits for nothing between two attempts."""
    given = {"patience": Patience(retries=3, first_wait=1.0, sleep=Waits()), **options}
    async with served(app) as origin:
        remote = RemoteEndpoint(origin, **as_options(given))
        try:
            yield remote
        finally:
            await remote.close()


async def offered(remote: RemoteEndpoint, context: RunContext = HERE) -> Offer:
    """What it offers; from here on the test is in a run with that context."""
    current_run.set(context)
    return await remote.offer(context)


def named(tools: Offer, name: str) -> OfferedTool:
    return next(each for each in tools.tools if each.tool.name == name)


@pytest.mark.parametrize("without", [(), IN_V2], ids=["v1", "v2"])
@pytest.mark.parametrize("release", RELEASES)
async def test_actions_of_real_releases_are_offered_and_called(
    release: str, without: tuple[str, ...]
) -> None:
    async with endpoint(recorded(release, without=without)) as remote:
        offer = await offered(remote)
        greet = named(offer, "greet_user")
        assert greet.tool.parameters == {
            "type": "object",
            "properties": {"name": {"type": "string", "description": "who"}},
            "required": ["name"],
        }
        if not without:
            assert await greet.call({"name": "Bob"}) == "Hello Bob"
            with pytest.raises(RemoteFailure, match="handler failed"):
                await named(offer, "failing").call({})


async def test_nested_parameters_become_a_schema() -> None:
    async with endpoint(recorded("0.1.96")) as remote:
        tool = named(await offered(remote), "complex").tool
    nested = {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "string", "enum": ["x", "y"]}},
        "required": ["b"],
    }
    strings = {"type": "array", "items": {"type": "string"}}
    assert tool.parameters == {
        "type": "object",
        "properties": {"o": nested, "l": strings},
        "required": ["o", "l"],
    }


async def test_an_offer_is_used_again_until_it_is_old() -> None:
    fake, clock = RemoteFake(), Clock()
    async with endpoint(fake.app, fresh=60.0, clock=clock) as remote:
        for now in (0.0, 59.0, 61.0):
            clock.now = now
            assert set((await offered(remote)).agents) == {
                "remote_crew",
                "remote_lg",
                "remote_weird",
            }
    assert fake.asked("/info") == [{"properties": {"p": 1}, "frontendUrl": "http://page.test/"}] * 2


async def test_another_caller_may_be_offered_something_else() -> None:
    fake = RemoteFake()
    tokens = {"on_before_request": lambda context: {"x-owner": context.caller.owner}}
    async with endpoint(fake.app, **tokens) as remote:
        for owner in ("ann", "bob", "ann"):
            await offered(remote, RunContext(Caller(owner), "req-1"))
    assert [headers["x-owner"] for _, headers, _ in fake.seen] == ["ann", "bob"]


async def test_an_endpoint_that_goes_down_is_taken_for_what_it_was() -> None:
    fake, clock = RemoteFake(), Clock()
    async with endpoint(fake.app, clock=clock) as remote:
        first = await offered(remote)
        clock.now, fake.unavailable = 61.0, 9
        assert await offered(remote) == first
        assert len(fake.asked("/info")) == 5  # asked again after 1, 2 and 4 seconds
        assert await offered(remote) == first
        assert len(fake.asked("/info")) == 5


async def test_an_endpoint_that_was_never_reached_is_left_alone_for_a_while() -> None:
    fake, clock = RemoteFake(unavailable=8), Clock()
    async with endpoint(fake.app, clock=clock, down=10.0) as remote:
        for now, asked in ((0.0, 4), (9.0, 4), (11.0, 8)):
            clock.now = now
            with pytest.raises(RemoteFailure):
                await offered(remote)
            assert len(fake.asked("/info")) == asked
        clock.now = 22.0
        assert (await offered(remote)).agents


async def test_properties_that_cannot_be_sent_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"in": deep}
    async with endpoint(RemoteFake().app) as remote:
        with pytest.raises(InvalidInput, match="properties"):
            await offered(remote, RunContext(Caller("ann"), "req-1", properties=deep))


async def test_something_that_is_no_endpoint_is_told() -> None:
    async with endpoint(Endpoint([b'{"hello": 1}']).app) as remote:
        with pytest.raises(RemoteFailure, match="lists neither actions nor agents") as failure:
            await offered(remote)
    assert failure.value.code == "REMOTE_BROKEN"


async def test_an_agent_is_asked_with_all_that_surrounds_the_run() -> None:
    fake = RemoteFake()
    said = {"id": "a1", "role": "assistant", "content": "Let me see"}
    function = {"name": "look", "arguments": '{"at": 1}'}
    asked = ask(
        "hi",
        {**said, "toolCalls": [{"id": "c1", "type": "function", "function": function}]},
        {"id": "t1", "role": "tool", "toolCallId": "c1", "content": "nothing"},
        state={"n": 1},
        tools=[{"name": "look", "description": "looks", "parameters": {"type": "object"}}],
        forwardedProps={"config": {"c": 1}, "nodeName": "here", "command": {"resume": {"ok": 1}}},
    )
    async with endpoint(fake.app) as remote:
        await all_events((await offered(remote)).agents["remote_crew"], asked)  # type: ignore[arg-type]  # it yields objects
    [body] = fake.asked("/agents/execute")
    assert body == {
        "name": "remote_crew",
        "threadId": "t1",
        "nodeName": "here",
        "messages": [
            {"type": "TextMessage", "id": "u1", "role": "user", "content": "hi"},
            {"type": "TextMessage", "id": "a1", "role": "assistant", "content": "Let me see"},
            {
                "type": "ActionExecutionMessage",
                "id": "c1",
                "name": "look",
                "arguments": {"at": 1},
                "parentMessageId": "a1",
            },
            {
                "type": "ResultMessage",
                "id": "t1",
                "actionExecutionId": "c1",
                "actionName": "look",
                "result": "nothing",
            },
        ],
        "state": {"n": 1},
        "config": {"c": 1},
        "properties": {"p": 1},
        "actions": [{"name": "look", "description": "looks", "parameters": {"type": "object"}}],
        "metaEvents": [{"name": "LangGraphInterruptEvent", "response": '{"ok":1}'}],
    }


async def test_answers_to_interrupts_of_ag_ui_1_0_go_on_too() -> None:
    fake = RemoteFake()
    resume = [{"interruptId": "i", "status": "resolved", "payload": "yes"}]
    async with endpoint(fake.app) as remote:
        await all_events((await offered(remote)).agents["remote_crew"], ask("hi", resume=resume))  # type: ignore[arg-type]  # it yields objects
    [body] = fake.asked("/agents/execute")
    assert body["metaEvents"] == [{"name": "LangGraphInterruptEvent", "response": "yes"}]


@pytest.mark.parametrize(
    ("forwarded", "sent"),
    [
        (
            {"command": {"resume": "", "interruptEvent": {"question": "Sure?"}}},
            [
                {
                    "name": "LangGraphInterruptEvent",
                    "value": '{"question":"Sure?"}',
                    "response": "",
                }
            ],
        ),
        (
            {"metaEvents": [{"name": "X", "value": "1", "response": ""}, {"name": "Y"}]},
            [{"name": "X", "value": "1", "response": ""}, {"name": "Y"}],
        ),
    ],
)
async def test_an_answer_goes_on_as_a_whole(
    forwarded: dict[str, Any], sent: list[dict[str, Any]]
) -> None:
    fake = RemoteFake()
    asked = ask("hi", forwardedProps=forwarded)
    async with endpoint(fake.app) as remote:
        await all_events((await offered(remote)).agents["remote_crew"], asked)  # type: ignore[arg-type]  # it yields objects
    [body] = fake.asked("/agents/execute")
    assert body["metaEvents"] == sent


async def test_remote_agents_stand_beside_the_runtimes_own() -> None:
    fake = RemoteFake()
    async with endpoint(fake.app) as remote:
        runtime = CopilotRuntime({"default": Scripted(), "remote_lg": Scripted()}, remotes=[remote])
        known = {each.name: each.description for each in await runtime.discover(HERE)}
        crew = await ran(runtime, asking(agent="remote_crew"))
        own = await ran(runtime, asking(agent="remote_lg", thread="t2"))
    assert known["remote_crew"] == "crew agent"
    assert known["remote_lg"] == "A script"
    assert spoken(crew) == "remote crew says hi"
    assert spoken(own) == ""


async def test_remote_actions_are_called_by_the_runtimes_agents() -> None:
    fake = RemoteFake()
    script = [*calling("c1", "remote_add", '{"a": 1, "b": 2}'), *calling("c2", "remote_fail", "{}")]
    script += calling("c3", "remote_add", "[1]")
    async with endpoint(fake.app) as remote:
        agent = Scripted(*script)
        runtime = CopilotRuntime({"default": agent}, remotes=[remote])
        events = await ran(runtime, asking(follow_up=False))
    results = [event["content"] for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert results[0] == "3"
    assert '"HANDLER_ERROR","message":"a remote endpoint refused: boom (500)"' in results[1]
    assert '"INVALID_ARGUMENTS"' in results[2]
    assert [it.name for it in agent.asked[0].tools or ()][:2] == ["remote_add", "remote_fail"]


async def test_an_endpoint_that_is_down_is_told_to_those_who_ask_for_its_agents() -> None:
    fake = RemoteFake(unavailable=99)
    async with endpoint(fake.app) as remote:
        runtime = CopilotRuntime({"default": Scripted()}, remotes=[remote])
        assert [each.name for each in await runtime.discover(HERE)] == ["default"]
        with pytest.raises(RemoteFailure):
            await runtime.start(asking(agent="remote_crew"))
        fake.unavailable = 0
    async with endpoint(fake.app) as remote:
        runtime = CopilotRuntime({"default": Scripted()}, remotes=[remote])
        with pytest.raises(AgentNotFound, match="'remote_crew'"):
            await runtime.start(asking(agent="nobody"))


async def test_state_that_an_agent_keeps_is_loaded() -> None:
    async with endpoint(recorded("0.1.70")) as remote:
        agent = (await offered(remote)).agents["lg_chat"]
        assert isinstance(agent, KeepsState)
        kept = await agent.kept_state("th-lg_chat", HERE)
        assert await agent.kept_state("none", HERE) is None
    assert kept is not None
    assert kept.state == {"copilotkit": {"actions": []}, "counter": 42}
    assert [(each["role"], each["content"]) for each in kept.messages] == [
        ("user", "hi"),
        ("assistant", "Hello world"),
    ]


async def test_state_is_never_asked_where_asking_would_run_the_agent() -> None:
    async with endpoint(recorded("0.1.70", without=IN_V2)) as remote:
        agent = (await offered(remote)).agents["lg_chat"]
        assert isinstance(agent, KeepsState)
        assert await agent.kept_state("th-lg_chat", HERE) is None


async def test_a_thread_of_somebody_else_is_not_asked_for() -> None:
    fake = RemoteFake()
    async with endpoint(fake.app) as remote:
        runtime = CopilotRuntime({"default": Scripted()}, remotes=[remote])
        await ran(runtime, asking(thread="exists", caller=ANN))
        assert await runtime.saved_states.load("exists", "remote_crew", BOB) is None
        found = await runtime.saved_states.load("exists", "remote_crew", ANN)
        guarded = CopilotRuntime({}, remotes=[remote], authenticate=lambda request: ANN)
        assert await guarded.saved_states.load("exists", "remote_crew", ANN) is None
    assert found is not None
    assert found.state == {"topic": "cats"}
    assert len(fake.asked("/agents/state")) == 1


def spoken(events: list[Event]) -> str:
    return "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")
