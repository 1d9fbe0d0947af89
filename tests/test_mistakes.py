"""Mistakes in what public constructors are given get a sentence that says what to write instead."""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import (
    AguiWire,
    BearerTokens,
    BodyLimits,
    CopilotRuntime,
    GraphQLWire,
    OperationLimits,
    Options,
    RunLimits,
    ServerLimits,
    ServerOptions,
    SocketLimits,
    StateSchema,
    action,
    create_app,
)
from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.connectors.openai import ChatOptions, OpenAIAgent, Patience
from agui_runtime.core.errors import Misconfigured
from tests.runtime.worlds import Scripted

Make = Callable[..., object]


def a_runtime(**given: Any) -> CopilotRuntime:  # noqa: ANN401
    return CopilotRuntime({"default": Scripted()}, **given)


def an_app(**given: Any) -> object:  # noqa: ANN401
    return create_app(a_runtime(), **given)


def openai(**given: Any) -> OpenAIAgent:  # noqa: ANN401
    return OpenAIAgent(**({"model": "gpt", "api_key": "k"} | given))


def litellm(**given: Any) -> LiteLLMAgent:  # noqa: ANN401
    return LiteLLMAgent(**({"model": "anthropic/claude", "api_key": "k"} | given))


async def repeats(request: RunAgentInput) -> AsyncIterator[str]:
    yield "Hello"


def takes_nothing() -> None: ...


def refused(make: Make, given: Mapping[str, object]) -> str:
    with pytest.raises(Misconfigured) as error:
        make(**given)
    return error.value.message


WRONG: Mapping[Make, Mapping[str, tuple[object, ...]]] = {
    Options: {
        "queue_timeout": (-1, "60", None, True, float("nan")),
        "stop_on_disconnect": ("no", None, 0),
        "agents_as_tools": ("False",),
        "generative_ui": (True, {}),
        "blocks": (True, {}, ["chart"]),
        "caller_runs": (0, "10", 1.5, None),
        "runs": (-1, True),
        "caller_starts": (0, "10", 2.5),
        "starts": ([1],),
        "budget": (5, "5 USD", None, [1]),
        "limits": (60, None, {"total": 60}),
        "prices": ("prices.json", {}),
    },
    RunLimits: {
        "first_event": (0, "10", timedelta(seconds=1)),
        "idle": (-1, True),
        "total": (float("inf"), "1h"),
        "events": (-1, 1.5),
        "stop_grace": (-1, None),
        "save_every": ("5",),
    },
    ServerLimits: {
        "caller_requests": (0, "10", 1.5, None),
        "requests": (float("nan"),),
        "body_seconds": (0, None),
        "body_rate": ("16k",),
        "body_stall": (-1,),
    },
    BodyLimits: {
        "bytes": ("20MB", 0, None, 1e6),
        "values": (0,),
        "depth": ("deep",),
        "messages": (1.5,),
        "parts": (None,),
    },
    SocketLimits: {"connections": (0,), "operations": ("x",), "message": (1.5,), "init": (0,)},
    OperationLimits: {"characters": (0,), "tokens": ("x",), "depth": (0,), "aliases": (-1,)},
    AguiWire: {"keep_alive": (-1, "15"), "oldest_clients": ("1",)},
    Patience: {
        "connect": (0, "10"),
        "silence": (None,),
        "retries": (-1, 1.5),
        "first_wait": (-1,),
        "longest_wait": ("x",),
    },
    ChatOptions: {
        "keep_system_role": ("developer",),
        "include_context": (1,),
        "models": ("gpt-4o", [1], 7),
        "max_tokens_field": ("", None),
        "include_usage": (None,),
        "return_reasoning": ("yes",),
        "senses": ("image",),
        "thinks_first": (1,),
        "media": ("image/*",),
        "extra": ("temperature=0", [("temperature", 0)]),
    },
    ServerOptions: {
        "path": (7, None, ["/a"], "chat", "http://a/b"),
        "cors_origins": (None, 7, [None], "http://a", ["a"], ["http://a/"]),
        "allowed_hosts": (7, [None], "a.test", ["http://a"]),
        "forward_headers": (None, 7, [None], "authorization", ["x tenant"], ["x-a; x-b"]),
        "production": ("1", None, 1),
        "development": ("0",),
        "allow_anonymous": ("no",),
        "body": (5, {"bytes": 5}),
        "limits": (5, RunLimits()),
    },
    a_runtime: {
        "options": ({"on_busy": "queue"}, ServerOptions(), RunLimits(), Options, "queue"),
        "states": ("x", ["default"], {"default": dict}, {"defualt": StateSchema()}),
        "aliases": ("x", ["old"], {"old": ["default"]}, {"old": "nobody"}),
        "authenticate": (BearerTokens, takes_nothing, True, "ann"),
        "authorize": (takes_nothing, lambda caller: True, {}),
        "before_request": (takes_nothing, [repeats]),
        "actions": ([repeats], [functools.partial(print)], [lambda *args: 1]),
    },
    an_app: {
        "wires": ("agui", ["agui"], [AguiWire, GraphQLWire], AguiWire(), [None], []),
        "options": ({}, Options(), ServerOptions, "x"),
        "lifespan": ("x", takes_nothing),
        "path": (7, "chat"),
        "cors_origins": (7, "*", [7]),
        "allowed_hosts": (7, "x"),
        "limits": (5, RunLimits()),
        "production": ("0",),
        "wire_options": ("x", ServerOptions()),
        "remote_path": (7, "x"),
        "authenticate": ("x", True, takes_nothing),
    },
    openai: {
        "model": (None, "", " ", 7),
        "api_key": (7, b"k", "a b", "a\nb", "Bearer k", "'k'", "schlüssel"),
        "base_url": (
            *(None, "", "localhost:11434", "http://", "http://a:99999", "ftp://a"),
            *("http://a/v1/chat/completions", "http://a/v1?key=1"),
        ),
        "instructions": (7, ["Be brief."]),
        "options": ({"temperature": 0}, ChatOptions),
        "patience": (60,),
        "headers": ("x", {"x-a": 7}, [("x-a", "b")]),
        "client": ("x", httpx.Client),
    },
    litellm: {
        "model": (None, ""),
        "api_key": (7, "a\nb", "Bearer k"),
        "base_url": ("", "localhost:11434"),
        "instructions": (7,),
        "options": ({"temperature": 0},),
        "patience": (60,),
    },
    AGUIAgent: {"url": (None, "localhost:8001", "http://", "http://a:0")},
    McpServer: {"url": ("localhost:9000/mcp", "https:///mcp")},
    McpServers: {"servers": ("http://a/mcp", ["http://a/mcp"], McpServer(url="http://a/mcp"))},
}


