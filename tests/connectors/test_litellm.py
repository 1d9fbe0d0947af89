"""The agent over litellm: the same story as over plain HTTP, and litellm's own traps."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from agui_runtime.connectors.litellm import ChatOptions, LiteLLMAgent, Patience
from agui_runtime.core.errors import Misconfigured, MissingExtra, ModelFailure
from agui_runtime.core.events import Event
from tests.connectors.dialects import KEY
from tests.connectors.talk import Waits, all_events, ask, kinds, text, tool, user
from tests.fakes.model import ModelServer
from tests.fakes.recorded_provider import RecordedProvider
from tests.programs import ROOT, environment, serving
from tests.support import served


def agent_of(model: ModelServer, patience: Patience | None = None) -> LiteLLMAgent:
    return LiteLLMAgent(
        "openai/m",
        api_key="sk-1",
        base_url=model.url,
        patience=patience or Patience(retries=0),
    )


async def failing(agent: LiteLLMAgent, prompt: str) -> tuple[list[Event], ModelFailure]:
    events: list[Event] = []
    with pytest.raises(ModelFailure) as caught:
        async for event in agent.run(ask(prompt)):
            events.append(event)
    return events, caught.value


@pytest.mark.parametrize(
    ("own", "wanted", "used"),
    [("openai/m", "openai/m2", "m2"), ("openai/m", "anthropic/m2", "m"), ("m", "m2", "m")],
)
async def test_a_front_end_chooses_among_the_models_of_the_same_provider(
    own: str, wanted: str, used: str
) -> None:
    async with ModelServer() as model:
        options = {} if "/" in own else {"custom_llm_provider": "openai"}
        agent = LiteLLMAgent(
            own, api_key="sk-1", base_url=model.url, options=ChatOptions(extra=options)
        )
        await all_events(agent, ask("hi", forwardedProps={"model": wanted}))
    assert model.seen[0].body["model"] == used


async def test_text_and_token_counts() -> None:
    async with ModelServer() as model:
        events = await all_events(agent_of(model), ask("[reasoning:hm] Good morning"))

    assert text(events) == "You said: [reasoning:hm] Good morning"
    assert kinds(events)[2] == "REASONING_MESSAGE_CONTENT"
    assert events[-1]["usage"] == [
        {
            "provider": "openai",
            "model": "m",
            "inputTokens": 11,
            "outputTokens": 7,
            "totalTokens": 18,
            "reasoningTokens": 3,
            "cachedInputTokens": 4,
        }
    ]


async def test_parallel_tool_calls_keep_their_arguments_apart() -> None:
    prompt = '[interleave] [tool:find {"title":"Dune"}] [tool:count {"shelf":7}]'
    async with ModelServer() as model:
        events = await all_events(agent_of(model), ask(prompt, tools=[tool("find"), tool("count")]))

    arguments = {"call_1_0": "", "call_1_1": ""}
    for event in events:
        if event["type"] == "TOOL_CALL_ARGS":
            arguments[event["toolCallId"]] += event["delta"]
    assert arguments == {"call_1_0": '{"title":"Dune"}', "call_1_1": '{"shelf":7}'}


async def test_what_the_model_is_asked() -> None:
    picture = {"type": "image", "source": {"type": "data", "value": "AA", "mimeType": "image/png"}}
    request = ask(
        {"id": "s", "role": "system", "content": "Be brief."},
        user([{"type": "text", "text": "look"}, picture]),
        tools=[tool("find")],
        forwardedProps={
            "temperature": 0,
            "maxTokens": 5,
            "toolChoice": "function",
            "toolChoiceFunctionName": "find",
        },
    )
    async with ModelServer() as model:
        agent = LiteLLMAgent(
            "openai/m",
            api_key="sk-1",
            base_url=model.url,
            instructions="You sell books.",
            options=ChatOptions(extra={"seed": 5}),
        )
        await all_events(agent, request)

    body = model.seen[0].body
    assert [message["role"] for message in body["messages"]] == ["system", "system", "user"]
    assert body["messages"][2]["content"][1]["image_url"]["url"] == "data:image/png;base64,AA"
    assert (body["temperature"], body["max_completion_tokens"], body["seed"]) == (0, 5, 5)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "find"}}
    assert model.seen[0].auth == "Bearer sk-1"


async def test_a_model_that_repeats_itself_is_let_speak() -> None:
    async with ModelServer() as model:
        events = await all_events(agent_of(model), ask("again " * 150))

    assert text(events).count("again ") == 150


@pytest.mark.parametrize(
    ("error", "kind", "upstream"),
    [
        ("401", "AUTHENTICATION", 401),
        ("403", "PERMISSION", 403),
        ("404", "NOT_FOUND", 404),
        ("400", "BAD_REQUEST", 400),
        ("429", "RATE_LIMITED", 429),
        ("500", "UNAVAILABLE", 500),
        ("503", "UNAVAILABLE", 503),
        ("context", "CONTEXT_TOO_LONG", 400),
        ("policy", "CONTENT_POLICY", 400),
        ("drop", "UNREACHABLE", None),
    ],
)
async def test_a_refusal_is_told_by_its_kind(error: str, kind: str, upstream: int | None) -> None:
    async with ModelServer() as model:
        _, failure = await failing(agent_of(model), f"[error:{error}]")

    assert (failure.code, failure.upstream) == (f"MODEL_{kind}", upstream)
    assert len(model.seen) == 1


@pytest.mark.parametrize("provider", ["groq", "anthropic"])
async def test_refusals_of_other_providers_are_read(provider: str) -> None:
    async with ModelServer() as model:
        agent = LiteLLMAgent(f"{provider}/m", api_key="sk-1", base_url=model.url)
        _, failure = await failing(agent, "[error:401]")

    assert failure.message == (
        "the model provider does not accept the API key; check the server's key"
        " (401: Incorrect API key provided: [hidden].)"
    )


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("[midfail:3]", "STREAM_BROKEN"),
        ("[garbage:3]", "STREAM_BROKEN"),
        ("[streamerror:3]", "UNAVAILABLE"),
    ],
)
async def test_an_answer_that_breaks_off_is_no_answer(prompt: str, kind: str) -> None:
    async with ModelServer() as model:
        events, failure = await failing(agent_of(model), prompt)

    assert text(events) == "You said: "
    assert failure.code == f"MODEL_{kind}"
    assert failure.__cause__ is not None


@pytest.mark.parametrize("prompt", ["[hang]", "[hang:2]"])
async def test_a_silence_that_lasts_too_long(prompt: str) -> None:
    async with ModelServer() as model:
        _, failure = await failing(agent_of(model, Patience(silence=0.2)), prompt)

    assert failure.code == "MODEL_TIMEOUT"


async def test_a_filter_that_cuts_an_answer() -> None:
    async with ModelServer() as model:
        _, failure = await failing(agent_of(model), "[finish:content_filter]")

    assert failure.code == "MODEL_CONTENT_POLICY"


async def test_a_key_of_the_environment_is_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with served(RecordedProvider().app) as provider:
        url = f"{provider}/failure_key_echoed/v1"
        agent = LiteLLMAgent("openai/m", base_url=url, patience=Patience(retries=0))
        _, failure = await failing(agent, "hi")

    assert failure.code == "MODEL_AUTHENTICATION"
    assert not any(part in failure.message for part in (KEY, KEY[-4:], KEY[:4]))


async def test_an_unknown_provider() -> None:
    _, failure = await failing(LiteLLMAgent("nobody/m", api_key="sk-1"), "hi")
    assert failure.code == "MODEL_BAD_REQUEST"


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_a_missing_key_is_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{provider.upper()}_API_KEY", raising=False)
    _, failure = await failing(LiteLLMAgent(f"{provider}/m"), "hi")

    assert failure.code == "MODEL_AUTHENTICATION"
    assert f"set {provider.upper()}_API_KEY" in failure.message


async def test_passing_faults_are_waited_out() -> None:
    waits = Waits()
    async with ModelServer() as model:
        agent = agent_of(model, Patience(sleep=waits))
        await all_events(agent, ask("[error:429] [retry-after:3] [times:1]"))
        await all_events(agent, ask("[error:drop] [times:1]"))

    assert waits.seconds == [3.0, 0.5]
    assert len(model.seen) == 4


async def test_closing_a_run_hangs_up_on_the_model() -> None:
    async with ModelServer() as model:
        async with aclosing(agent_of(model).run(ask("[hang:3]"))) as events:
            await anext(events)
        assert await model.seen[0].closed


@pytest.mark.parametrize("prompt", ["[hang]", "[hang:3]"])
async def test_cancelling_a_run_hangs_up_on_the_model(prompt: str) -> None:
    async with ModelServer() as model:
        run = asyncio.create_task(all_events(agent_of(model), ask(prompt)))
        seen = await model.request()
        run.cancel()
        assert await seen.closed
        with pytest.raises(asyncio.CancelledError):
            await run


def test_litellm_is_imported_with_the_first_run_and_not_before() -> None:
    script = (
        "import sys; from agui_runtime.connectors.litellm import LiteLLMAgent;"
        "LiteLLMAgent('openai/m'); assert 'litellm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


HALF = """
import asyncio, pathlib
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.core.errors import Misconfigured

