"""A caller's threads: lists, changes, looking inside; and that they are nobody else's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.requests import Request

from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.options import ServerOptions
from tests.wires.agui.scripted import Gate, scripted_agents
from tests.wires.agui.serving import PATH, reading, run_body, serving


def by_header(request: Request) -> Caller | None:
    name = request.headers.get("x-user")
    return Caller(name) if name else None


async def talk(client: httpx.AsyncClient, *threads: str, agent: str = "default") -> None:
    for thread in threads:
        answer = await client.post(f"/agent/{agent}/run", json=run_body(thread=thread))
        assert answer.status_code == 200


async def listed(client: httpx.AsyncClient, **query: Any) -> list[str]:  # noqa: ANN401
    answer = await client.get("/threads", params=query)
    return [thread["id"] for thread in answer.json()["threads"]]


async def test_threads_are_listed_newest_first_in_pages() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a", "b", "c")
        first = (await client.get("/threads", params={"limit": 2})).json()
        cursor = first["nextCursor"]
        second = (await client.get("/threads", params={"limit": 2, "cursor": cursor})).json()
    assert [each["id"] for each in first["threads"]] == ["c", "b"]
    assert [each["id"] for each in second["threads"]] == ["a"]
    assert second["nextCursor"] is None


async def test_a_thread_is_described_as_the_reference_does() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a")
        [thread] = (await client.get("/threads")).json()["threads"]
    times = thread.pop("createdAt"), thread.pop("updatedAt")
    assert all(each.endswith("Z") for each in times)
    assert thread == {
        "id": "a",
        "name": None,
        "agentId": "default",
        "organizationId": "",
        "createdById": "",
        "archived": False,
    }


async def test_lists_can_be_of_one_agent() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a")
        await talk(client, "b", agent="tool")
        assert await listed(client, agentId="tool") == ["b"]


async def test_an_archived_thread_is_listed_only_on_request() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a", "b")
        archived = await client.post("/threads/a/archive", json={"agentId": "default"})
        assert archived.json()["archived"] is True
        assert await listed(client) == ["b"]
        assert await listed(client, includeArchived="true") == ["b", "a"]
        await client.patch("/threads/a", json={"agentId": "default", "archived": False})
        assert await listed(client) == ["b", "a"]


async def test_a_thread_is_renamed() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a")
        renamed = await client.patch("/threads/a", json={"agentId": "default", "name": "Lunch"})
        [thread] = (await client.get("/threads")).json()["threads"]
    assert renamed.json() == thread
    assert thread["name"] == "Lunch"


@pytest.mark.parametrize(
    "changes", [{}, {"name": 3}, {"name": ""}, {"name": "x" * 201}, {"archived": "yes"}, []]
)
async def test_a_change_must_make_sense(changes: object) -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a")
        answer = await client.patch("/threads/a", json=changes)
    assert answer.status_code == 400


async def test_a_deleted_thread_is_gone_with_what_it_held() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a")
        deleted = await client.request("DELETE", "/threads/a", json={"agentId": "default"})
        again = await client.delete("/threads/a")
        messages = await client.get("/threads/a/messages")
        assert await listed(client) == []
    assert deleted.status_code == 204
    assert again.status_code == 404
    assert messages.json() == {"messages": []}


async def test_a_thread_that_runs_is_not_deleted() -> None:
    gate = Gate()
    async with (
        serving(CopilotRuntime(agents=scripted_agents(gate))) as client,
        reading(client, "/agent/default/run", run_body("slow")),
    ):
        await gate.reached.wait()
        answer = await client.delete("/threads/t1")
    assert answer.status_code == 409


async def test_state_is_what_the_agent_emitted_last() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await client.post("/agent/state/run", json=run_body("go", state={"count": 4}))
        answer = await client.get("/threads/t1/state")
    assert answer.json() == {"state": {"count": 5, "last": "go"}}


@pytest.mark.parametrize("limit", ["1" + "0" * 5000, "0002", str(2**64)])
async def test_a_limit_may_have_any_number_of_digits(limit: str) -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a")
        answer = await client.get("/threads", params={"limit": limit})
    assert [each["id"] for each in answer.json()["threads"]] == ["a"]


@pytest.mark.parametrize(
    "query",
    [
        *(
            {"limit": limit}
            for limit in ("0", "00", "x", "-1", "1.5", "\N{SUPERSCRIPT TWO}", "1_0")
        ),
        *({"cursor": cursor} for cursor in ("nonsense", "nan/a", "inf/a", "/a", "9" * 5000)),
    ],
)
async def test_a_list_must_be_requested_properly(query: dict[str, str]) -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        answer = await client.get("/threads", params=query)
    assert answer.status_code == 400


async def test_everything_can_be_wiped_in_development_only() -> None:
    runtime = CopilotRuntime(agents=scripted_agents())
    async with serving(runtime) as client:
        assert (await client.post("/threads/clear")).status_code == 404
    gate = Gate()
    options = ServerOptions(development=True)
    async with serving(CopilotRuntime(agents=scripted_agents(gate)), options=options) as client:
        await talk(client, "a")
        async with reading(client, "/agent/default/run", run_body("slow")):
            await gate.reached.wait()
            wiped = await client.post("/threads/clear")
        assert wiped.status_code == 204
        assert await listed(client, includeArchived="true") == []


async def test_the_same_through_envelopes() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await talk(client, "a/b", "c")
        params = {"path": "/threads/a%2Fb", "httpMethod": "PATCH"}
        renamed = await resource(client, params, {"name": "n"})
        page = await resource(client, {"path": "/threads?limit=1", "httpMethod": "GET"})
    assert renamed.json()["name"] == "n"
    assert [each["id"] for each in page.json()["threads"]] == ["c"]


async def resource(
    client: httpx.AsyncClient, params: dict[str, str], body: object = None
) -> httpx.Response:
    envelope = {"method": "resource/request", "params": params}
    return await client.post("", json=envelope | ({"body": body} if body else {}))


OTHERS = [
    ("POST", "/agent/default/run", run_body("hi", run="r2")),
    ("POST", "/agent/tool/run", run_body("hi", run="r2")),
    ("PATCH", "/threads/t1", {"name": "mine"}),
    ("POST", "/threads/t1/archive", {}),
    ("DELETE", "/threads/t1", None),
]


@pytest.mark.parametrize(("method", "path", "body"), OTHERS)
async def test_another_callers_thread_is_not_found(
    method: str, path: str, body: dict[str, Any] | None
) -> None:
    runtime = CopilotRuntime(agents=scripted_agents(), authenticate=by_header)
    async with serving(runtime) as client:
        client.headers["x-user"] = "ann"
        await talk(client, "t1")
        client.headers["x-user"] = "bob"
        answer = await client.request(method, path, json=body)
        assert await listed(client) == []
        client.headers["x-user"] = "ann"
        assert await listed(client) == ["t1"]
    assert answer.status_code == 404, answer.text
    assert answer.json()["code"] == "THREAD_NOT_FOUND"


async def test_who_is_not_known_gets_nothing() -> None:
    runtime = CopilotRuntime(agents=scripted_agents(), authenticate=by_header)
    async with serving(runtime) as client:
        answers = [await client.get("/info"), await client.get("/threads")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json()["error"] == "Unauthorized"
    assert PATH not in answers[0].text
