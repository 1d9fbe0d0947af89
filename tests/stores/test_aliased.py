"""Threads of an agent that was renamed since, over every store."""

from __future__ import annotations

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.stores.base import StateKey, Store
from tests.runtime.worlds import ANN, Scripted, Waiting, asking, kinds, ran, text, told

ALIASES = {"helper": "support", "assistant": "support"}


@pytest.fixture
async def renamed(each_store: Store) -> tuple[CopilotRuntime, Scripted]:
    """A runtime whose agent answered thread t1 under a former name, and the agent."""
    agent = Scripted(*text("m1", "before"), {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}})
    before = CopilotRuntime({"helper": agent, "other": Scripted(*text("o", "x"))}, store=each_store)
    await ran(before, asking(agent="helper"))
    await ran(before, asking(agent="other", thread="t2"))
    others = {"support": agent, "other": Scripted()}
    return CopilotRuntime(others, store=each_store, aliases=ALIASES), agent


Renamed = tuple[CopilotRuntime, Scripted]


async def test_threads_are_listed_under_the_present_name(renamed: Renamed) -> None:
    runtime, _ = renamed
    for name in ("support", "helper"):
        page = await runtime.threads.list(ANN, agent=name)
        assert [(each.thread_id, each.agent) for each in page.threads] == [("t1", "support")]
    assert [run.agent for run in await runtime.threads.runs("t1", ANN)] == ["support"]
    assert (await runtime.threads.get("t1", ANN)).agent == "support"


async def test_the_next_run_goes_on_from_the_state_of_then(renamed: Renamed) -> None:
    runtime, _ = renamed
    saved = await runtime.saved_states.load("t1", "support", ANN)
    assert saved is not None
    assert (saved.state, saved.version) == ({"n": 1}, 0)
    await ran(runtime, asking("next", agent="support"))
    later = await runtime.saved_states.load("t1", "support", ANN)
    assert later is not None
    assert [message["id"] for message in later.messages] == ["u-hi", "m1", "u-next"]
    assert later.version > 0


async def test_a_state_can_be_saved_over_that_of_then(renamed: Renamed) -> None:
    runtime, _ = renamed
    version = await runtime.saved_states.save(
        "t1", "support", ANN, StateUpdate({"n": 2}, expected_version=0)
    )
    found = await runtime.saved_states.load("t1", "helper", ANN)
    assert found is not None
    assert (found.state, found.version) == ({"n": 2}, version)
    keys = {key async for key in runtime.store.states.keys("t1")}
    assert keys == {StateKey("t1", "support")}
    await runtime.store.states.delete("t1", "support")
    assert await runtime.store.states.load("t1", "support") is None


async def test_pages_that_know_the_former_name_reach_the_agent(renamed: Renamed) -> None:
    runtime, _ = renamed
    events = await ran(runtime, asking("next", agent="assistant"))
    assert kinds(events)[-1] == "RUN_FINISHED"
    assert [run.agent for run in await runtime.threads.runs("t1", ANN)] == ["support", "support"]


async def test_asking_again_replaces_the_answer_that_it_gave_under_its_former_name(
    renamed: Renamed,
) -> None:
    runtime, agent = renamed
    agent.events = tuple(text("m2", "after"))
    events = await ran(runtime, asking(agent="support"))
    assert "MESSAGES_SNAPSHOT" in kinds(events)


async def test_a_live_run_of_then_is_shown_under_the_present_name(each_store: Store) -> None:
    waiting = Waiting()
    before = CopilotRuntime({"helper": waiting}, store=each_store)
    runtime = CopilotRuntime({"support": Scripted()}, store=each_store, aliases=ALIASES)
    handle = await before.start(asking(agent="helper"))
    live = await runtime.store.log.active("t1")
    assert live is not None
    assert live.agent == "support"
    assert await runtime.stop("t1", ANN)
    assert (await told(handle))[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize(
    ("aliases", "says"),
    [
        ({"support": "support"}, "'support' is an agent's present name"),
        ({"helper": "nobody"}, r"no agent 'nobody'; there are \['support'\]"),
    ],
)
def test_aliases_that_cannot_be_meant_are_refused(aliases: dict[str, str], says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        CopilotRuntime({"support": Scripted()}, aliases=aliases)
