"""Messages become runs, and runs are tasks: sent, read, listed and cancelled."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.errors import GuardrailDenied, ModelFailure
from agui_runtime.core.events import ANONYMOUS, Event
from tests.runtime.worlds import asking, call, ran, text
from tests.wires.a2a.serving import (
    Asking,
    Json,
    error,
    message,
    old_message,
    old_rest_message,
    plain_client_of,
    result,
    sent,
    texts_of,
)
from tests.wires.openai.serving import Held, Recorder

PNG = b64encode(b"\x89PNG").decode()


async def test_a_message_is_a_run_whose_texts_are_artifacts() -> None:
    async with plain_client_of(CopilotRuntime({"default": (agent := Recorder())})) as client:
        task = await sent(client, {"text": "hello"}, messageId="m-1")
        again = await result(client, "GetTask", {"id": task["id"]})
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert texts_of(task) == ["Hello world"]
    assert [each["messageId"] for each in task["history"]] == ["m-1"]
    assert agent.messages == [("user", "hello")]
    assert {**again, "status": None} == {**task, "status": None}


async def test_a_task_of_0_3_is_the_same_one() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()}), headers={}) as client:
        task = await result(client, "message/send", {"message": old_message()})
        again = await result(client, "tasks/get", {"id": task["id"]})
    assert (task["kind"], task["status"]["state"]) == ("task", "completed")
    assert [each["parts"] for each in task["artifacts"]] == [
        [{"kind": "text", "text": "Hello world"}]
    ]
    assert again["id"] == task["id"]


async def test_a_context_is_a_thread_on_which_each_message_is_a_task() -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with plain_client_of(runtime) as client:
        first = await sent(client, {"text": "one"}, contextId="c-1")
        second = await sent(client, {"text": "two"}, contextId="c-1")
        known = await runtime.threads.runs("c-1", ANONYMOUS)
    assert first["contextId"] == second["contextId"] == "c-1"
    assert first["id"] != second["id"]
    assert len(known) == 2
    assert agent.messages == [("user", "one"), ("assistant", "Hello world"), ("user", "two")]


async def test_a_message_whose_id_the_thread_knows_is_a_message_of_its_own() -> None:
    async with plain_client_of(CopilotRuntime({"default": (agent := Recorder())})) as client:
        for words in ("one", "two"):
            await sent(client, {"text": words}, contextId="c-1", messageId="m-1")
    assert agent.messages[-1] == ("user", "two")
    assert len(agent.messages) == 3


async def test_files_and_data_reach_the_agent() -> None:
    parts: list[Json] = [
        {"text": "look"},
        {"raw": PNG, "mediaType": "image/png", "filename": "a.png"},
        {"url": "https://x.test/y.pdf", "mediaType": "application/pdf"},
        {"data": {"steps": 1}},
    ]
    async with plain_client_of(CopilotRuntime({"default": (agent := Recorder())})) as client:
        await sent(client, *parts)
    content = agent.requests[-1].messages[-1].model_dump(by_alias=True)["content"]
    assert [each["type"] for each in content] == ["text", "image", "document", "text"]
    assert content[1]["source"] == {"type": "data", "value": PNG, "mimeType": "image/png"}
    assert content[1]["metadata"] == {"filename": "a.png"}
    assert content[2]["source"]["value"] == "https://x.test/y.pdf"
    assert content[3]["text"] == '{"steps":1}'


async def test_files_of_tools_and_the_state_are_artifacts() -> None:
    source = {"type": "data", "value": PNG, "mimeType": "image/png"}
    picture = [{"type": "image", "source": source, "metadata": {"filename": "a.png"}}]
    made: list[Event] = [
        *call("c1", "paint", "{}"),
        {"type": "TOOL_CALL_RESULT", "messageId": "r1", "toolCallId": "c1", "content": picture},
        {"type": "STATE_SNAPSHOT", "snapshot": {"done": 1}},
        {"type": "STATE_DELTA", "delta": [{"op": "replace", "path": "/done", "value": 2}]},
    ]
    async with plain_client_of(CopilotRuntime({"default": Recorder(*made)})) as client:
        task = await sent(client)
    file, state = task["artifacts"]
    assert file["parts"] == [{"raw": PNG, "mediaType": "image/png", "filename": "a.png"}]
    assert (state["artifactId"], state["parts"]) == ("state", [{"data": {"done": 2}}])


async def test_an_answer_that_is_stated_as_a_whole_is_an_artifact() -> None:
    async def stating(request: RunAgentInput) -> AsyncIterator[Event]:
        given = [each.model_dump(by_alias=True, exclude_none=True) for each in request.messages]
        answer = {"id": "a1", "role": "assistant", "content": "Stated."}
        yield {"type": "MESSAGES_SNAPSHOT", "messages": [*given, answer]}

    async with plain_client_of(CopilotRuntime({"default": stating})) as client:
        assert texts_of(await sent(client)) == ["Stated."]


async def test_what_stands_beside_a_message_reaches_the_agent() -> None:
    beside: Json = {"metadata": {"tone": "dry"}, "referenceTaskIds": ["t-1"]}
    async with plain_client_of(CopilotRuntime({"default": (agent := Recorder())})) as client:
        await sent(client, **beside)
    assert agent.requests[-1].forwarded_props == beside


async def test_a_client_that_does_not_wait_gets_the_task_at_once_and_finds_it_later() -> None:
    runtime = CopilotRuntime({"default": (held := Held())})
    async with plain_client_of(runtime) as client:
        params = {"message": message(), "configuration": {"returnImmediately": True}}
        task = (await result(client, "SendMessage", params))["task"]
        await held.reached.wait()
        found = await result(client, "GetTask", {"id": task["id"]})
        await result(client, "CancelTask", {"id": task["id"]})
    assert task["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert (found["status"]["state"], texts_of(found)) == ("TASK_STATE_WORKING", ["Well"])


async def test_so_does_a_client_of_0_3() -> None:
    async with plain_client_of(CopilotRuntime({"default": Held()}), headers={}) as client:
        params = {"message": old_message(), "configuration": {"blocking": False}}
        task = await result(client, "message/send", params)
        ended = await result(client, "tasks/cancel", {"id": task["id"]})
    assert (task["status"]["state"], ended["status"]["state"]) == ("submitted", "canceled")


async def test_cancelling_a_task_ends_the_agent() -> None:
    async with plain_client_of(CopilotRuntime({"default": (held := Held())})) as client:
        params = {"message": message(), "configuration": {"returnImmediately": True}}
        task = (await result(client, "SendMessage", params))["task"]
        await held.reached.wait()
        ended = await result(client, "CancelTask", {"id": task["id"]})
        await held.closed.wait()
        again = await error(client, "CancelTask", {"id": task["id"]})
    assert (ended["id"], ended["status"]["state"]) == (task["id"], "TASK_STATE_CANCELED")
    assert again["code"] == -32002


@pytest.mark.parametrize(
    ("failure", "state", "code"),
    [
        (ModelFailure("UNAVAILABLE", "the model broke off"), "FAILED", "MODEL_UNAVAILABLE"),
        (GuardrailDenied("not about this"), "REJECTED", "GUARDRAILS_VALIDATION_FAILED"),
    ],
)
async def test_how_a_run_failed_is_in_its_status(failure: Exception, state: str, code: str) -> None:
    async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text("m1", "Hel"):
            yield event
        raise failure

    async with plain_client_of(CopilotRuntime({"default": failing})) as client:
        task = await sent(client)
        found = await result(client, "ListTasks", {"status": f"TASK_STATE_{state}"})
    assert task["status"]["state"] == f"TASK_STATE_{state}"
    assert task["status"]["message"]["parts"] == [{"text": str(failure)}]
    assert task["status"]["message"]["metadata"] == {"code": code}
    assert texts_of(task) == ["Hel"]
    assert [each["id"] for each in found["tasks"]] == [task["id"]]


async def test_history_is_as_long_as_the_client_wants() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        params = {"message": message(), "configuration": {"historyLength": 0}}
        task = (await result(client, "SendMessage", params))["task"]
        found = await result(client, "GetTask", {"id": task["id"], "historyLength": 1})
        refused = await error(client, "GetTask", {"id": task["id"], "historyLength": -1})
    assert "history" not in task
    assert len(found["history"]) == 1
    assert refused["code"] == -32602


@pytest.mark.parametrize("name", ["historyLength", "history_length"])
async def test_so_it_is_over_rest_of_0_3_in_either_spelling(name: str) -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking()}), headers={}) as client:
        began = await client.post("/a2a/default/v1/message:send", json=old_rest_message())
        path = f"/a2a/default/v1/tasks/{began.json()['task']['id']}"
        whole = (await client.get(path)).json()
        short = (await client.get(path, params={name: 1})).json()
        refused = await client.get(path, params={name: -1})
    assert (len(whole["history"]), short["history"]) == (2, whole["history"][1:])
    assert refused.status_code == 400


async def test_a_run_of_another_client_is_a_task_too() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with plain_client_of(runtime) as client:
        await ran(runtime, asking("from a page", thread="c-1", caller=ANONYMOUS))
        found = await result(client, "ListTasks", {"contextId": "c-1", "includeArtifacts": True})
    [task] = found["tasks"]
    assert texts_of(task) == ["Hello world"]
    assert task["history"][0]["parts"][0]["text"] == "from a page"


async def test_tasks_are_listed_page_by_page_the_latest_first() -> None:
    runtime = CopilotRuntime({"default": Recorder(), "other": Recorder()})
    async with plain_client_of(runtime) as client:
        ids = [(await sent(client, contextId=f"c-{n}"))["id"] for n in range(3)]
        await sent(client, agent="other")
        first = await result(client, "ListTasks", {"pageSize": 2})
        token = first["nextPageToken"]
        second = await result(client, "ListTasks", {"pageSize": 2, "pageToken": token})
        nobody = await result(client, "ListTasks", {"contextId": "unknown"})
        wrong = [
            (await error(client, "ListTasks", params))["code"]
            for params in ({"pageSize": 0}, {"pageSize": 101}, {"pageToken": "x"})
        ]
    pages = [[task["id"] for task in each["tasks"]] for each in (first, second)]
    assert pages == [[ids[2], ids[1]], [ids[0]]]
    assert (first["totalSize"], first["pageSize"], second["nextPageToken"]) == (3, 2, "")
    assert "artifacts" not in first["tasks"][0]
    assert nobody["tasks"] == []
    assert wrong == [-32602] * 3
