"""What the agents of a router have for themselves, whose they are, and who may start them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Resource
from agui_runtime.core.events import ANONYMOUS, Caller, Event, routed as named_by
from agui_runtime.wrappers import limited, with_handoff, with_router
from tests.connectors.page import Page
from tests.connectors.talk import text
from tests.core.verifier import verify
from tests.runtime.worlds import call, text as message
from tests.wrappers.test_router import Classifier, Clerk, page, routed


async def test_each_agent_has_a_state_of_its_own_in_that_of_the_router() -> None:
    delta = [{"op": "add", "path": "/n", "value": 1}, {"op": "copy", "from": "/n", "path": "/m"}]
    tasks = Clerk("tasks", {"type": "STATE_SNAPSHOT", "snapshot": {"todo": ["a"]}})
    notes = Clerk("notes", {"type": "STATE_DELTA", "delta": delta})
    chat = page(tasks, notes, rules={"notes": ["note"]})
    await chat.say("hello")
    saved = await chat.runtime.store.states.load("t1", "default")
    assert saved is not None
    assert saved.state == {"tasks": {"todo": ["a"]}}
    events = await chat.say("a note", state=saved.state)
    verify(events)
    saved = await chat.runtime.store.states.load("t1", "default")
    assert saved is not None
    assert saved.state == {"tasks": {"todo": ["a"]}, "notes": {"n": 1, "m": 1}}
    await chat.say("another note", state=saved.state)
    assert [each.state for each in notes.requests] == [{}, {"n": 1, "m": 1}]


async def test_two_teams_in_a_router_remember_who_has_the_conversation_each_for_itself() -> None:
    def team(name: str) -> object:
        return with_handoff(Clerk(f"{name}-front"), {f"{name}-back": Clerk(f"{name}-back")})

    router = with_router({"a": team("a"), "b": team("b")})
    chat = Page(CopilotRuntime({"default": router}))
    assert text(await chat.say("[transfer_to_a-back]", forwardedProps={"agent": "a"})) == "a-back"
    assert text(await chat.say("hi", forwardedProps={"agent": "b"})) == "b-front"
    assert text(await chat.say("hi", forwardedProps={"agent": "a"})) == "a-back"


async def test_routers_nest() -> None:
    inner = limited(with_router({"tasks": Clerk("tasks"), "notes": Clerk("notes")}), 4)
    router = with_router({"mail": Clerk("mail"), "work": inner})
    chat = Page(CopilotRuntime({"default": router}))
    events = await chat.say("hi", forwardedProps={"agent": "notes"})
    verify(events)
    assert routed(events) == [("work", "choice", 1.0), ("notes", "choice", 1.0)]
    started = [event for event in events if event["type"] == "SUBAGENT_STARTED"]
    assert started[1]["parentSubagentRunId"] == started[0]["subagentRunId"]
    names = [event["name"] for event in events if event["type"] == "TEXT_MESSAGE_START"]
    assert names == ["notes"]
    assert routed(await chat.say("and?"))[1] == ("notes", "thread", 0.0)


async def test_a_failure_of_the_agent_is_its_own() -> None:
    fails = {"type": "RUN_ERROR", "message": "no notes today", "code": "NO_NOTES"}
    events = await page(Clerk("notes", fails)).say("hi")
    verify(events)
    assert [event["type"] for event in events[-2:]] == ["SUBAGENT_ERROR", "RUN_ERROR"]
    assert events[-2]["message"] == events[-1]["message"] == "no notes today"


async def test_a_router_may_be_handed_a_conversation() -> None:
    router = with_router({"tasks": Clerk("tasks"), "notes": Clerk("notes")}, default="notes")
    team = with_handoff(Clerk("desk"), {"back": router})
    events = await Page(CopilotRuntime({"default": team})).say("[transfer_to_back]")
    verify(events)
    assert routed(events) == [("notes", "default", 0.0)]
    assert text(events) == "notes"


# The runtime's own agents, and who may start them


async def test_agents_of_the_runtime_are_found_by_their_names() -> None:
    tasks = Clerk("tasks")
    agents = {"tasks": tasks, "other": Clerk("notes")}
    router = with_router({"tasks": "tasks", "notes": "former"}, rules={"notes": ["note"]})
    runtime = CopilotRuntime({"default": router, **agents}, aliases={"former": "other"})
    chat = Page(runtime)
    assert text(await chat.say("hello")) == "tasks"
    assert text(await chat.say("a note")) == "notes"
    assert not tasks.requests[0].tools  # not the others, as a default agent has them


async def test_agents_that_the_caller_may_not_start_are_neither_offered_nor_chosen() -> None:
    def authorize(caller: Caller, access: str, resource: Resource) -> bool:
        return resource.agent != "admin" or caller.claims.get("admin") is True

    classifier = Classifier("admin", "admin")
    agents = {"tasks": Clerk("tasks"), "notes": Clerk("notes"), "admin": Clerk("admin")}
    router = with_router(agents, classify=classifier, rules={"admin": ["admin"]})
    chat = Page(CopilotRuntime({"default": router}, authorize=authorize))
    events = await chat.say("route me to admin", forwardedProps={"agent": "admin"})
    assert routed(events) == [("tasks", "default", 0.0)]
    assert list(classifier.questions[0][1]) == ["tasks", "notes"]
    chat.caller, chat.thread = Caller("root", {"admin": True}), "t2"
    assert routed(await chat.say("admin")) == [("admin", "rule", 1.0)]


async def test_a_caller_who_may_start_one_of_them_gets_that_one() -> None:
    def authorize(caller: Caller, access: str, resource: Resource) -> bool:
        return resource.agent in {"default", "notes"}

    classifier = Classifier()
    router = with_router({"tasks": Clerk("tasks"), "notes": Clerk("notes")}, classify=classifier)
    chat = Page(CopilotRuntime({"default": router}, authorize=authorize))
    assert routed(await chat.say("hi")) == [("notes", "only", 1.0)]


async def test_a_caller_who_may_start_none_of_them_is_refused() -> None:
    router = with_router({"tasks": "tasks"})
    runtime = CopilotRuntime(
        {"default": router, "tasks": Clerk("tasks")},
        authorize=lambda caller, access, resource: resource.agent == "default",
    )
    events = await Page(runtime, caller=ANONYMOUS).say("hi")
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "FORBIDDEN")


async def test_an_outer_router_s_classifier_learns_what_the_inner_one_s_agents_are_for() -> None:
    classifier = Classifier("work")
    inner = limited(with_router({"tasks": Clerk("tasks"), "admin": Clerk("admin")}), 2)
    router = with_router({"mail": Clerk("mail"), "work": inner}, classify=classifier)
    runtime = CopilotRuntime(
        {"default": router}, authorize=lambda caller, access, resource: resource.agent != "admin"
    )
    await Page(runtime).say("hi")
    assert classifier.questions[0][1]["work"] == "tasks: Knows all about tasks"
    [shown] = runtime.describe()
    assert "admin" not in str(shown)


async def test_a_router_that_another_agent_calls_as_a_tool_does_not_speak_for_the_run() -> None:
    class Caller(Clerk):
        async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
            is_answered = request.messages[-1].role == "tool"
            for event in message("m", "after") if is_answered else call("c", "assistant", "{}"):
                yield event

    router = with_router({"notes": Clerk("notes"), "tasks": Clerk("tasks")})
    events = await Page(CopilotRuntime({"default": Caller("d"), "assistant": router})).say("go")
    verify(events)
    [inner] = [event for event in events if event["type"] == "CUSTOM"]
    assert inner["value"]["agent"] == "notes"
    assert named_by(inner) is None


async def test_a_run_is_stopped_while_it_is_decided() -> None:
    begun = asyncio.Event()

    async def never(words: str, agents: Mapping[str, str]) -> str:
        begun.set()
        await asyncio.Event().wait()
        return "notes"

    tasks = Clerk("tasks")
    events = await page(tasks, Clerk("notes"), classify=never).stopped("hello", begun.wait)
    assert events[-1]["outcome"] == {"type": "cancelled"}
    assert (routed(events), tasks.requests) == ([], [])
