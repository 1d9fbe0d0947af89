"""Push notifications: webhooks of tasks, at hosts that the operator names."""

from __future__ import annotations

import uuid
from pathlib import Path

import httpx
import pytest

from agui_runtime import A2AWire, CopilotRuntime, create_app
from agui_runtime.core.errors import Misconfigured
from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime.runtime import Options
from agui_runtime.stores.memory import MemoryLimits, MemoryStore
from agui_runtime.stores.moving.threads import Moved, exported
from agui_runtime.wires.a2a import notices, webhook_hosts, webhooks
from tests.runtime.test_workers import at_work
from tests.wires.a2a.receiver import Receiver, receiving
from tests.wires.a2a.serving import (
    Asking,
    Json,
    called,
    error,
    message,
    old_message,
    plain_client_of,
    result,
    sent,
)
from tests.wires.graphql.serving import by_header
from tests.wires.openai.serving import Recorder

WIRE = A2AWire(webhooks=["127.0.0.1", "hooks.example.com"])
CREATE = "CreateTaskPushNotificationConfig"
GET = "GetTaskPushNotificationConfig"
LIST = "ListTaskPushNotificationConfigs"
DELETE = "DeleteTaskPushNotificationConfig"


async def asked(client: httpx.AsyncClient, receiver: Receiver, **more: object) -> Json:
    """A task that waits, with a webhook."""
    task = await sent(client, {"text": "where?"})
    await result(client, CREATE, {"taskId": task["id"], "url": receiver.url, **more})
    return task


async def test_a_webhook_that_comes_with_a_message_gets_the_whole_task() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with plain_client_of(runtime, WIRE) as client, receiving() as receiver:
        card = (await client.get("/a2a/default/.well-known/agent-card.json")).json()
        known = {"scheme": "Bearer", "credentials": "b"}
        webhook = {"url": receiver.url, "token": "t", "authentication": known}
        wanted = {"returnImmediately": True, "taskPushNotificationConfig": webhook}
        given = {"message": message(), "configuration": wanted}
        task = (await result(client, "SendMessage", given))["task"]
        notice = await receiver.next()
    assert card["capabilities"]["pushNotifications"] is True
    assert notice.headers["authorization"] == "Bearer b"
    assert notice.headers["x-a2a-notification-token"] == "t"
    told = notice.body["task"]
    assert (told["id"], notice.state) == (task["id"], "TASK_STATE_COMPLETED")
    assert "Hello world" in str(told["artifacts"])


async def test_one_of_0_3_gets_the_task_in_the_words_of_0_3() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with plain_client_of(runtime, WIRE, headers={}) as client, receiving() as receiver:
        wanted = {"pushNotificationConfig": {"url": receiver.url, "id": "w"}}
        given = {"message": old_message(), "configuration": wanted}
        task = await result(client, "message/send", given)
        notice = await receiver.next()
        webhook = {"id": task["id"], "pushNotificationConfigId": "w"}
        found = await result(client, "tasks/pushNotificationConfig/get", webhook)
        deleted = await called(client, "tasks/pushNotificationConfig/delete", webhook)
        routed = f"/a2a/default/v1/tasks/{task['id']}/pushNotificationConfigs/w"
        deletion = await client.delete(routed)
        unknown = await client.delete(routed.replace("task_", "none_"))
    assert (notice.body["kind"], notice.body["id"], notice.state) == (
        "task",
        task["id"],
        "completed",
    )
    assert found["pushNotificationConfig"]["url"] == receiver.url
    assert (deletion.status_code, deletion.json(), unknown.status_code) == (200, {}, 404)
    assert deleted.json() == {"jsonrpc": "2.0", "id": 7, "result": None}


