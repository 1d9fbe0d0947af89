"""What is refused before it can do harm: operations that are too large, too many open requests."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.engine.operations import Operations, Refused
from agui_runtime.wires.graphql.resolvers.schema import build_schema
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.limits import ServerLimits
from tests.wires.graphql.runs import Waiting
from tests.wires.graphql.serving import PATH, ask, by_header, chat, serving


async def refusal(client: httpx.AsyncClient, query: str) -> str:
    """The message of the only error of what is no legal operation."""
    response = await client.post(PATH, json={"query": query})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] in ("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED")
    return str(error["message"])


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            "{ threads { nodes { runs { timing { startedAt } } } } }",
            "5 levels of fields; at most 4",
        ),
        ("{ a: hello b: hello c: hello }", "3 aliases; at most 2 are allowed"),
        ("{ " + "hello " * 60 + "}", "Document contains more than 50 tokens"),
        ("{ hello }" + " " * 2000, "Source contains more than 1000 code points"),
        ("mutation { a: __typename b: saveAgentState c: saveAgentState }", "3 aliases"),
        ("mutation { saveAgentState executeAgent }", "a mutation may have one field only"),
    ],
)
async def test_an_operation_over_a_limit_is_told_which(query: str, says: str) -> None:
    limits = OperationLimits(characters=1000, tokens=50, depth=4, aliases=2)
    async with serving(CopilotRuntime(agents={}), GraphQLWire(limits=limits)) as client:
        assert says in await refusal(client, query)


async def test_a_batch_is_refused() -> None:
    async with serving(CopilotRuntime(agents={})) as client:
        response = await client.post(PATH, json=[{"query": "{ hello }"}, {"query": "{ hello }"}])
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "Batching is not supported."


def test_without_introspection_the_schema_is_not_told_but_type_names_are() -> None:
    operations = Operations(build_schema(), OperationLimits(), introspection=False)
    for field in ("__schema { types { name } }", '__type(name: "Agent") { name }'):
        with pytest.raises(Refused) as refused:
            operations.prepare(f"{{ {field} }}", None, {})
        assert "introspection" in refused.value.errors[0]["message"]
    assert operations.prepare("{ __typename hello }", None, {}).kind == "query"
    asked = "query look { __schema { __typename } }"
    assert Operations(build_schema(), OperationLimits()).prepare(asked, None, {}).name == "look"


async def test_streaming_a_type_name_of_a_union_is_a_mistake_like_any_other() -> None:
    query = """mutation ($data: GenerateCopilotResponseInput!) {
      generateCopilotResponse(data: $data) { status { __typename @stream } }
    }"""
    async with serving(CopilotRuntime(agents={})) as client:
        says = await refusal(client, query)
    assert says == "Stream directive cannot be used on a field of 'ResponseStatus'."


async def test_a_caller_with_too_many_open_requests_is_told_and_others_are_served() -> None:
    agent = Waiting()
    runtime = CopilotRuntime(agents={"default": agent}, authenticate=by_header)
    async with serving(runtime, limits=ServerLimits(2, 9)) as client:
        client.headers["x-user"] = "ann"
        open_ = [
            asyncio.create_task(client.post(PATH, json=chat(threadId=f"t{n}"))) for n in range(2)
        ]
        for _ in open_:
            await agent.speaking.acquire()
        refused = await ask(client, "{ hello }")
        others = await ask(client, "{ hello }", x_user="bob")
        agent.released.set()
        await asyncio.gather(*open_)
        again = await ask(client, "{ hello }")
    [error] = refused["errors"]
    assert refused["data"] is None
    assert error["extensions"]["runtimeCode"] == "TOO_MANY_REQUESTS"
    assert error["extensions"]["statusCode"] == 429
    assert error["message"].startswith("you have 2 requests open")
    assert others == again == {"data": {"hello": "Hello World"}}


async def test_a_closed_connection_frees_its_place() -> None:
    agent = Waiting()
    runtime = CopilotRuntime(agents={"default": agent})
    async with serving(runtime, limits=ServerLimits(1, 9)) as client:
        chatting = asyncio.create_task(client.post(PATH, json=chat()))
        await agent.speaking.acquire()
        chatting.cancel()
        await runtime.store.log.wait_idle("thread-1")
        assert await ask(client, "{ hello }") == {"data": {"hello": "Hello World"}}
