"""What is refused, and how: with JSON-RPC's and A2A's own errors, or HTTP's where there is none."""

from __future__ import annotations

import logging

import pytest

from agui_runtime import A2AWire, CopilotRuntime, Options, ServerLimits, ServerOptions
from agui_runtime.core.access import Resource
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import ANONYMOUS, Caller
from agui_runtime.wires.shared.bodies import BodyLimits
from tests.runtime.worlds import ANN, asking, ran
from tests.wires.a2a.serving import (
    TODAY,
    Json,
    called,
    error,
    message,
    old_message,
    old_rest_message,
    plain_client_of,
    result,
    sent,
)
from tests.wires.graphql.serving import by_header
from tests.wires.openai.serving import Held, Recorder

NOT_RPC = [
    (b"", -32700),
    (b"{", -32700),
    (b"\xff", -32700),
    (b"[]", -32600),
    (b"7", -32600),
    (b"null", -32600),
    (b"{}", -32600),
    (b'{"jsonrpc":"1.0","method":"GetTask"}', -32600),
    (b'{"jsonrpc":"2.0","id":{},"method":"GetTask"}', -32600),
    (b'{"jsonrpc":"2.0","id":true,"method":"GetTask"}', -32600),
    (b'{"jsonrpc":"2.0","id":7}', -32600),
    (b'{"jsonrpc":"2.0","id":7,"method":"GetTask","more":1}', -32600),
    (b'{"jsonrpc":"2.0","id":7,"method":7}', -32600),
    (b'{"jsonrpc":"2.0","id":7,"method":"tasks/delete"}', -32601),
    (b'{"jsonrpc":"2.0","id":7,"method":"GetTask","params":[]}', -32602),
    (b'{"jsonrpc":"2.0","id":7,"method":"GetTask","params":null}', -32602),
]