async def test_a_task_tells_of_its_end_whoever_brings_that_about() -> None:
    runtime = CopilotRuntime({"default": Asking()})
    async with plain_client_of(runtime, WIRE) as client, receiving() as receiver:
        answered = await asked(client, receiver)
        await sent(client, {"text": "Rome"}, taskId=answered["id"])
        assert (await receiver.next()).body["task"]["id"] == answered["id"]
    runtime = CopilotRuntime({"default": Asking(times=9)})
    async with plain_client_of(runtime, WIRE) as client, receiving() as receiver:
        dismissed = await asked(client, receiver)
        await result(client, "CancelTask", {"id": dismissed["id"]})
        assert (await receiver.next()).state == "TASK_STATE_CANCELED"
        abandoned = await asked(client, receiver)
        await sent(client, {"text": "another"}, contextId=abandoned["contextId"])
        notice = await receiver.next()
    assert (notice.body["task"]["id"], notice.state) == (abandoned["id"], "TASK_STATE_CANCELED")


async def test_webhooks_are_listed_and_deleted_by_whoever_has_the_task() -> None:
    runtime = CopilotRuntime({"default": Asking()}, authenticate=by_header)
    async with plain_client_of(runtime, WIRE) as client, receiving() as receiver:
        client.headers["x-user"] = "ann"
        task = await asked(client, receiver, id="one")
        await result(client, CREATE, {"taskId": task["id"], "url": receiver.url})
        named = {"taskId": task["id"], "id": "one"}
        assert (await result(client, GET, named))["url"] == receiver.url
        client.headers["x-user"] = "bob"
        for method in (CREATE, GET, LIST, DELETE):
            given = {**named, "url": receiver.url}
            assert (await error(client, method, given))["code"] == -32001
        client.headers["x-user"] = "ann"
        for _ in range(2):
            assert (await called(client, DELETE, named)).json()["result"] is None
        assert (await error(client, GET, named))["code"] == -32001
        [rest] = (await result(client, LIST, {"taskId": task["id"]}))["configs"]
        await sent(client, {"text": "Rome"}, taskId=task["id"])
        await receiver.next()
        await called(client, DELETE, {"taskId": task["id"]})  # the one that was given no id
        assert (await result(client, LIST, {"taskId": task["id"]})).get("configs", []) == []
    assert rest["id"] == "default"
    assert receiver.notices.empty()


async def test_who_may_only_read_a_task_changes_no_webhook() -> None:
    allowed = {"read", "start"}
    runtime = CopilotRuntime(
        {"default": Asking()}, authorize=lambda who, what, where: what in allowed
    )
    async with plain_client_of(runtime, WIRE) as client, receiving() as receiver:
        task = await asked(client, receiver)
        allowed.discard("start")
        given = {"taskId": task["id"], "url": "https://hooks.example.com/"}
        statuses = [
            (await called(client, method, given)).status_code for method in (CREATE, DELETE)
        ]
        [rest] = (await result(client, LIST, {"taskId": task["id"]}))["configs"]
    assert (statuses, rest["url"]) == ([403, 403], receiver.url)