async def prepared():
    made = [LiteLLMAgent("openai/m", api_key="k") for _ in range(3)]
    found = await asyncio.gather(*(each.prepare() for each in made), return_exceptions=True)
    print({str(each) for each in found})

asyncio.run(prepared())
pathlib.Path("dependency.py").touch()
asyncio.run(prepared())
"""
PARTS = {
    "__init__.py": "from litellm import names\nfrom litellm.calls import *",
    "calls.py": "import litellm, dependency\nprint(litellm.names.ONE)\n"
    "acompletion = validate_environment = supports_vision = supports_audio_input = print\n"
    "def get_llm_provider(model, **given): ...",
    "names.py": "ONE = 1",
}
"""A litellm that needs another package, and has imported some of itself before it does."""


def test_a_litellm_that_lacks_a_package_says_so_and_works_once_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "litellm").mkdir()
    for name, text_ in PARTS.items():
        (tmp_path / "litellm" / name).write_text(text_)
    environ = environment() | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", HALF], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    failed, *worked = done.stdout.splitlines()
    assert failed.count("litellm cannot be imported (ModuleNotFoundError: No module") == 1
    assert "'dependency'" in failed
    assert worked == ["1", "{'None'}"], done.stderr


def test_without_litellm_an_error_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "litellm", None)
    with pytest.raises(MissingExtra, match=r"LiteLLMAgent needs .*litellm"):
        LiteLLMAgent("openai/m")


def test_a_stolen_release_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = tmp_path / "litellm-1.82.8.dist-info"
    release.mkdir()
    (release / "METADATA").write_text("Metadata-Version: 2.1\nName: litellm\nVersion: 1.82.8\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Misconfigured, match="steals credentials"):
        LiteLLMAgent("openai/m")


async def test_what_would_make_the_first_run_fail_is_in_the_log_before_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    custom = ChatOptions(extra={"custom_llm_provider": "openai"})
    agents = {
        "no key": LiteLLMAgent("anthropic/claude-sonnet-4-5"),
        "no provider": LiteLLMAgent("antropic/claude-sonnet-4-5", api_key="k"),
        "a key": LiteLLMAgent("anthropic/claude-sonnet-4-5", api_key="k"),
        "needs none": LiteLLMAgent("ollama/llama3"),
        "another way": LiteLLMAgent("bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0"),
        "custom": LiteLLMAgent("m", options=custom),
    }
    for agent in agents.values():
        await agent.prepare()
    assert [each.getMessage().partition(": ")[2] for each in caplog.records] == [
        "set ANTHROPIC_API_KEY, or give an api_key",
        "LiteLLM knows no such provider; its name begins the model's, anthropic/...",
    ]


async def test_serve_imports_litellm_before_anybody_needs_it() -> None:
    settings = {"AGUI_MODEL": "anthropic/claude-sonnet-4-5", "AGUI_STORE": "memory:"}
    async with serving(**settings) as (process, origin, _), httpx.AsyncClient() as client:
        assert (await client.get(f"{origin}/readyz")).status_code == 200
        assert process.stderr is not None
        async for line in process.stderr:
            if b"set ANTHROPIC_API_KEY" in line:
                break
        else:
            pytest.fail("the server ended without a word about the key")
