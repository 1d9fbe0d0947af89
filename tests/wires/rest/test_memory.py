"""What is remembered of a caller, as a client of the agent routes reads and changes it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.memories.master_keys import RingKeys
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.runtime.runtime import Options
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.worlds import Scripted, text
from tests.wires.graphql.serving import by_header
from tests.wires.rest.serving import AT, serving
from tests.wires.rest.test_openapi import described, operations, schema_of

KEYS = KeyRing([new_key()])
NAME = {"tier": "core", "key": "name", "text": "Ann"}


def given(memory: Memory | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # of CopilotRuntime
    return {"memory": memory, "authenticate": by_header, "options": Options(keys=KEYS), **more}


async def shown(client: httpx.AsyncClient, **query: str) -> Any:  # noqa: ANN401  # JSON
    return (await client.get("/memory", params=query)).json()


async def test_entries_are_written_listed_exported_corrected_and_deleted() -> None:
    memory, store, document = Memory(), MemoryStore(), await described()
    found = operations(document)
    async with serving(Scripted(*text("m1", "Well")), **given(memory, store=store)) as client:
        client.headers["x-user"] = "ann"
        made = await client.post("/memory", json=NAME)
        assert made.status_code == 201
        entry = made.json()
        assert entry["confidence"] is None
        assert entry.items() >= {**NAME, "readable": True, "times": 1, "entity": ""}.items()
        of_thread = Proposal("associative", "Likes tea", Origin("t1", "r1", "u1", "rules"))
        await memory.remember("ann", [of_thread])
        notebooks = Notebooks(store.sealed, RingKeys(KEYS))
        await notebooks.change(await notebooks.name("ann"), lambda _: {"core.x": bytes(40)})
        page = await client.get("/memory", params={"limit": "1"})
        assert page.json()["nextCursor"]
        rest = await shown(client, cursor=page.json()["nextCursor"])
        assert [each["readable"] for each in rest["entries"]] == [True, False]
        assert rest["entries"][1]["code"] == "MEMORY_UNREADABLE"
        pattern = {"tier": "proactive", "text": "Asks for the sales"}
        likely = (await client.post("/memory", json=pattern)).json()
        assert likely["confidence"] == pytest.approx(2 / 3, abs=0.001)
        assert len((await shown(client, tier="proactive"))["entries"]) == 1
        await client.delete(f"/memory/{likely['id']}")
        file = await client.get("/memory/export")
        assert file.headers["content-disposition"] == 'attachment; filename="memory.json"'
        assert file.json() == {"entries": [*page.json()["entries"], *rest["entries"]]}
        corrected = await client.patch(f"/memory/{entry['id']}", json={"text": "Anna"})
        assert corrected.json()["text"] == "Anna"
        deleted = await client.delete("/memory/threads/t1")
        assert deleted.json() == {"deleted": 1}
        assert (await client.delete("/memory/core.x")).status_code == 204
        assert len((await shown(client))["entries"]) == 1
        assert (await client.delete("/memory")).status_code == 204
        assert await shown(client) == {"entries": [], "nextCursor": None}
    for method, path, sent in (
        ("POST", "memory", made),
        ("GET", "memory", page),
        ("GET", "memory/export", file),
        ("PATCH", "memory/{entryId}", corrected),
        ("DELETE", "memory/threads/{threadId}", deleted),
    ):
        operation = found[method, f"{AT}/{path}"]
        schema = schema_of(document, operation["responses"][str(sent.status_code)])
        Draft202012Validator(schema).validate(sent.json())


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"tier": "short"}, 400, "INVALID_INPUT"),
        ({"key": ""}, 400, "INVALID_INPUT"),
        ({"text": "  "}, 400, "INVALID_INPUT"),
        ({"owner": "bob"}, 400, "INVALID_INPUT"),
        ({"text": "4111 1111 1111 1111"}, 400, "SECRET_REFUSED"),
        ({"text": "x" * 1025}, 413, "TOO_LARGE"),
    ],
)
async def test_what_may_not_be_remembered_is_refused(
    wrong: dict[str, str], status: int, code: str
) -> None:
    async with serving(Scripted(), **given(Memory())) as client:
        client.headers["x-user"] = "ann"
        answer = await client.post("/memory", json={**NAME, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_server_says_that_it_has_no_memory_for_the_caller() -> None:
    document = operations(await described())
    for memory, owner, status, code in (
        (None, "ann", 404, "MEMORY_OFF"),
        (Memory(), "anonymous", 403, "MEMORY_ANONYMOUS"),
    ):
        async with serving(Scripted(), **given(memory)) as client:
            client.headers["x-user"] = owner
            for method, path in document:
                if path.startswith(f"{AT}/memory"):
                    body = (
                        {"text": "x"} if method == "PATCH" else NAME if method == "POST" else None
                    )
                    answer = await client.request(method, path.removeprefix(AT), json=body)
                    assert (answer.status_code, answer.json()["code"]) == (status, code), path


async def test_a_tier_that_there_is_not_is_refused() -> None:
    async with serving(Scripted(), **given(Memory())) as client:
        answer = await client.get("/memory", params={"tier": "x"}, headers={"x-user": "ann"})
        assert answer.json()["message"] == "tier: one of core, associative, episodic, proactive"