async def test_a_webhook_outlives_the_server_that_was_given_it(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/threads.db"
    async with receiving() as receiver:
        async with plain_client_of(CopilotRuntime({"default": Asking()}, store=store), WIRE) as one:
            task, another = await asked(one, receiver), await asked(one, receiver)
        later = CopilotRuntime({"default": Asking(times=0)}, store=store)
        async with plain_client_of(later, WIRE) as other:
            await sent(other, {"text": "Rome"}, taskId=task["id"])
        assert (await receiver.next()).state == "TASK_STATE_COMPLETED"
        # One is not called whose host is no longer named.
        later = CopilotRuntime({"default": Asking(times=0)}, store=store)
        async with plain_client_of(later, A2AWire(webhooks=["hooks.example.com"])) as strict:
            ended = await sent(strict, {"text": "Rome"}, taskId=another["id"])
    assert ended["status"]["state"] == "TASK_STATE_COMPLETED"
    assert receiver.notices.empty()


async def test_a_webhook_is_called_once_where_two_apps_are_over_one_runtime() -> None:
    runtime = CopilotRuntime({"default": Asking()})
    create_app(runtime, wires=[WIRE])
    async with receiving() as receiver:
        async with plain_client_of(runtime, A2AWire(webhooks=["127.0.0.1"])) as client:
            task = await asked(client, receiver)
            await sent(client, {"text": "Rome"}, taskId=task["id"])
        await receiver.next()
    assert receiver.notices.empty()


async def test_no_export_has_what_webhooks_are_called_with() -> None:
    runtime = CopilotRuntime({"default": Asking()})
    async with plain_client_of(runtime, WIRE) as client, receiving() as receiver:
        await asked(client, receiver, token="a-secret")
        moved = Moved()
        lines = [line async for line in exported(runtime.store, moved)]
        lines += [line async for line in runtime.states.export()]
    assert (moved.threads, b"a-secret" in b"".join(lines)) == (1, False)


async def test_a_worker_calls_the_webhook_of_what_it_carries_out() -> None:
    store, queue = MemoryStore(), HereQueue()
    web, work = (
        CopilotRuntime({"default": Recorder()}, store=store, options=Options(run_in=queue))
        for _ in range(2)
    )
    create_app(work, wires=[WIRE])
    async with plain_client_of(web, WIRE) as client, receiving() as receiver:
        wanted = {"returnImmediately": True, "taskPushNotificationConfig": {"url": receiver.url}}
        given = {"message": message(), "configuration": wanted}
        task = (await result(client, "SendMessage", given))["task"]
        async with work.lifespan(), at_work(work):
            assert (await receiver.next()).body["task"]["id"] == task["id"]


async def test_a_call_that_fails_is_repeated_and_a_redirection_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notices, "WAITS", (0.0, 0.0))
    runtime = CopilotRuntime({"default": Asking()})
    async with plain_client_of(runtime, WIRE) as client, receiving(503, 200, 307) as receiver:
        task = await asked(client, receiver)
        await sent(client, {"text": "Rome"}, taskId=task["id"])
        assert (await receiver.next()).state == (await receiver.next()).state
        again = await asked(client, receiver)
        await result(client, "CancelTask", {"id": again["id"]})
        await receiver.next()
    assert receiver.notices.empty()
    assert "127.0.0.1 failed: status 307" in caplog.text


async def test_a_call_that_fails_in_another_way_ends_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notices, "WAITS", (0.0,))
    monkeypatch.setattr(webhook_hosts, "_LAST_PORT", 2**17)  # which the loop cannot call
    runtime = CopilotRuntime({"default": Asking()})
    async with plain_client_of(runtime, WIRE) as client, receiving(503, 200) as receiver:
        task = await asked(client, receiver)
        broken = {"taskId": task["id"], "id": "broken", "url": "http://127.0.0.1:70000/"}
        await result(client, CREATE, broken)
        await sent(client, {"text": "Rome"}, taskId=task["id"])
        assert (await receiver.next()).state == (await receiver.next()).state
    assert "127.0.0.1 failed: " in caplog.text
    assert all(each.exc_info is None for each in caplog.records)


async def test_receivers_of_one_owner_are_not_in_the_way_of_anothers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in (("WAITS", (60.0,)), ("AT_ONCE_OF_ONE", 1), ("GRACE", 0.0)):
        monkeypatch.setattr(notices, name, value)
    runtime = CopilotRuntime({"default": Asking(times=9)}, authenticate=by_header)
    async with plain_client_of(runtime, WIRE) as client, receiving(503) as receiver:
        tasks = []
        for owner in ("ann", "ann", "bob"):
            client.headers["x-user"] = owner
            tasks.append(await asked(client, receiver))
            await result(client, "CancelTask", {"id": tasks[-1]["id"]})
        found = {(await receiver.next()).body["task"]["id"] for _ in range(2)}
    assert found == {tasks[0]["id"], tasks[2]["id"]}
    assert receiver.notices.empty()
    assert caplog.text.count("are not called: too many are") == 1


