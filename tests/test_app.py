"""The app around the runtime: health, origins, mounting, and the agents that settings ask for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, ServerOptions, create_app
from agui_runtime.commands.hosting import hosted
from agui_runtime.connectors.agui import AGUIAgent, RemoteOptions
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.settings import Settings
from agui_runtime.wrappers import limited, with_fallback, with_handoff
from tests.runtime.worlds import Scripted, text
from tests.support import client_of

HELLO = {"query": "{ hello }"}
PAGE = "https://app.example.com"


def a_runtime() -> CopilotRuntime:
    return CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})


async def test_the_server_says_that_it_lives() -> None:
    async with client_of(create_app(a_runtime())) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/copilotkit", "/graphql"])
async def test_graphql_is_found_under_both_names(path: str) -> None:
    async with client_of(create_app(a_runtime())) as client:
        assert (await client.post(path, json=HELLO)).json()["data"] == {"hello": "Hello World"}


async def test_the_base_path_can_be_another() -> None:
    async with client_of(create_app(a_runtime(), path="/api/copilot")) as client:
        assert (await client.post("/api/copilot", json=HELLO)).status_code == 200
        assert (await client.post("/copilotkit", json=HELLO)).status_code == 404


@pytest.mark.parametrize("path", ["copilotkit", "/a?b", "/a/{id}", "/a//b", "/a#b"])
def test_a_path_that_cannot_be_served_is_refused(path: str) -> None:
    with pytest.raises(Misconfigured, match="path"):
        create_app(a_runtime(), path=path)
    with pytest.raises(Misconfigured, match="remote_path"):
        create_app(a_runtime(), remote_path=path)


async def test_it_can_be_mounted_in_another_app() -> None:
    app = FastAPI()
    app.mount("/ai", create_app(a_runtime()))
    async with client_of(app) as client:
        assert (await client.post("/ai/copilotkit", json=HELLO)).status_code == 200


async def test_what_the_runtime_raises_in_a_route_of_yours_is_answered() -> None:
    runtime = a_runtime()
    app = create_app(runtime)

    @app.get("/thread/{thread}")
    async def thread(thread: str) -> str:
        return (await runtime.threads.get(thread, ANONYMOUS)).agent

    @app.get("/ready")
    async def ready() -> None:
        await runtime.check()

    async with client_of(app) as client:
        unknown = await client.get("/thread/t1")
        await runtime.drain(0)
        draining = await client.get("/ready")
    assert (unknown.status_code, unknown.json()) == (
        404,
        {"error": "THREAD_NOT_FOUND", "message": "no thread 't1'"},
    )
    assert (draining.status_code, draining.json()["error"]) == (503, "SHUTDOWN")


async def test_pages_of_any_origin_may_call_without_credentials() -> None:
    async with client_of(create_app(a_runtime())) as client:
        answer = await client.post("/copilotkit", json=HELLO, headers={"origin": PAGE})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


async def test_listed_origins_may_send_credentials_and_others_may_not_call() -> None:
    async with client_of(create_app(a_runtime(), cors_origins=[PAGE])) as client:
        known = await client.post("/copilotkit", json=HELLO, headers={"origin": PAGE})
        other = await client.post("/copilotkit", json=HELLO, headers={"origin": "https://x.test"})
    assert known.headers["access-control-allow-origin"] == PAGE
    assert known.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in other.headers


async def test_a_preflight_lets_the_front_ends_headers_through() -> None:
    preflight = {
        "origin": PAGE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    async with client_of(create_app(a_runtime())) as client:
        answer = await client.options("/copilotkit", headers=preflight)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_a_wildcard_beside_origins_is_refused() -> None:
    with pytest.raises(Misconfigured, match="not both"):
        create_app(a_runtime(), cors_origins=["*", PAGE])


TOKEN = ["x-token"]


@pytest.mark.parametrize(
    ("named", "seen"),
    [
        (TOKEN, ()),
        (["X-Token", "authorization"], ("authorization",)),
        (["x-*"], ("authorization", "y-*")),
        (["x-tenant-*"], ("x-tenantless",)),
        (["x-*"], ("x-real-ip",)),
        (["x-real-ip"], ("x-*",)),
        (["x-forwarded-*"], ("x-*",)),
        (["cookie"], ("authorization",)),
    ],
)
def test_headers_that_an_agent_never_sees_cannot_be_sent_on(
    named: list[str], seen: tuple[str, ...]
) -> None:
    options = ServerOptions(forward_headers=seen)
    for runtime in forwarding(named):
        with pytest.raises(Misconfigured, match="which agents never see") as refused:
            create_app(runtime, options=options)
        assert "AGUI_FORWARD_HEADERS" in str(refused.value)


@pytest.mark.parametrize(
    ("named", "seen"),
    [
        ([], ()),
        (["*"], ()),
        (["authorization"], ("authorization",)),
        (TOKEN, ("x-*",)),
        (["x-*"], ("x-token",)),
        (["x-tenant-*"], ("x-*",)),
        (["x-*"], ("x-tenant-*",)),
        (["x-real-ip"], ("X-Real-IP",)),
    ],
)
def test_headers_that_an_agent_may_see_can_be_sent_on(
    named: list[str], seen: tuple[str, ...]
) -> None:
    for runtime in forwarding(named):
        create_app(runtime, options=ServerOptions(forward_headers=seen))


def test_a_header_that_the_environment_does_not_name_is_refused() -> None:
    with pytest.raises(Misconfigured, match="x-token"):
        hosted(Settings.read({"AGUI_APP": "tests.fakes.hosted:forwarding"}))
    named = {"AGUI_APP": "tests.fakes.hosted:forwarding", "AGUI_FORWARD_HEADERS": "x-token"}
    assert hosted(Settings.read(named)).served


def forwarding(named: list[str]) -> Iterator[CopilotRuntime]:
    """Runtimes whose agents, or remotes, send these headers on, wherever those agents are."""
    url = "http://127.0.0.1:9"
    remote, plain = AGUIAgent(url, options=RemoteOptions(forward_headers=named)), Scripted()
    for agent in (
        remote,
        limited(remote, 1),
        with_fallback(plain, remote),
        with_handoff(plain, {"other": limited(remote, 1)}),
        LangGraphAgent(url, "graph", options=RemoteOptions(forward_headers=named)),
    ):
        yield CopilotRuntime({"default": agent})
    yield CopilotRuntime(
        {}, remotes=[RemoteEndpoint(url, options=RemoteOptions(forward_headers=named))]
    )


def test_without_settings_the_demo_answers_and_says_so() -> None:
    [agent] = hosted(Settings.read({})).runtimes[0].describe()
    assert "no model is connected" in agent.description


@pytest.mark.parametrize(
    ("environ", "description"),
    [
        ({"AGUI_MODEL": "openai/gpt-x", "OPENAI_API_KEY": "sk-1"}, "the model gpt-x"),
        ({"AGUI_MODEL": "openai/gpt-x", "AGUI_API_KEY": "sk-1"}, "the model gpt-x"),
        (
            {
                "AGUI_MODEL": "openai/x",
                "AGUI_API_KEY": "k",
                "OPENAI_BASE_URL": "https://api.openai.com/v1",
            },
            "the model x",
        ),
        (
            {
                "AGUI_MODEL": "openai/x",
                "AGUI_OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
                "OPENAI_BASE_URL": "http://127.0.0.1:8/v1",
            },
            "the model x",
        ),
        (
            {"AGUI_MODEL": "openai/llama3", "AGUI_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            "the model llama3",
        ),
        (
            {"AGUI_MODEL": "org/name", "AGUI_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            "the model org/name",
        ),
        ({"AGUI_MODEL": "anthropic/claude-x"}, "the model anthropic/claude-x"),
        ({"AGUI_APP": "bench.app:runtime"}, "Says the same words"),
        ({"AGUI_APP": "bench.app"}, "Says the same words"),
    ],
)
def test_the_environment_says_which_agent_answers(
    environ: Mapping[str, str], description: str
) -> None:
    agents = hosted(Settings.read(environ)).runtimes[0].describe()
    assert agents[0].name == "default"
    assert agents[0].description.startswith(description)


@pytest.mark.parametrize(
    ("environ", "hint"),
    [
        ({"AGUI_MODEL": "openai/gpt-x"}, "OPENAI_API_KEY"),
        *(
            (
                {"AGUI_MODEL": "openai/x", "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url},
                "set AGUI_OPENAI_BASE_URL to it",
            )
            for url in ("http://127.0.0.1:9/v1", "https://api.openai.com.example/v1")
        ),
        ({"AGUI_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "AGUI_MODEL"),
        (
            {"AGUI_MODEL": "openai/x", "AGUI_OPENAI_BASE_URL": "127.0.0.1:9"},
            "http://",
        ),
        ({"AGUI_APP": "no_such_module:runtime"}, "no_such_module"),
        ({"AGUI_APP": "bench.app:nothing"}, "nothing"),
        ({"AGUI_APP": "bench.app:WORDS"}, "not a CopilotRuntime"),
        ({"AGUI_PATH": "copilotkit"}, "slash"),
        ({"AGUI_ALLOW_ANONYMOUS": "perhaps"}, "1 or 0"),
        ({"AGUI_CORS_ORIGINS": ","}, "AGUI_CORS_ORIGINS must name something"),
        ({"AGUI_ALLOWED_HOSTS": " , "}, "AGUI_ALLOWED_HOSTS must name something"),
        ({"AGUI_MAX_CALLER_REQUESTS": "many"}, "whole number"),
    ],
)
def test_settings_that_cannot_be_meant_are_told(environ: Mapping[str, str], hint: str) -> None:
    with pytest.raises(Misconfigured, match=hint):
        hosted(Settings.read(environ))


def test_the_openai_key_goes_to_openai_alone() -> None:
    settings = Settings.read({"OPENAI_API_KEY": "sk-1"})
    assert settings.api_key is None
    assert settings.openai_api_key == "sk-1"


def test_settings_are_read_and_have_defaults() -> None:
    settings = Settings.read(
        {
            "AGUI_PATH": "/api/",
            "AGUI_CORS_ORIGINS": "https://a.example, https://b.example",
            "AGUI_ALLOW_ANONYMOUS": "yes",
            "AGUI_LOG_LEVEL": "DEBUG",
        }
    )
    assert settings.path == "/api"
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.allow_anonymous
    assert settings.log_level == "debug"
    assert Settings.read({}) == Settings()


@pytest.mark.parametrize(
    "module",
    ["app", "settings", "arguments", "identity", "commands.cli", "stores.open", "wires.door"],
)
def test_any_module_may_be_the_first_that_is_imported(module: str) -> None:
    words = [sys.executable, "-c", f"import agui_runtime.{module}"]
    imported = subprocess.run(words, check=False, capture_output=True)
    assert (imported.returncode, imported.stderr) == (0, b"")
