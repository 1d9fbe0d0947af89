"""Interrupts: a task that waits for an answer, which is the next message with its id."""

from __future__ import annotations

import pytest
from a2a.types.a2a_pb2 import TaskState

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import ANONYMOUS
from tests.runtime.worlds import asking, ran
from tests.wires.a2a.serving import (
    Asking,
    Json,
    called,
    error,
    frames_in,
    message,
    old_message,
    old_rest_message,
    plain_client_of,
    result,
    sdk_client,
    sending,
    sent,
    serving,
    texts_of,
)


async def test_an_interrupt_is_a_question_and_the_next_message_its_answer() -> None:
    async with plain_client_of(CopilotRuntime({"default": (agent := Asking("city"))})) as client:
        task = await sent(client)
        ended = await sent(client, {"text": "Rome"}, taskId=task["id"])
        found = await result(client, "ListTasks", {})
    status = task["status"]
    assert status["state"] == "TASK_STATE_INPUT_REQUIRED"
    assert status["message"]["parts"][0] == {"text": "Which city?"}
    [asked] = status["message"]["parts"][1]["data"]["interrupts"]
    assert asked["id"] == "city"
    assert (ended["id"], ended["contextId"]) == (task["id"], task["contextId"])
    assert ended["status"]["state"] == "TASK_STATE_COMPLETED"
    assert texts_of(ended) == ["resolved Rome"]
    assert [each["role"] for each in ended["history"]] == ["ROLE_USER", "ROLE_AGENT", "ROLE_USER"]
    assert [each["id"] for each in found["tasks"]] == [task["id"]]
    assert len(agent.requests) == 2


async def test_a_task_that_is_read_later_has_what_answered_it() -> None:
    runtime = CopilotRuntime({"default": Asking("city", "day"), "one": Asking()})
    async with plain_client_of(runtime) as client:
        task = await sent(client, agent="one")
        ended = await sent(client, {"text": "Rome"}, agent="one", taskId=task["id"])
        found = await result(client, "GetTask", {"id": task["id"]}, "one")
        several = await sent(client)
        answers: list[Json] = [
            {"data": {"interruptId": "city", "payload": {"name": "Rome"}}},
            {"data": {"interruptId": "day", "status": "cancelled"}},
        ]
        await sent(client, *answers, taskId=several["id"], messageId="m-9")
        last = (await result(client, "GetTask", {"id": several["id"]}))["history"][-1]
    assert found["history"] == ended["history"]
    assert found["history"][-1]["parts"] == [{"text": "Rome"}]
    assert (last["messageId"], last["role"]) == ("m-9", "ROLE_USER")
    assert [part["data"]["interruptId"] for part in last["parts"]] == ["city", "day"]
    assert last["parts"][1]["data"]["status"] == "cancelled"


async def test_answers_of_one_id_are_all_in_the_history() -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking(times=3)})) as client:
        task = await sent(client, {"text": "one"}, messageId="m-1")
        for words in ("two", "three", "four"):
            ended = await sent(client, {"text": words}, messageId="m-1", taskId=task["id"])
        found = await result(client, "GetTask", {"id": task["id"]})
    users = [each for each in found["history"] if each["role"] == "ROLE_USER"]
    assert [each["parts"][0]["text"] for each in users] == ["one", "two", "three", "four"]
    assert found["history"] == ended["history"]
    assert len({each["messageId"] for each in found["history"]}) == len(found["history"])


async def test_so_it_is_in_0_3() -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking()}), headers={}) as client:
        task = await result(client, "message/send", {"message": old_message()})
        given = [{"kind": "text", "text": "Rome"}]
        reply = old_message(*given, taskId=task["id"], contextId=task["contextId"])
        ended = await result(client, "message/send", {"message": reply})
    assert task["status"]["state"] == "input-required"
    assert (ended["id"], texts_of(ended)) == (task["id"], ["resolved Rome"])


async def test_the_question_is_the_final_update_of_a_stream_of_0_3() -> None:
    asking_agent = CopilotRuntime({"default": Asking("input-required")})
    rest = "/a2a/default/v1/message:stream"
    async with plain_client_of(asking_agent, headers={}) as client:
        streamed = await called(client, "message/stream", {"message": old_message()})
        over_rest = await client.post(rest, json=old_rest_message())
    frames = frames_in(streamed.text)
    assert [each["result"].get("final") for each in frames] == [None, False, True]
    assert frames[-1]["result"]["status"]["state"] == "input-required"
    updates = [each.get("statusUpdate", {}) for each in frames_in(over_rest.text)]
    assert [each.get("final", False) for each in updates] == [False, False, True]
    assert updates[-1]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"


