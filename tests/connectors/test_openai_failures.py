"""What an agent tells when its model refuses or breaks off, and when it asks again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from agui_runtime.connectors.openai import OpenAIAgent, Patience
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from tests.connectors.talk import Internet, Waits, all_events, ask, text
from tests.fakes.model import ModelServer

ONCE = Patience(retries=0)


async def failing(
    base_url: str, prompt: str, patience: Patience = ONCE, api_key: str | None = None
) -> tuple[list[Event], ModelFailure]:
    """What was told before the failure, and the failure."""
    agent = OpenAIAgent("m", base_url=base_url, patience=patience, api_key=api_key)
    events: list[Event] = []
    with pytest.raises(ModelFailure) as caught:
        async for event in agent.run(ask(prompt)):
            events.append(event)
    await agent.close()
    return events, caught.value


async def saying(*blocks: bytes) -> list[Event]:
    """The events of an answer with these bytes."""
    async with httpx.AsyncClient(transport=Internet(*blocks)) as client:
        return await all_events(OpenAIAgent("m", base_url="http://model", client=client), ask("hi"))


@pytest.mark.parametrize(
    ("error", "kind", "upstream"),
    [
        ("401", "AUTHENTICATION", 401),
        ("403", "PERMISSION", 403),
        ("404", "NOT_FOUND", 404),
        ("302", "NOT_FOUND", 302),
        ("400", "BAD_REQUEST", 400),
        ("422", "BAD_REQUEST", 422),
        ("429", "RATE_LIMITED", 429),
        ("quota", "RATE_LIMITED", 429),
        ("500", "UNAVAILABLE", 500),
        ("503", "UNAVAILABLE", 503),
        ("context", "CONTEXT_TOO_LONG", 400),
        ("413", "CONTEXT_TOO_LONG", 413),
        ("policy", "CONTENT_POLICY", 400),
        ("drop", "UNREACHABLE", None),
    ],
)
async def test_a_refusal_is_told_by_its_kind(error: str, kind: str, upstream: int | None) -> None:
    async with ModelServer() as model:
        events, failure = await failing(model.url, f"[error:{error}]")

    assert (failure.code, failure.upstream) == (f"MODEL_{kind}", upstream)
    assert events == []


async def test_the_providers_sentence_is_told_without_its_key() -> None:
    async with ModelServer() as model:
        _, failure = await failing(model.url, "[error:401]", api_key="sk-bad")

    assert failure.message == (
        "the model provider does not accept the API key; check the server's key"
        " (401: Incorrect API key provided: [hidden].)"
    )
    assert "sk-bad" not in repr(failure.__cause__)


async def test_a_server_that_wants_a_key_where_none_was_sent_says_which_variable_counts() -> None:
    async with ModelServer() as model:
        _, failure = await failing(model.url, "[error:401]")

    assert failure.code == "MODEL_AUTHENTICATION"
    assert "none was sent: set AGUI_API_KEY" in failure.message
    assert "check the server's key" not in failure.message


async def test_a_server_that_is_not_there() -> None:
    _, failure = await failing("http://somebody:secret@127.0.0.1:1/v1", "hi")

    assert failure.code == "MODEL_UNREACHABLE"
    assert "secret" not in failure.message + repr(failure.__cause__)


@pytest.mark.parametrize("prompt", ["[hang]", "[hang:2]"])
async def test_a_silence_that_lasts_too_long(prompt: str) -> None:
    async with ModelServer() as model:
        patience = Patience(silence=0.1, sleep=Waits())
        _, failure = await failing(model.url, prompt, patience)
        assert await model.seen[0].closed

    assert failure.code == "MODEL_TIMEOUT"
    assert len(model.seen) == 1


@pytest.mark.parametrize("how", ["midfail", "cut", "garbage"])
async def test_an_answer_that_breaks_off_is_no_answer(how: str) -> None:
    async with ModelServer() as model:
        events, failure = await failing(model.url, f"[{how}:3]")

    assert text(events) == "You said: "
    assert failure.code == "MODEL_STREAM_BROKEN"


async def test_an_error_in_the_middle_of_an_answer() -> None:
    async with ModelServer() as model:
        events, failure = await failing(model.url, "[streamerror:3]")

    assert text(events) == "You said: "
    assert failure.code == "MODEL_UNAVAILABLE"
    assert "overloaded" in str(failure.__cause__)


async def test_a_filter_that_cuts_an_answer() -> None:
    async with ModelServer() as model:
        events, failure = await failing(model.url, "[finish:content_filter]")

    assert events[-1]["type"] == "TEXT_MESSAGE_END"
    assert failure.code == "MODEL_CONTENT_POLICY"


async def test_an_answer_that_reached_its_most_tokens_is_an_answer() -> None:
    async with ModelServer() as model:
        agent = OpenAIAgent("m", base_url=model.url)
        events = await all_events(agent, ask("[finish:length]"))
        await agent.close()

    assert events[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>a login page</html>",
        b"",
        b"data: [DONE]\n\n",
        b"data: 7\n\n",
        b'data: {"choices": {"0": 1}}\n\n',
        b'data: {"choices": [1]}\n\n',
        b'data: {"choices": [{"delta": "x"}]}\n\n',
        b'data: {"choices": [{"delta": {"content": 5}}]}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": [5]}}]}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": 5}}]}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {}}]}}]}\n\n',
        b'data: {"choices": [{"delta": {"content": "\xff"}}]}\n\n',
    ],
)
async def test_what_does_not_speak_the_protocol_is_a_broken_stream(answer: bytes) -> None:
    with pytest.raises(ModelFailure) as caught:
        await saying(answer)
    assert caught.value.code == "MODEL_STREAM_BROKEN"
    assert caught.value.__cause__ is not None


async def test_what_servers_leave_out_is_not_missed() -> None:
    call = b'{"id": "%b", "function": {"name": "find", "arguments": "{}"}}'
    events = await saying(
        b": ping\n\n",
        b'data: {"choices": []}\n\n',
        b'data: {"choices": [{"delta": null}], "usage": {"prompt_tokens": "3"}}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": [%b, %b]}}]}\n\n'
        % (call % b"a", call % b"b"),
        b"data: [DONE]\n\n",
    )

    starts = [event["toolCallId"] for event in events if event["type"] == "TOOL_CALL_START"]
    assert starts == ["a", "b"]
    assert "usage" not in events[-1]


@pytest.mark.parametrize(
    ("words", "cost"),
    [
        (b'"cost": 0.0025', 0.0025),  # OpenRouter
        (b'"cost": {"input_tokens_cost": 0.001, "total_cost": 0.006}', 0.006),  # Perplexity
        (b'"cost": 0.0001, "is_byok": true', None),  # a fee: the model is paid elsewhere
        (b'"cost": "0.1"', None),
        (b'"cost": -1', None),
        (b'"cost": true', None),
        (b'"cost": null', None),
    ],
)
async def test_the_run_ends_with_the_cost_where_the_provider_says_it(
    words: bytes, cost: float | None
) -> None:
    events = await saying(
        b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\n',
        b'data: {"choices": [], "usage": {"prompt_tokens": 3, %b}}\n\n' % words,
        b"data: [DONE]\n\n",
    )
    assert events[-1]["usage"][0].get("cost") == cost


async def test_passing_faults_are_waited_out() -> None:
    waits = Waits()
    async with ModelServer() as model:
        agent = OpenAIAgent("m", base_url=model.url, patience=Patience(sleep=waits))
        events = await all_events(agent, ask("[error:503] [times:2]"))
        await agent.close()

    assert text(events).startswith("You said: ")
    assert waits.seconds == [0.5, 1.0]
    assert len(model.seen) == 3


@pytest.mark.parametrize("error", ["drop", "408", "429", "500"])
async def test_after_the_last_attempt_the_fault_is_told(error: str) -> None:
    waits = Waits()
    async with ModelServer() as model:
        await failing(model.url, f"[error:{error}]", Patience(sleep=waits, retries=1))

    assert len(model.seen) == 2
    assert waits.seconds == [0.5]


@pytest.mark.parametrize(("header", "waited"), [("3", 3.0), ("0", 0.0), ("Wed", 0.5), ("-1", 0.0)])
async def test_the_wait_that_a_provider_asks_for(header: str, waited: float) -> None:
    waits = Waits()
    async with ModelServer() as model:
        agent = OpenAIAgent("m", base_url=model.url, patience=Patience(sleep=waits))
        await all_events(agent, ask(f"[error:429] [retry-after:{header}] [times:1]"))
        await agent.close()

    assert waits.seconds == [waited]


@pytest.mark.parametrize("prompt", ["[error:429] [retry-after:60]", "[error:quota]", "[error:401]"])
async def test_nobody_waits_where_it_does_not_help(prompt: str) -> None:
    waits = Waits()
    async with ModelServer() as model:
        await failing(model.url, prompt, Patience(sleep=waits))

    assert waits.seconds == []
    assert len(model.seen) == 1


async def test_an_answer_that_has_begun_is_not_asked_for_again() -> None:
    waits = Waits()
    async with ModelServer() as model:
        await failing(model.url, "[midfail:2]", replace(ONCE, retries=2, sleep=waits))

    assert waits.seconds == []
    assert len(model.seen) == 1


@pytest.mark.parametrize(("head", "code"), [(b'"stop"', None), (b"null", "MODEL_STREAM_BROKEN")])
async def test_what_breaks_behind_the_end_of_an_answer_breaks_nothing(
    head: bytes, code: str | None
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        chunk = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": %b}]}\n\n' % head
        start = (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n"
        )
        writer.write(start + chunk)  # and not the rest of what was promised
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        agent = OpenAIAgent("m", base_url=f"http://127.0.0.1:{port}", patience=ONCE)
        if code is None:
            assert text(await all_events(agent, ask("hi"))) == "Hi"
        else:
            with pytest.raises(ModelFailure) as caught:
                await all_events(agent, ask("hi"))
            assert caught.value.code == code
        await agent.close()
