"""Mistakes in what a runtime is given get a sentence that says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime import CopilotRuntime, Options, create_app
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event
from agui_runtime.hooks.run_log import RunLogger
from tests.runtime.worlds import Scripted, asking, ran

AGENT = Scripted()


@pytest.mark.parametrize(
    ("agents", "says"),
    [
        ([AGENT], "agents: give each one a name, {'default': my_agent}, not a list"),
        (AGENT, "agents: give each one a name, .* not a Scripted"),
        ("gpt-4o", "agents: give each one a name, .* not a str"),
        ({"default": "gpt-4o"}, "agent 'default' is neither a function nor has it a run"),
    ],
)
def test_agents_are_given_by_their_names(agents: Any, says: str) -> None:  # noqa: ANN401
    with pytest.raises(Misconfigured, match=says):
        CopilotRuntime(agents)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"actions": ["x"]}, r"actions: 'x' is none; give functions, \[get_weather\]"),
        ({"actions": print}, "actions: give a list of functions, .* not a builtin"),
        ({"actions": {"x": print}}, "actions: give a list of functions, .* not a dict"),
        ({"actions": "x"}, "actions: give a list"),
        ({"hooks": ["x"]}, "hooks: 'x' is none; give hooks"),
        ({"hooks": [RunLogger]}, "hooks: the class RunLogger, which is to be called first"),
        ({"hooks": RunLogger()}, "hooks: give a list"),
        ({"remotes": ["http://a"]}, "remotes: 'http://a' is none; give servers to ask"),
        ({"guardrails": [5]}, "guardrails: 5 is none"),
        ({"authenticate": "ann"}, "authenticate: give a function, not 'ann'"),
        ({"authorize": True}, "authorize: give a function, not True"),
        ({"before_request": {}}, "before_request: give a function, not a dict"),
        ({"store": 5}, "store: give a store or its URL, 'sqlite:///threads.db', not 5"),
        ({"store": "threads.db"}, "the URL of a store starts with one of memory:"),
    ],
)
def test_every_argument_says_what_it_is_to_be(given: dict[str, Any], says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        CopilotRuntime({"default": AGENT}, **given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"on_busy": "wait"}, "on_busy must be 'reject' or 'queue' or 'supersede', not 'wait'"),
        ({"history": "server"}, "history must be 'client' or 'thread', not 'server'"),
    ],
)
def test_options_name_what_there_is_to_choose(given: dict[str, Any], says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        Options(**given)


@pytest.mark.parametrize("given", [{"default": AGENT}, AGENT, CopilotRuntime])
def test_an_app_is_made_of_a_runtime(given: Any) -> None:  # noqa: ANN401
    with pytest.raises(Misconfigured, match=r"give it a CopilotRuntime\(agents=\.\.\.\)"):
        create_app(given)


async def test_a_patch_of_what_is_not_there_is_logged_once_without_the_state(
    caplog: pytest.LogCaptureFixture,
) -> None:
    patch: Event = {
        "type": "STATE_DELTA",
        "delta": [{"op": "replace", "path": "/a/b", "value": 1}],
    }
    state: Event = {"type": "STATE_SNAPSHOT", "snapshot": {"secret": "s3cret"}}
    runtime = CopilotRuntime({"default": Scripted(state, patch, patch)})
    await ran(runtime, asking())
    [line] = [each.getMessage() for each in caplog.records if "patched" in each.getMessage()]
    assert "agent 'default': the state was not patched: member 'a' not found; front ends" in line
    assert "s3cret" not in line