@pytest.mark.parametrize(
    ("make", "given"),
    [
        pytest.param(make, {name: value}, id=f"{make.__name__}-{name}-{str(value)[:20]}")
        for make, arguments in WRONG.items()
        for name, values in arguments.items()
        for value in values
    ],
)
def test_a_wrong_value_of_an_argument_is_refused_by_its_name(
    make: Make, given: Mapping[str, object]
) -> None:
    says = refused(make, given)
    [name] = given
    words = {name, name.removesuffix("s"), {"url": "URL", "bytes": "max_body"}.get(name, name)}
    assert any(word in says for word in words), says
    assert len(says) < 250


@pytest.mark.parametrize(
    ("make", "given", "says"),
    [
        (Options, {"runs": "10"}, "runs must be a whole number from 1, not '10'"),
        (Options, {"limits": 60}, "limits must be RunLimits(...), not 60"),
        (ServerOptions, {"production": "0"}, "production must be True or False, not '0'"),
        (an_app, {"wires": [AguiWire]}, "each of the wires must be a wire, such as AguiWire()"),
        (a_runtime, {"authenticate": takes_nothing}, "its function must take request"),
        (a_runtime, {"states": {"defualt": StateSchema()}}, "no agent 'defualt'; there are ['d"),
        (a_runtime, {"actions": [repeats]}, "action 'repeats' yields; an action returns its"),
        (openai, {"base_url": "http://a/v1/chat/completions"}, "leave out /chat/completions"),
        (openai, {"api_key": "Bearer k"}, "leave out the word Bearer"),
        (CopilotRuntime, {"agents": {1: repeats}}, "the name of an agent must be a text"),
        (CopilotRuntime, {"agents": {"": repeats}}, "the name of an agent must be a text that is"),
        (CopilotRuntime, {"agents": {"default": Scripted}}, "is the class Scripted; write Scri"),
        (CopilotRuntime, {"agents": {"default": None}}, "agent 'default' is neither a function"),
    ],
)
def test_the_sentence_says_what_to_write(
    make: Make, given: Mapping[str, object], says: str
) -> None:
    assert says in refused(make, given)


def test_a_secret_is_not_repeated() -> None:
    for make, given in (
        (openai, {"api_key": "s3cret\nvalue"}),
        (openai, {"base_url": "ftp://user:s3cret@a"}),
        (a_runtime, {"store": {"password": "s3cret"}}),
    ):
        assert "s3cret" not in refused(make, given)


@pytest.mark.parametrize(
    ("make", "argument", "says"),
    [
        (an_app, "store", "create_app() has no argument 'store': give it to CopilotRuntime"),
        (an_app, "on_busy", "create_app() has no argument 'on_busy': give it to Options"),
        (an_app, "development", "create_app() has no argument 'development': give it to Server"),
        (an_app, "wire", "create_app() has no argument 'wire'; did you mean 'wires'?"),
        (a_runtime, "on_busy", "CopilotRuntime() has no argument 'on_busy': give it to Options"),
        (a_runtime, "path", "CopilotRuntime() has no argument 'path': give it to create_app"),
        (a_runtime, "stor", "CopilotRuntime() has no argument 'stor'; did you mean 'store'?"),
        (a_runtime, "on_bussy", "has no argument 'on_bussy'; did you mean 'on_busy', of Options?"),
        (Options, "store", "Options() has no argument 'store': give it to CopilotRuntime"),
        (Options, "qqq", "Options() has no argument 'qqq'; it takes on_busy, queue_timeout, "),
        (ServerOptions, "requests", "argument 'requests': give it to ServerLimits"),
        (GraphQLWire, "keep_alive", "give it to A2AWire or AguiWire or McpWire or OpenAIWire or "),
        (AguiWire, "keepalive", "AguiWire() has no argument 'keepalive'; did you mean 'keep_a"),
        (RunLimits, "totl", "RunLimits() has no argument 'totl'; did you mean 'total'?"),
        (openai, "modle", "OpenAIAgent() has no argument 'modle'; did you mean 'model'?"),
    ],
)
def test_an_argument_that_there_is_not_says_whose_it_is_or_what_is_meant(
    make: Make, argument: str, says: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(says)):
        make(**{argument: None})


def test_a_function_without_a_name_is_an_action_by_the_name_that_it_is_given() -> None:
    adds = functools.partial(int.__add__, 1)
    assert action(lambda city: city, name="weather").name == "weather"
    with pytest.raises(Misconfigured, match="has no name; write action"):
        action(adds)
