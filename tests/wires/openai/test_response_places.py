"""Ids of responses: somebody else's, of another thread, of runs that are live or long over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.wires.openai.response_ids import Place, place_of, response_id
from tests.runtime.worlds import text
from tests.wires.graphql.serving import by_header
from tests.wires.openai.serving import Held, Recorder, client_of, plain_client_of
from tests.wires.openai.test_refusals import error_of
from tests.wires.openai.test_responses import respond, thread_of
from tests.wires.openai.test_threads import HELLO, HI, spoken, stored

PATH = "/v1/responses"
STREAM = {"stream": "true"}


@asynccontextmanager
async def held_by_ann(held: Held) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client without a name, and the id of a response of ann's that is being made."""
    runtime = CopilotRuntime({"default": held}, authenticate=by_header)
    async with plain_client_of(runtime) as client:
        body = {"model": "default", "input": "hi", "background": True}
        made = await client.post(PATH, json=body, headers={"x-user": "ann"})
        await held.reached.wait()
        yield client, made.json()["id"]


async def test_responses_of_somebody_else_are_as_unknown_as_those_that_there_are_not() -> None:
    held = Held()
    async with held_by_ann(held) as (client, id_):
        bob = {"x-user": "bob"}
        body = {"model": "default", "input": "hi", "previous_response_id": id_}
        unknown = response_id(Place("nowhere", "never"))
        for name in (id_, unknown):
            for answer in (
                await client.get(f"{PATH}/{name}", headers=bob),
                await client.get(f"{PATH}/{name}", params=STREAM, headers=bob),
                await client.post(f"{PATH}/{name}/cancel", headers=bob),
            ):
                assert answer.status_code == 404
                assert error_of(answer)["message"] == f"Response with id '{name}' not found"
            answer = await client.post(
                PATH, json=body | {"previous_response_id": name}, headers=bob
            )
            assert answer.status_code == 400
            assert error_of(answer)["code"] == "previous_response_not_found"
        assert not held.closed.is_set()
        ended = await client.post(f"{PATH}/{id_}/cancel", headers={"x-user": "ann"})
        assert ended.json()["status"] == "cancelled"


async def test_a_run_of_one_thread_is_none_of_another() -> None:
    async with client_of(CopilotRuntime({"default": Recorder()})) as client:
        first, second = await respond(client), await respond(client)
        mixed = place_of(second.id)
        assert mixed is not None
        foreign = response_id(Place(thread_of(first), mixed.run_id))
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(foreign)
        with pytest.raises(openai.NotFoundError):
            await client.responses.cancel(foreign)
        with pytest.raises(openai.BadRequestError, match="not found"):
            await respond(client, previous_response_id=foreign)


async def test_nobody_goes_on_from_a_response_that_is_being_made() -> None:
    held = Held()
    async with client_of(CopilotRuntime({"default": held})) as client:
        first = await respond(client, background=True)
        assert (await client.responses.retrieve(first.id)).status == "in_progress"
        await held.reached.wait()
        with pytest.raises(openai.ConflictError) as refused:
            await respond(client, "more", previous_response_id=first.id)
        assert refused.value.code == "thread_busy"
        assert refused.value.response.headers["x-should-retry"] == "false"
        assert not held.closed.is_set()
        await client.responses.cancel(first.id)


async def test_one_goes_on_from_a_response_that_was_cancelled() -> None:
    held = Held()
    runtime = CopilotRuntime({"default": held, "after": (after := Recorder())})
    async with client_of(runtime) as client:
        first = await respond(client, background=True)
        await held.reached.wait()
        await asyncio.gather(*(client.responses.cancel(first.id) for _ in range(3)))
        await respond(client, "more", model="after", previous_response_id=first.id)
    assert [content for _, content in after.messages] == ["hi", "Well", "more"]


async def test_an_older_response_ends_its_stream_while_a_newer_one_is_made() -> None:
    held = Held()
    runtime = CopilotRuntime({"default": Recorder(), "held": held})
    async with client_of(runtime) as client:
        first = await respond(client)
        newer = await respond(client, model="held", background=True, previous_response_id=first.id)
        await held.reached.wait()
        events = [each async for each in await client.responses.retrieve(first.id, stream=True)]
        assert events[-1].type == "response.completed"
        assert events[-1].response.output_text == "Hello world"
        fork = await respond(client, "other", previous_response_id=first.id)
        assert spoken(await stored(runtime, thread_of(fork)))[:2] == [HI, HELLO]
        await client.responses.cancel(newer.id)


async def test_nothing_follows_a_number_beyond_the_end() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        made = await client.post(PATH, json={"model": "default", "input": "hi"})
        params = STREAM | {"starting_after": "999999999999999"}
        answer = await client.get(f"{PATH}/{made.json()['id']}", params=params)
    assert (answer.status_code, answer.text) == (200, "data: [DONE]\n\n")


async def test_each_response_of_a_thread_is_there_when_a_store_has_joined_their_pieces(
    tmp_path: Path,
) -> None:
    agent = Recorder(*text("m1", "Hello", " wo", "rld"))
    store = SqliteStore(f"sqlite:///{tmp_path}/threads.db")
    async with client_of(CopilotRuntime({"default": agent}, store=store)) as client:
        first = await respond(client)
        second = await respond(client, "more", previous_response_id=first.id)
        before = [await read(client, each.id) for each in (first, second)]
        assert await store.compact(thread_of(first)) == 2
        assert [await read(client, each.id) for each in (first, second)] == before
        third = await respond(client, "again", previous_response_id=second.id)
    assert thread_of(third) == thread_of(first)


async def read(client: Any, id_: str) -> tuple[list[str], int]:  # noqa: ANN401  # the client's
    """The texts of its output, and the number of its last event."""
    events = [each async for each in await client.responses.retrieve(id_, stream=True)]
    whole = await client.responses.retrieve(id_)
    assert whole.output == events[-1].response.output
    return [item.content[0].text for item in whole.output], events[-1].sequence_number