@pytest.mark.parametrize(("body", "code"), NOT_RPC)
async def test_what_is_no_request_of_json_rpc(
    body: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        headers = {"content-type": "application/json"}
        answer = await client.post("/a2a/default", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == code
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


WRONG: list[tuple[str, Json, int]] = [
    ("SendMessage", {}, -32602),
    ("SendMessage", {"message": 7}, -32602),
    ("SendMessage", {"message": message() | {"parts": []}}, -32602),
    ("SendMessage", {"message": message() | {"messageId": ""}}, -32602),
    ("SendMessage", {"message": message() | {"messageId": "a\nb"}}, -32602),
    ("SendMessage", {"message": message(contextId="x" * 2000)}, -32602),
    ("SendMessage", {"message": message(role="ROLE_AGENT")}, -32602),
    ("SendMessage", {"message": message(role="ROLE_KING")}, -32602),
    ("SendMessage", {"message": message({})}, -32602),
    ("SendMessage", {"message": message({"text": 7})}, -32602),
    ("SendMessage", {"message": message({"url": "file:///etc/passwd"})}, -32602),
    ("SendMessage", {"message": message(taskId="task_x")}, -32001),
    ("SendMessage", {"message": message(), "configuration": {"historyLength": -1}}, -32602),
    (
        "SendMessage",
        {
            "message": message(),
            "configuration": {"taskPushNotificationConfig": {"url": "http://10.0.0.1/"}},
        },
        -32003,
    ),
    ("SendStreamingMessage", {"message": message(taskId="task_x")}, -32001),
    ("GetTask", {}, -32602),
    ("GetTask", {"id": 7}, -32602),
    ("GetTask", {"id": "x"}, -32001),
    ("GetTask", {"id": "task_AAAA"}, -32001),
    ("CancelTask", {"id": "x"}, -32001),
    ("SubscribeToTask", {"id": "x"}, -32001),
    ("ListTasks", {"pageToken": "%"}, -32602),
    ("CreateTaskPushNotificationConfig", {"taskId": "x", "url": "http://10.0.0.1/"}, -32003),
    ("GetTaskPushNotificationConfig", {"taskId": "x", "id": "y"}, -32003),
    ("ListTaskPushNotificationConfigs", {"taskId": "x"}, -32003),
    ("DeleteTaskPushNotificationConfig", {"taskId": "x", "id": "y"}, -32003),
    ("GetExtendedAgentCard", {}, -32004),
]


@pytest.mark.parametrize(("method", "params", "code"), WRONG)
async def test_what_is_wrong_is_refused_with_the_protocols_own_code(
    method: str, params: Json, code: int
) -> None:
    async with plain_client_of(CopilotRuntime({"default": (agent := Recorder())})) as client:
        refused = await error(client, method, params)
    assert refused["code"] == code
    assert refused["message"]
    assert not agent.requests


OLD: list[tuple[str, Json, int]] = [
    ("message/send", {}, -32602),
    ("message/send", {"message": old_message() | {"role": "king"}}, -32602),
    ("message/send", {"message": old_message({"kind": "smell"})}, -32602),
    ("message/send", {"message": old_message({"kind": "file", "file": {"bytes": "e"}})}, -32602),
    ("message/send", {"message": old_message({"kind": "data", "data": {"n": 10**400}})}, -32602),
    ("message/send", {"message": old_message(), "metadata": {"n": 10**400}}, -32602),
    ("message/send", {"message": old_message(), "configuration": {"historyLength": 2**31}}, -32602),
    ("message/stream", {"message": old_message({"kind": "file", "file": {"bytes": "e"}})}, -32602),
    ("message/send", {"message": old_message(taskId="x")}, -32001),
    ("tasks/get", {"id": "x", "historyLength": 2**31}, -32602),
    ("tasks/cancel", {"id": "x", "metadata": {"n": 10**400}}, -32602),
    ("tasks/get", {}, -32602),
    ("tasks/get", {"id": "x"}, -32001),
    ("tasks/cancel", {"id": "x"}, -32001),
    ("tasks/pushNotificationConfig/get", {"id": "x"}, -32003),
    ("agent/getAuthenticatedExtendedCard", {}, -32004),
]


@pytest.mark.parametrize(("method", "params", "code"), OLD)
async def test_so_it_is_in_0_3(method: str, params: Json, code: int) -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with plain_client_of(runtime, headers={}) as client:
        assert (await error(client, method, params))["code"] == code


NOBODYS = ["2.0", "99", "x", "1..0", "9" * 5000, "1." + "9" * 5000, "0.3rc" + "9" * 5000]


@pytest.mark.parametrize("version", NOBODYS, ids=lambda version: version[:8])
async def test_a_version_that_nobody_speaks_is_refused(
    version: str, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with plain_client_of(runtime, headers={"a2a-version": version}) as client:
        refused = [
            await error(client, "GetTask", {"id": "x"}),
            await error(client, "SendStreamingMessage", {"message": message()}),
            await error(client, "tasks/get", {"id": "x"}),
        ]
        rest = [await client.get(f"/a2a/default/{each}tasks/x") for each in ("", "v1/")]
        twice = [("a2a-version", "1.0"), ("a2a-version", version)]
        rest += [await client.get("/a2a/default/tasks/x", headers=twice)]
    assert [each["code"] for each in refused] == [-32009] * 3
    for each in rest:
        reason = each.json()["error"]["details"][0]["reason"]
        assert (each.status_code, reason) == (400, "VERSION_NOT_SUPPORTED")
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    assert not agent.requests


async def test_rest_has_the_same_errors_as_statuses() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        missing = await client.get("/a2a/default/tasks/x")
        wrong = await client.post("/a2a/default/message:send", json={})
        broken = await client.post(
            "/a2a/default/message:send",
            content=b"{",
            headers={"content-type": "application/a2a+json"},
        )
        nothing = await client.get("/a2a/default/nothing/here")
        method = await client.delete("/a2a/default/tasks")
    found = [(each.status_code, each.json()["error"]["code"]) for each in (missing, wrong, broken)]
    assert found == [(404, 404), (400, 400), (400, 400)]
    assert nothing.json()["error"]["details"][0]["reason"] == "NOT_FOUND"
    assert (method.status_code, method.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png"])
async def test_other_types_of_bodies_are_refused_before_anything_is_done(kind: str) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"messageId":"m",'
    body += b'"role":"ROLE_USER","parts":[{"text":"hi"}]}}}'
    headers = {"content-type": kind, "origin": "https://evil.test"}
    async with plain_client_of(CopilotRuntime({"default": (agent := Recorder())})) as client:
        rpc = await client.post("/a2a/default", content=body, headers=headers)
        rest = await client.post("/a2a/default/message:send", content=body, headers=headers)
        bare = await client.post(
            "/a2a/default/message:send", content=body, headers={"origin": "https://evil.test"}
        )
    assert rpc.json()["error"]["code"] == -32005
    assert [each.status_code for each in (rest, bare)] == [415, 415]
    assert not agent.requests


async def test_limits_of_bodies_hold() -> None:
    options = ServerOptions(body=BodyLimits(bytes=2000, depth=8))
    deep: Json = {"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}}
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with plain_client_of(runtime, options=options) as client:
        for part in ({"text": "x" * 3000}, {"data": deep}):
            answer = await called(client, "SendMessage", {"message": message(part)})
            assert answer.status_code == 413
            assert answer.json()["error"]["data"][0]["reason"] == "TOO_LARGE"
    assert not agent.requests


async def test_an_unknown_agent_is_not_found() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        answer = await called(client, "SendMessage", {"message": message()}, agent="nope")
        card = await client.get("/a2a/nope/.well-known/agent-card.json")
        nobody = await client.post("/a2a", json={})
    assert [each.status_code for each in (answer, card, nobody)] == [404, 404, 404]
    assert answer.json()["error"]["data"][0]["reason"] == "AGENT_NOT_FOUND"


async def test_callers_whom_nobody_knows_are_refused() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authenticate=lambda request: None)
    async with plain_client_of(runtime) as client:
        answers = [
            await called(client, "SendMessage", {"message": message()}),
            await client.get("/a2a/default/tasks"),
            await client.get("/a2a/default/.well-known/agent-card.json"),
        ]
    for answer in answers:
        assert answer.status_code == 401
        assert "www-authenticate" in answer.headers
        assert answer.json()["error"]["code"] in {-32000, 401}


async def test_tasks_of_others_are_as_unknown_as_those_that_nobody_has() -> None:
    runtime = CopilotRuntime({"default": Recorder(), "held": Held()}, authenticate=by_header)
    async with plain_client_of(runtime, headers={**TODAY, "x-user": "ann"}) as ann:
        task = await sent(ann, contextId="hers")
        await ran(runtime, asking(thread="t1", caller=ANN))
        client = ann
        for method in ("GetTask", "CancelTask", "SubscribeToTask"):
            client.headers["x-user"] = "bob"
            foreign = await called(client, method, {"id": task["id"]})
            nobody = await called(client, method, {"id": task["id"][:-4] + "AAAA"})
            assert foreign.content == nobody.content
            assert foreign.headers.items() - nobody.headers.items() <= {
                ("x-request-id", foreign.headers["x-request-id"]),
                ("date", foreign.headers["date"]),
            }
        answer = {"message": message(taskId=task["id"])}
        assert (await error(client, "SendMessage", answer))["code"] == -32001
        joined = await error(client, "SendMessage", {"message": message(contextId="hers")})
        listed = await result(client, "ListTasks", {})
        of_context = await result(client, "ListTasks", {"contextId": "hers"})
        client.headers["x-user"] = "ann"
        other = await error(client, "GetTask", {"id": task["id"]}, agent="held")
    assert joined["code"] == -32001
    assert listed["tasks"] == of_context["tasks"] == []
    assert other["code"] == -32001


async def test_what_authorize_denies_is_forbidden() -> None:
    def authorize(caller: Caller, access: str, resource: Resource) -> bool:
        return access not in {"start", "stop"}

    runtime = CopilotRuntime({"default": Recorder()}, authorize=authorize)
    async with plain_client_of(runtime) as client:
        rpc = await called(client, "SendMessage", {"message": message()})
        stream = await called(client, "SendStreamingMessage", {"message": message()})
        rest = await client.post("/a2a/default/message:send", json={"message": message()})
    assert [each.status_code for each in (rpc, stream, rest)] == [403, 403, 403]
    assert rpc.json()["id"] == 7
    assert rpc.json()["error"]["data"][0]["reason"] == "FORBIDDEN"
    assert rest.json()["error"]["status"] == "PERMISSION_DENIED"


async def test_so_it_is_in_streams_of_0_3() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authorize=lambda *given: False)
    async with plain_client_of(runtime, headers={}) as client:
        stream = await called(client, "message/stream", {"message": old_message()})
        rest = await client.post("/a2a/default/v1/message:stream", json=old_rest_message())
    assert [each.status_code for each in (stream, rest)] == [403, 403]
    assert rest.json()["error"]["status"] == "PERMISSION_DENIED"


async def test_a_busy_context_is_a_conflict() -> None:
    runtime = CopilotRuntime({"default": (held := Held())})
    async with plain_client_of(runtime) as client:
        live = await runtime.start(asking(thread="c-1", caller=ANONYMOUS))
        await held.reached.wait()
        answer = await called(client, "SendMessage", {"message": message(contextId="c-1")})
        await live.stop()
    assert answer.status_code == 409
    assert answer.json()["error"]["data"][0]["reason"] == "THREAD_BUSY"


async def test_too_many_runs_streams_and_requests_are_refused() -> None:
    held = Held()
    limits = ServerOptions(limits=ServerLimits(requests=1))
    runtime = CopilotRuntime({"default": held}, options=Options(streams=1, runs=1))
    async with plain_client_of(runtime) as client:
        body = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage"}
        body |= {"params": {"message": message()}}
        async with client.stream("POST", "/a2a/default", json=body) as stream:
            await held.reached.wait()
            answers = [
                await client.post("/a2a/default", json=body),
                await called(client, "SendMessage", {"message": message()}),
            ]
            assert stream.status_code == 200
    other = Held()
    async with (
        plain_client_of(CopilotRuntime({"default": other}), None, limits) as few,
        few.stream("POST", "/a2a/default", json=body),
    ):
        await other.reached.wait()
        answers.append(await called(few, "GetTask", {"id": "x"}))
    for answer in answers:
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0


async def test_what_fails_unexpectedly_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    runtime = CopilotRuntime({"default": Recorder()})

    async def broken(*given: object, **more: object) -> object:
        raise RuntimeError("secret of the server")

    runtime.start = broken  # type: ignore[method-assign,assignment]
    async with plain_client_of(runtime) as client:
        rpc = await called(client, "SendMessage", {"message": message()})
        rest = await client.post("/a2a/default/message:send", json={"message": message()})
        stream = await called(client, "SendStreamingMessage", {"message": message()})
    assert rpc.json()["error"]["code"] == stream.json()["error"]["code"] == -32603
    assert rest.status_code == 500
    for each in (rpc, rest, stream):
        assert "secret" not in each.text
    assert "secret of the server" in caplog.text


@pytest.mark.parametrize("wrong", [{"keep_alive": -1}, {"path": "a2a"}, {"public_cards": 7}])
def test_options_that_cannot_be_obeyed_are_refused(wrong: Json) -> None:
    with pytest.raises(Misconfigured):
        A2AWire(**wrong)
