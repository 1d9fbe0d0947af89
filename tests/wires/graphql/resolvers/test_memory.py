"""What is remembered of a caller, over GraphQL: shown page by page, written, corrected, deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.memories.master_keys import RingKeys
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.memories.rules import HALVED
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.layers.delegating import sealed_rows_of
from agui_runtime.stores.memory import MemoryStore
from tests.wires.graphql.serving import ask, by_header, serving

LIST = """query ($tier: MemoryTier, $first: Int! = 50, $after: String) {
  memory(tier: $tier, first: $first, after: $after) {
    nodes {
      id tier readable text key entity times confidence createdAt updatedAt
      origin { threadId runId messageId extractor }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
REMEMBER = (
    "mutation ($data: RememberInput!) { remember(data: $data) { id text origin { extractor } } }"
)
CORRECT = (
    "mutation ($id: String!, $text: String!) { correctMemory(id: $id, text: $text) { id text } }"
)
DELETE = "mutation ($id: String!) { deleteMemory(id: $id) }"
DELETE_THREAD = 'mutation { deleteThreadMemory(threadId: "t1") }'
FORGET = "mutation { forgetMe }"
KEYS = KeyRing([new_key()])
ANN = "ann"


def runtime_of(memory: Memory | None, **more: Any) -> CopilotRuntime:  # noqa: ANN401
    options = Options(keys=KEYS)
    given = {"options": options, "authenticate": by_header, **more}
    return CopilotRuntime({}, memory=memory, **given)


async def shown(client: httpx.AsyncClient, owner: str = ANN, **variables: object) -> Any:  # noqa: ANN401
    found = await ask(client, LIST, variables, x_user=owner)
    return found["data"]["memory"]


async def texts(client: httpx.AsyncClient, owner: str = ANN) -> list[str]:
    return [each["text"] for each in (await shown(client, owner))["nodes"]]


async def refused(
    client: httpx.AsyncClient, query: str, variables: Mapping[str, object], owner: str = ANN
) -> tuple[str, int]:
    found = await ask(client, query, variables, x_user=owner)
    about = found["errors"][0]["extensions"]
    return about["runtimeCode"], about["statusCode"]


async def test_a_caller_remembers_corrects_and_deletes() -> None:
    async with serving(runtime_of(Memory(clock=lambda: 1000.0))) as client:
        name = {"tier": "Core", "text": " Ann ", "key": "name"}
        made = (await ask(client, REMEMBER, {"data": name}, x_user=ANN))["data"]["remember"]
        assert made == {"id": made["id"], "text": "Ann", "origin": {"extractor": "user"}}
        [entry] = (await shown(client, tier="Core"))["nodes"]
        assert entry == {
            **{"id": made["id"], "tier": "Core", "readable": True, "text": "Ann", "key": "name"},
            **{"entity": "", "times": 1, "confidence": None},
            **dict.fromkeys(("createdAt", "updatedAt"), "1970-01-01T00:16:40.000Z"),
            "origin": {"threadId": "", "runId": "", "messageId": "", "extractor": "user"},
        }
        assert (await shown(client, tier="Proactive"))["nodes"] == []
        assert await texts(client, "bob") == []
        for query in (CORRECT, DELETE):
            variables = {"id": made["id"], "text": "Eve"}
            assert await refused(client, query, variables, "bob") == ("MEMORY_NOT_FOUND", 404)
        corrected = await ask(client, CORRECT, {"id": made["id"], "text": "Anna"}, x_user=ANN)
        assert corrected["data"]["correctMemory"] == {"id": made["id"], "text": "Anna"}
        deleted = await ask(client, DELETE, {"id": made["id"]}, x_user=ANN)
        assert deleted["data"] == {"deleteMemory": made["id"]}
        assert await texts(client) == []


async def test_it_says_how_likely_a_pattern_is_to_be_taken_up_by_now() -> None:
    async with serving(runtime_of(Memory(clock=lambda: time.time() - HALVED))) as client:
        sales = {"tier": "Proactive", "text": "Asks for the sales on Mondays"}
        await ask(client, REMEMBER, {"data": sales}, x_user=ANN)
        [entry] = (await shown(client))["nodes"]
        assert entry["confidence"] == pytest.approx(1 / 3, abs=0.001)  # 2 of 3, a month ago


async def test_the_latest_come_first_page_by_page() -> None:
    now = iter(range(1000, 2000))
    runtime = runtime_of(Memory(clock=lambda: float(next(now))))
    async with serving(runtime) as client:
        for number in range(5):
            fact = {"tier": "Associative", "text": f"Likes the number {number}", "entity": "Eve"}
            await ask(client, REMEMBER, {"data": fact}, x_user=ANN)
        found: list[str] = []
        after = None
        while True:
            page = await shown(client, first=2, after=after)
            found += [each["text"][-1] for each in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert found == ["4", "3", "2", "1", "0"]
        assert await refused(client, LIST, {"after": "else"}) == ("INVALID_INPUT", 400)
        assert await refused(client, LIST, {"first": 0}) == ("INVALID_INPUT", 400)


async def test_what_does_not_open_is_shown_as_such_and_can_be_deleted() -> None:
    runtime = runtime_of(Memory())
    async with serving(runtime) as client:
        await ask(
            client, REMEMBER, {"data": {"tier": "Associative", "text": "Is here"}}, x_user=ANN
        )
        notebooks = Notebooks(sealed_rows_of(runtime.store), RingKeys(KEYS))
        await notebooks.change(await notebooks.name(ANN), lambda _: {"core.moved": bytes(40)})
        [_, last] = (await shown(client))["nodes"]
        assert (last["id"], last["tier"], last["readable"]) == ("core.moved", "Core", False)
        assert {last[name] for name in ("text", "key", "entity")} == {""}
        assert (last["createdAt"], last["times"], last["confidence"]) == (None, 0, None)
        await ask(client, DELETE, {"id": "core.moved"}, x_user=ANN)
        assert await texts(client) == ["Is here"]


async def test_what_came_from_a_thread_or_all_of_it_is_deleted() -> None:
    memory = Memory()
    async with serving(runtime_of(memory)) as client:
        of_threads = [
            Proposal("associative", f"{color} from {thread}", Origin(thread, "r", "m", "rules"))
            for thread, color in (("t1", "Green"), ("t1", "Blue"), ("t2", "Red"))
        ]
        await memory.remember(ANN, of_threads)
        await memory.remember("bob", of_threads)
        assert (await ask(client, DELETE_THREAD, x_user=ANN))["data"]["deleteThreadMemory"] == 2
        assert await texts(client) == ["Red from t2"]
        assert (await ask(client, FORGET, x_user=ANN))["data"]["forgetMe"] is True
        assert await texts(client) == []
        assert len(await texts(client, "bob")) == 3


FOUND = """query ($threadId: String, $ids: [String!]) {
  memory(threadId: $threadId, ids: $ids) { nodes { text origin { thread { id agentName } } } }
}"""


async def test_entries_are_found_by_thread_and_by_id_with_the_thread_that_is_still_there() -> None:
    memory, store = Memory(), MemoryStore()
    async with serving(runtime_of(memory, store=store)) as client:
        for thread, owner in (("t1", ANN), ("t2", "bob")):
            await store.threads.obtain(thread, owner, "cook")

        async def found(**variables: object) -> Mapping[str, object]:
            data = (await ask(client, FOUND, variables, x_user=ANN))["data"]
            return {each["text"]: each["origin"]["thread"] for each in data["memory"]["nodes"]}

        written = {"Green": "t1", "Blue": "t2", "Red": ""}
        first, *_, last = await memory.remember(
            ANN, [Proposal("core", text, Origin(at), key=text) for text, at in written.items()]
        )
        here = {"id": "t1", "agentName": "cook"}
        assert await found() == {"Green": here, "Blue": None, "Red": None}
        assert await found(threadId="t1") == {"Green": here}
        assert await found(ids=[last.id, "core.none"]) == {"Red": None}
        assert await found(ids=[first.id], threadId="t2") == {}
        assert await found(ids=[]) == {}


async def test_forgetting_needs_no_key_of_the_caller() -> None:
    store, runtime = MemoryStore(), runtime_of(Memory())
    runtime.store_in(store)
    async with serving(runtime) as client:
        await ask(client, REMEMBER, {"data": {"tier": "Associative", "text": "Sealed"}}, x_user=ANN)
        name = await Notebooks(store.sealed, RingKeys(KEYS)).name(ANN)
        kept = await store.sealed.read(name)
        assert kept.key is not None
        await store.sealed.rewrap(
            name, kept.key, KeyRing([new_key()]).seal(bytes(32), b"").encode()
        )
        assert await refused(client, LIST, {}) == ("MEMORY_UNREADABLE", 503)
        assert (await ask(client, FORGET, x_user=ANN))["data"] == {"forgetMe": True}
        assert await texts(client) == []


QUERIES: list[tuple[str, Mapping[str, object]]] = [
    (LIST, {}),
    (REMEMBER, {"data": {"tier": "Core", "text": "x", "key": "k"}}),
    (CORRECT, {"id": "core.1", "text": "x"}),
    (DELETE, {"id": "core.1"}),
    (DELETE_THREAD, {}),
    (FORGET, {}),
]


@pytest.mark.parametrize(
    ("made", "caller", "expected"),
    [
        (lambda: None, "ann", ("MEMORY_OFF", 404)),
        (Memory, "anonymous", ("MEMORY_ANONYMOUS", 403)),
    ],
)
async def test_where_there_is_no_memory_everything_says_so(
    made: Callable[[], Memory | None], caller: str, expected: tuple[str, int]
) -> None:
    async with serving(runtime_of(made())) as client:
        for query, variables in QUERIES:
            assert await refused(client, query, variables, caller) == expected


async def test_callers_without_a_name_share_a_memory_where_that_is_wanted() -> None:
    runtime = CopilotRuntime({}, memory=Memory(anonymous=True))
    async with serving(runtime) as client:
        await ask(client, REMEMBER, {"data": {"tier": "Associative", "text": "Ours"}})
        assert await texts(client) == ["Ours"]


async def test_a_secret_is_refused() -> None:
    async with serving(runtime_of(Memory())) as client:
        card = {"data": {"tier": "Associative", "text": "My card is 4111 1111 1111 1111"}}
        assert await refused(client, REMEMBER, card) == ("SECRET_REFUSED", 400)