REFUSED: list[tuple[Json, str]] = [
    ({"url": "https://internal.example.com/"}, "does not call that host"),
    ({"url": "https://hooks.example.com.thief.test/"}, "does not call that host"),
    ({"url": "https://hooks.example.com@thief.test/"}, "without a user's name"),
    ({"url": "http://hooks.example.com/"}, "an https address"),
    ({"url": "file:///etc/passwd"}, "an https address"),
    ({"url": "https://hooks.example.com:65536/"}, "a port of 1 to 65535"),
    ({"url": "http://127.0.0.1:0/"}, "a port of 1 to 65535"),
    ({"url": "https://hooks.example.com/", "token": "a\r\nb: c"}, "token"),
    (
        {"url": "https://hooks.example.com/", "authentication": {"scheme": "a b"}},
        "authentication.scheme",
    ),
]


async def test_what_may_not_be_called_is_refused_before_anything_starts() -> None:
    agent = Recorder()
    async with plain_client_of(CopilotRuntime({"default": agent}), WIRE) as client:
        for webhook, words in REFUSED:
            wanted = {"taskPushNotificationConfig": webhook}
            given = {"message": message(), "configuration": wanted}
            refused = await error(client, "SendMessage", given)
            assert (refused["code"], words in refused["message"]) == (-32602, True), webhook
    assert agent.requests == []


async def test_a_task_has_no_more_webhooks_than_can_be_called() -> None:
    agent = Asking()
    async with plain_client_of(CopilotRuntime({"default": agent}), WIRE) as client:
        task, url = await sent(client), "https://hooks.example.com/"
        for count in range(10):
            await result(client, CREATE, {"taskId": task["id"], "id": f"w{count}", "url": url})
        refused = await error(client, CREATE, {"taskId": task["id"], "id": "more", "url": url})
        found = await result(client, LIST, {"taskId": task["id"]})
        wanted = {"taskPushNotificationConfig": {"url": url}}
        given = {"message": message(taskId=task["id"]), "configuration": wanted}
        unstarted = await error(client, "SendMessage", given)
    assert "10 webhooks" in refused["message"]
    assert [each["id"] for each in found["configs"]] == [f"w{count}" for count in range(10)]
    assert (unstarted["message"], len(agent.requests)) == (refused["message"], 1)


async def test_what_the_store_does_not_take_is_no_answer_to_a_message_that_started_a_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore(MemoryLimits(state_bytes=100))
    async with plain_client_of(
        CopilotRuntime({"default": Recorder()}, store=store), WIRE
    ) as client:
        wanted = {"taskPushNotificationConfig": {"url": "https://hooks.example.com/" + "a" * 100}}
        given = {"message": message(), "configuration": wanted}
        task = (await result(client, "SendMessage", given))["task"]
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert f"the webhook of task {task['id']} is not noted" in caplog.text


async def test_the_latest_webhooks_of_a_context_have_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "LARGEST", 2000)
    async with plain_client_of(CopilotRuntime({"default": Recorder()}), WIRE) as client:
        context, counts = str(uuid.uuid4()), []
        tasks = [await sent(client, contextId=context) for _ in range(3)]
        for task in tasks:
            url = "https://hooks.example.com/" + "a" * 700
            await result(client, CREATE, {"taskId": task["id"], "url": url})
        for task in tasks:
            found = await result(client, LIST, {"taskId": task["id"]})
            counts.append(len(found.get("configs", ())))
    assert counts == [0, 1, 1]


@pytest.mark.parametrize(
    "name", ["https://x.test", "x.test:8080", "x.test/hook", "*", "*.x.test", ""]
)
def test_what_is_no_host_is_no_setting(name: str) -> None:
    with pytest.raises(Misconfigured, match="webhooks"):
        A2AWire(webhooks=[name])