async def test_no_update_of_1_0_says_that_it_is_final() -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking()})) as client:
        answer = await client.post("/a2a/default/message:stream", json={"message": message()})
    last = frames_in(answer.text)[-1]["statusUpdate"]
    assert last["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    assert "final" not in last


async def test_several_questions_are_answered_by_their_ids() -> None:
    runtime = CopilotRuntime({"default": Asking("city", "day")})
    async with plain_client_of(runtime) as client:
        task = await sent(client)
        unclear = await error(
            client, "SendMessage", {"message": message({"text": "Rome"}, taskId=task["id"])}
        )
        unknown = await error(
            client,
            "SendMessage",
            {"message": message({"data": {"interruptId": "x"}}, taskId=task["id"])},
        )
        answers: list[Json] = [
            {"data": {"interruptId": "city", "payload": {"name": "Rome"}}},
            {"data": {"interruptId": "day", "status": "cancelled"}},
        ]
        ended = await sent(client, *answers, taskId=task["id"])
    assert (unclear["code"], unknown["code"]) == (-32602, -32602)
    assert "['city', 'day']" in unclear["message"]
    assert texts_of(ended) == ["resolved {'name': 'Rome'}; cancelled None"]


async def test_data_answers_the_only_question() -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking()})) as client:
        task = await sent(client)
        ended = await sent(client, {"data": {"approved": True}}, taskId=task["id"])
    assert texts_of(ended) == ["resolved {'approved': True}"]


async def test_a_question_may_be_answered_in_a_page() -> None:
    runtime = CopilotRuntime({"default": Asking()})
    async with plain_client_of(runtime) as client:
        task = await sent(client, contextId="c-1")
        run: Json = {"threadId": "c-1", "runId": "r-9", "messages": [], "tools": [], "context": []}
        run |= {"resume": [{"interruptId": "i1", "status": "resolved", "payload": "Oslo"}]}
        answer = await client.post("/copilotkit/agent/default/run", json=run | {"state": {}})
        found = await result(client, "GetTask", {"id": task["id"]})
    assert answer.status_code == 200
    assert found["history"][-1]["parts"] == [{"text": "Oslo"}]
    assert (found["status"]["state"], texts_of(found)) == (
        "TASK_STATE_COMPLETED",
        ["resolved Oslo"],
    )


async def test_a_message_to_a_task_that_has_ended_is_refused() -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking()})) as client:
        task = await sent(client)
        await sent(client, {"text": "Rome"}, taskId=task["id"])
        refused = await error(client, "SendMessage", {"message": message(taskId=task["id"])})
        subscribed = await error(client, "SubscribeToTask", {"id": task["id"]})
    assert (refused["code"], subscribed["code"]) == (-32004, -32004)
    assert "without its taskId" in refused["message"]


async def test_a_task_of_another_context_is_refused() -> None:
    async with plain_client_of(CopilotRuntime({"default": Asking()})) as client:
        task = await sent(client, contextId="c-1")
        params = {"message": message(taskId=task["id"], contextId="c-2")}
        refused = await error(client, "SendMessage", params)
    assert refused["code"] == -32602


async def test_cancelling_a_task_that_waits_calls_no_agent() -> None:
    runtime = CopilotRuntime({"default": (agent := Asking())})
    async with plain_client_of(runtime) as client:
        task = await sent(client, contextId="c-1")
        ended = await result(client, "CancelTask", {"id": task["id"]})
        refused = await error(client, "SendMessage", {"message": message(taskId=task["id"])})
        await ran(runtime, asking("and now?", thread="c-1", caller=ANONYMOUS))
    assert ended["status"]["state"] == "TASK_STATE_CANCELED"
    assert refused["code"] == -32004
    assert len(agent.requests) == 2


@pytest.mark.parametrize("version", ["1.0", "0.3"])
async def test_the_official_client_answers(version: str) -> None:
    async with (
        serving(CopilotRuntime({"default": Asking()})) as origin,
        sdk_client(origin, version=version) as client,
    ):
        updates = [each async for each in client.send_message(sending("hi"))]
        task = updates[0].task
        asked = updates[-1].status_update.status.message.parts[0].text
        reply = sending("Rome", task_id=task.id, context_id=task.context_id)
        rest = [each async for each in client.send_message(reply)]
    assert asked == "Which i1?"
    assert rest[0].task.status.state == TaskState.TASK_STATE_SUBMITTED
    words = [
        each.artifact_update.artifact.parts[0].text
        for each in rest
        if each.HasField("artifact_update")
    ]
    assert "".join(words) == "resolved Rome"
