"""How AgentScope's replies end: stopped, refused by the provider, broken off, and what remains."""

from __future__ import annotations

import asyncio

import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.clerk import clerk, free, messages_to
from tests.connectors.page import Page, results
from tests.connectors.talk import text
from tests.fakes.model import ModelServer

CANCELLED = {"type": "cancelled"}


async def test_a_stop_closes_the_models_answer_and_keeps_what_was_said() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        runtime = page.runtime
        page.messages = [{"id": "u1", "role": "user", "content": "[n:9] [hang:3]"}]
        handle = await runtime.start(page.request())
        said = []
        async for batch in handle.batches():
            said += [record.event for record in batch.records]
            if text(said) == "tok0 tok1 ":
                await handle.stop()
        await model.hung_up()
        page.see(said)
        after = await page.say("and now?")

    assert said[-1]["outcome"] == CANCELLED
    assert text(after) == "You said: and now?"
    assert "tok0 tok1" in str(messages_to(model)[-2]["content"])


async def test_a_stop_cancels_a_running_tool_and_no_later_run_repeats_it() -> None:
    started = asyncio.Event()
    cancelled = asyncio.Event()

    async def wait() -> str:
        """Wait for ever."""
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return ""

    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(wait))}))
        stopped = await page.stopped("[tool:wait {}]", started.wait)
        started.clear()
        after = await page.say("hello")

    assert cancelled.is_set()
    assert stopped[-1]["outcome"] == CANCELLED
    assert len(results(stopped)) == 1
    assert text(after) == "You said: hello"
    assert not started.is_set()


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("[error:401]", "MODEL_AUTHENTICATION"),
        ("[error:429]", "MODEL_RATE_LIMITED"),
        ("[error:context]", "MODEL_CONTEXT_TOO_LONG"),
        ("[error:500]", "MODEL_UNAVAILABLE"),
        ("[error:drop]", "MODEL_UNREACHABLE"),
        ("[midfail:3] some words to say", "MODEL_STREAM_BROKEN"),
        ("[streamerror:3] some words to say", "MODEL_STREAM_BROKEN"),
    ],
)
async def test_what_the_provider_refuses_is_told_and_the_thread_goes_on(
    prompt: str, code: str
) -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        failed = await page.say(prompt)
        after = await page.say("hello")

    kinds = [event["type"] for event in failed]
    assert (failed[-1]["type"], failed[-1]["code"]) == ("RUN_ERROR", code)
    assert kinds.count("TEXT_MESSAGE_START") == kinds.count("TEXT_MESSAGE_END")
    assert "sk-" not in failed[-1]["message"]
    assert text(after) == "You said: hello"


async def test_what_a_failed_run_has_cost_is_told() -> None:
    def look() -> str:
        """Look."""
        return "word " * 20

    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(look))}))
        failed = await page.say("[tool:look {}] [midfail:12]")

    assert failed[-1]["code"] == "MODEL_STREAM_BROKEN"
    [first] = failed[-1]["usage"]
    assert (first["inputTokens"], first["outputTokens"]) == (11, 7)
