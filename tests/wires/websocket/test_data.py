"""What a page reads and changes on the socket besides streams."""

from __future__ import annotations

import httpx
import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.wires.websocket.client_frames import KINDS
from agui_runtime.wires.websocket.data import ANSWERS
from tests.runtime.worlds import Scripted, Waiting, text
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import by_header
from tests.wires.websocket.serving import Json, Page, opened, page_of, run_input, serving


class Reader:
    """What a page asks for, one thing at a time."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def get(self, kind: str, **fields: object) -> Json:
        return await self._data("data_request", kind, **fields)

    async def change(self, kind: str, **fields: object) -> Json:
        return await self._data("mutation", kind, **fields)

    async def code(self, frame: str, kind: str, **fields: object) -> str:
        return str((await self.page.answer(frame, "d", kind=kind, **fields))["code"])

    async def _data(self, frame: str, kind: str, **fields: object) -> Json:
        answer = await self.page.answer(frame, "d", kind=kind, **fields)
        assert (answer["type"], answer["kind"]) == ("data_response", kind), answer
        data: Json = answer["data"]
        return data


STATE = {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}}


def runtime_of(*events: Json) -> CopilotRuntime:
    agents = {"default": Scripted(*(events or (*text("m1", "Hello"), STATE))), "other": Scripted()}
    return CopilotRuntime(agents)


def test_every_kind_has_an_answer() -> None:
    assert {kind for kinds in KINDS.values() for kind in kinds} == ANSWERS.keys()


async def test_what_there_is_can_be_read() -> None:
    async with page_of(runtime_of()) as page:
        reader = Reader(page)
        end = await page.answer("request", "q1", thread_id="t1", input=run_input(runId="r1"))
        agents = await reader.get("agents")
        assert [each["name"] for each in agents["agents"]] == ["default", "other"]
        threads = await reader.get("threads", limit=1)
        assert [each["id"] for each in threads["threads"]] == ["t1"]
        thread = await reader.get("thread", thread_id="t1")
        assert (thread["agentId"], thread["cursor"]) == ("default", end["cursor"])
        messages = await reader.get("messages", thread_id="t1", limit=1)
        assert [each["content"] for each in messages["messages"]] == ["Hello"]
        before = messages["page"]["before"]
        earlier = await reader.get("messages", thread_id="t1", before=before)
        assert [each["content"] for each in earlier["messages"]] == ["hi"]
        [run] = (await reader.get("runs", thread_id="t1"))["runs"]
        assert (run["id"], run["status"]) == ("r1", "finished")
        state = await reader.get("state", thread_id="t1")
        assert (state["agentId"], state["state"]) == ("default", {"n": 1})
        assert (await reader.get("state", thread_id="t1", agent="other"))["state"] is None
        assert (await reader.get("usage", by="agent"))["usage"][0]["key"] == "default"


async def test_a_page_reads_messages_and_attaches_at_their_cursor_without_a_gap() -> None:
    waiting = Waiting(*text("m1", "Hel"))
    async with page_of(CopilotRuntime({"default": waiting})) as page:
        await page.send("request", "q1", thread_id="t1", input=run_input())
        await page.until(lambda it: it.get("block", {}).get("type") == "TEXT_MESSAGE_END")
        known = await Reader(page).get("messages", thread_id="t1")
        assert [each["content"] for each in known["messages"]] == ["hi", "Hel"]
        await page.send("attach", "q2", thread_id="t1", after=known["cursor"])
        waiting.go.set()
        await page.last("q2")
    assert [each["block"]["type"] for each in page.of("q2") if "block" in each] == ["RUN_FINISHED"]


async def test_threads_are_renamed_archived_and_deleted() -> None:
    async with page_of(runtime_of()) as page:
        reader = Reader(page)
        await page.answer("request", "q1", thread_id="t1", input=run_input())
        assert (await reader.change("rename_thread", thread_id="t1", name="Tea"))["name"] == "Tea"
        assert (await reader.change("archive_thread", thread_id="t1"))["archived"]
        assert (await reader.get("threads"))["threads"] == []
        [hidden] = (await reader.get("threads", include_archived=True))["threads"]
        assert (hidden["name"], hidden["archived"]) == ("Tea", True)
        await reader.change("archive_thread", thread_id="t1", archived=False)
        assert await reader.change("delete_thread", thread_id="t1") == {"threadId": "t1"}
        assert await reader.code("data_request", "thread", thread_id="t1") == "THREAD_NOT_FOUND"


async def test_a_thread_that_runs_is_not_deleted_but_can_be_stopped() -> None:
    waiting = Waiting()
    async with page_of(CopilotRuntime({"default": waiting})) as page:
        reader = Reader(page)
        await page.send("request", "q1", thread_id="t1", input=run_input())
        await page.until(lambda it: it["type"] == "stream_block")
        assert await reader.code("mutation", "delete_thread", thread_id="t1") == "THREAD_BUSY"
        assert await reader.change("stop_run", thread_id="t1") == {"stopped": True}
        assert (await page.last("q1"))["outcome"] == "cancelled"
        assert await reader.change("stop_run", thread_id="t1") == {"stopped": False}


async def test_a_state_is_saved_and_nothing_is_overwritten_by_mistake() -> None:
    agent = Scripted()
    runtime = CopilotRuntime({"default": agent})
    async with page_of(runtime) as page:
        reader = Reader(page)
        made = await reader.change("save_state", thread_id="t1", agent="default", state={"n": 5})
        version = made["version"]
        state = await reader.get("state", thread_id="t1")
        assert (state["state"], state["version"]) == ({"n": 5}, version)
        again = {"thread_id": "t1", "state": {"n": 6}, "expected_version": version}
        await reader.change("save_state", **again)
        assert await reader.code("mutation", "save_state", **again) == "STATE_CONFLICT"
        await page.answer("home_request", "q1", message="hi", thread_id="t1")
    assert agent.asked[0].state == {"n": 6}


async def test_messages_are_added_for_every_page_that_follows_the_thread() -> None:
    async with serving(runtime_of()) as origin, httpx.AsyncClient(base_url=origin) as http:
        body = run_body(thread="t1", run="r1")
        await http.post("/copilotkit/agent/default/run", json=body)
        async with opened(origin) as page, opened(origin) as other:
            await other.send("attach", "f", thread_id="t1", until="live")
            note = {"role": "assistant", "content": "Noted."}
            reader = Reader(page)
            made = await reader.change("add_messages", thread_id="t1", messages=[note])
            await other.until(
                lambda it: made["ids"][0] in str(it.get("block", {}).get("input", ""))
            )
            known = await reader.get("messages", thread_id="t1")
            assert known["messages"][-1]["content"] == "Noted."
            bad = [{"role": "king", "content": "x"}]
            code = await reader.code("mutation", "add_messages", thread_id="t1", messages=bad)
            assert code == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("frame", "kind", "fields"),
    [
        ("data_request", "thread", {}),
        ("data_request", "messages", {}),
        ("data_request", "runs", {}),
        ("data_request", "state", {}),
        ("mutation", "rename_thread", {"name": "x"}),
        ("mutation", "archive_thread", {}),
        ("mutation", "delete_thread", {}),
        ("mutation", "add_messages", {"messages": [{"role": "user", "content": "x"}]}),
        ("mutation", "save_state", {"state": {}, "agent": "default"}),
        ("mutation", "stop_run", {}),
    ],
)
async def test_what_is_somebody_else_s_is_not_there(frame: str, kind: str, fields: Json) -> None:
    runtime = CopilotRuntime({"default": Scripted()}, authenticate=by_header)
    async with serving(runtime) as origin:
        async with opened(origin, {"x-user": "ann"}) as page:
            await page.answer("request", "q1", thread_id="t1", input=run_input())
        async with opened(origin, {"x-user": "bob"}) as page:
            code = await Reader(page).code(frame, kind, thread_id="t1", **fields)
            assert code == "THREAD_NOT_FOUND"
            assert (await Reader(page).get("threads"))["threads"] == []
