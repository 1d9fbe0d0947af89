"""What is refused, and how: a status, and OpenAI's object with a code that clients can act on."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

from agui_runtime import Budget, CopilotRuntime, OpenAIWire, Options, ServerLimits, ServerOptions
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.wires.shared.bodies import BodyLimits
from tests.runtime.worlds import ANN, asking, ran
from tests.wires.graphql.serving import by_header
from tests.wires.openai.serving import (
    TOOL,
    Held,
    Recorder,
    client_of,
    plain_client_of,
    user,
)

PATH = "/v1/chat/completions"
Body = dict[str, Any]


def body(**more: Any) -> Body:  # noqa: ANN401  # JSON
    return {"model": "default", "messages": [user("hi")], **more}


def error_of(answer: httpx.Response) -> Body:
    assert answer.headers["content-type"] == "application/json"
    [(name, error)] = answer.json().items()
    assert name == "error"
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["message"]
    found: Body = error
    return found


def message(**fields: Any) -> Body:  # noqa: ANN401  # JSON
    return body(messages=[fields])


BAD = [
    ({"messages": [user("hi")]}, "model"),
    (body(model=7), "model"),
    (body(messages=[]), "messages"),
    (body(messages="hi"), "messages"),
    (body(messages=[7]), "messages.0.role"),
    (message(role="function", name="f", content=""), "messages.0.role"),
    (message(role="user"), "messages.0.content"),
    (message(role="user", content=[]), "messages.0.content"),
    (message(role="user", content=["hi"]), "messages.0.content.0.type"),
    (message(role="user", content=[{"type": "video"}]), "messages.0.content.0.type"),
    (message(role="user", content=[{"type": []}]), "messages.0.content.0.type"),
    (message(role="user", content=[{"type": "text"}]), "messages.0.content.0.text"),
    (
        message(role="user", content=[{"type": "image_url", "image_url": "file:///etc/passwd"}]),
        "messages.0.content.0.image_url",
    ),
    (
        message(role="user", content=[{"type": "file", "file": {"file_id": "f"}}]),
        "messages.0.content.0.file_data",
    ),
    (
        message(role="user", content=[{"type": "input_audio", "input_audio": {"data": "x"}}]),
        "messages.0.content.0.input_audio",
    ),
    (message(role="system", content=[{"type": "image_url"}]), "messages.0.content.0"),
    (message(role="assistant", tool_calls=[{}]), "messages.0.tool_calls.0"),
    (message(role="assistant", tool_calls={"id": "c"}), "messages.0.tool_calls"),
    (message(role="tool", content="1"), "messages.0.tool_call_id"),
    (message(role="tool", content="1", tool_call_id="c"), "messages"),
    (body(stream="yes"), "stream"),
    (body(temperature="hot"), "temperature"),
    (body(top_p=True), "top_p"),
    (body(max_tokens=1.5), "max_tokens"),
    (body(parallel_tool_calls=1), "parallel_tool_calls"),
    (body(stream_options=[]), "stream_options"),
    (body(metadata=[]), "metadata"),
    (body(metadata={"thread_id": 7}), "metadata.thread_id"),
    (body(metadata={"thread_id": ""}), "metadata.thread_id"),
    (body(tools={}), "tools"),
    (body(tools=[{"type": "web_search"}]), "tools.0.type"),
    (body(tools=[{"type": "function", "function": {}}]), "tools.0.name"),
    (
        body(tools=[{"type": "function", "function": {"name": "f", "parameters": []}}]),
        "tools.0.parameters",
    ),
    (body(tools=[TOOL], tool_choice="maybe"), "tool_choice"),
    (body(n=2), "n"),
    (body(modalities=["text", "audio"]), "modalities"),
    (body(modalities=7), "modalities"),
    (body(functions=[{"name": "f"}]), "functions"),
]


@pytest.mark.parametrize(("sent", "param"), BAD, ids=[param for _, param in BAD])
async def test_a_field_that_is_wrong_is_named(sent: Body, param: str) -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        answer = await client.post(PATH, json=sent)
    assert answer.status_code == 400
    error = error_of(answer)
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert param.rpartition(".")[2] in error["message"]
    assert answer.headers["x-should-retry"] == "false"


async def test_what_is_no_object_of_json_is_refused() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        for text in (b"", b"{", b"[]", b"null", b"\xff", b'{"model": ' + b"[" * 500):
            answer = await client.post(
                PATH, content=text, headers={"content-type": "application/json"}
            )
            assert answer.status_code in {400, 413}, text
            assert error_of(answer)["type"] == "invalid_request_error"


async def test_limits_of_bodies_hold() -> None:
    small = ServerOptions(body=BodyLimits(bytes=2000, messages=3, parts=2))
    many = [user("hi")] * 4
    crowded = [{"role": "user", "content": [{"type": "text", "text": "x"}] * 3}]
    async with plain_client_of(CopilotRuntime({"default": Recorder()}), small) as client:
        for sent in (body(user="x" * 3000), body(messages=many), body(messages=crowded)):
            answer = await client.post(PATH, json=sent)
            assert answer.status_code == 413
            assert error_of(answer)["code"] == "request_too_large"


async def test_other_paths_and_methods_are_answered_in_the_same_form() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        missing = await client.get("/v1/assistants")
        wrong = await client.get(PATH)
    assert (missing.status_code, error_of(missing)["code"]) == (404, "not_found")
    assert "POST chat/completions" in error_of(missing)["message"]
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert error_of(wrong)["code"] == "method_not_allowed"


async def test_an_unknown_agent_is_an_unknown_model() -> None:
    async with client_of(CopilotRuntime({"default": Recorder()})) as client:
        with pytest.raises(openai.NotFoundError, match="'gpt' does not exist") as caught:
            await client.chat.completions.create(model="gpt", messages=[user("hi")])
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_callers_whom_nobody_knows_are_refused() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authenticate=lambda request: None)
    async with client_of(runtime) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.models.list()
    assert caught.value.code == "invalid_api_key"


async def test_threads_of_others_do_not_exist() -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())}, authenticate=by_header)
    async with client_of(runtime, headers={"x-user": "bob", "x-thread-id": "t1"}) as client:
        await ran(runtime, asking(thread="t1", caller=ANN))
        with pytest.raises(openai.NotFoundError) as caught:
            await client.chat.completions.create(model="default", messages=[user("hi")])
    assert caught.value.code == "thread_not_found"
    assert len(agent.requests) == 1


async def test_a_busy_thread_is_a_conflict_that_nobody_repeats() -> None:
    runtime = CopilotRuntime({"default": Recorder(), "held": (held := Held())})
    async with plain_client_of(runtime) as client:
        live = await runtime.start(asking(thread="t1", agent="held", caller=ANONYMOUS))
        await held.reached.wait()
        answer = await client.post(PATH, json=body(), headers={"x-thread-id": "t1"})
        await live.stop()
    assert (answer.status_code, answer.headers["x-should-retry"]) == (409, "false")
    assert (error_of(answer)["type"], error_of(answer)["code"]) == ("conflict", "thread_busy")


async def test_too_many_requests_may_be_repeated() -> None:
    runtime = CopilotRuntime({"default": Held()}, options=Options(runs=1))
    async with plain_client_of(runtime) as client:
        live = await runtime.start(asking(thread="t1"))
        answer = await client.post(PATH, json=body())
        await live.stop()
    assert answer.status_code == 429
    assert error_of(answer)["code"] == "rate_limit_exceeded"
    assert "x-should-retry" not in answer.headers
    assert int(answer.headers["retry-after"]) > 0


async def test_no_more_requests_are_open_than_may_be() -> None:
    options = ServerOptions(limits=ServerLimits(requests=1))
    held = Held()
    async with plain_client_of(CopilotRuntime({"default": held}), options) as client:
        async with client.stream("POST", PATH, json=body(stream=True)) as stream:
            assert stream.status_code == 200
            refused = await client.get("/v1/models")
        assert refused.status_code == 429
        assert error_of(refused)["code"] == "rate_limit_exceeded"


async def test_a_budget_that_is_spent_is_a_quota() -> None:
    spent = {"usage": [{"model": "m", "inputTokens": 90, "outputTokens": 90}]}
    runtime = CopilotRuntime(
        {"default": Recorder(end=spent)}, options=Options(budget=Budget(tokens_per_day=100))
    )
    async with plain_client_of(runtime) as client:
        assert (await client.post(PATH, json=body())).status_code == 200
        answer = await client.post(PATH, json=body())
    assert (answer.status_code, error_of(answer)["code"]) == (429, "insufficient_quota")


async def test_what_fails_unexpectedly_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: object) -> None:
        raise RuntimeError("secret of the server")

    async with plain_client_of(CopilotRuntime({}, authenticate=broken)) as client:
        answer = await client.get("/v1/models")
    assert answer.status_code == 500
    assert error_of(answer)["type"] == "server_error"
    assert "secret" not in answer.text
    assert "secret of the server" in caplog.text


@pytest.mark.parametrize("wrong", [{"keep_alive": -1}, {"path": "v1"}, {"thread_headers": 7}])
def test_options_that_cannot_be_obeyed_are_refused(wrong: Body) -> None:
    with pytest.raises(Misconfigured):
        OpenAIWire(**wrong)
