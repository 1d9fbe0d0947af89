"""A query that is executed without graphql-core is answered as graphql-core answers it, which
executes whatever asks for more than one field.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import httpx
from ag_ui.core import RunAgentInput

from agui_runtime.core.access import Access, Resource
from agui_runtime.core.events import Caller, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import with_breaker
from tests.wires.graphql.runs import text
from tests.wires.graphql.serving import PATH, by_header, serving

STATE = "{ threadId threadExists state messages version }"
NAMED = f"mine: loadAgentState(data: {{threadId: $thread, agentName: $agent}}) {STATE}"
GIVEN = "loadAgentState(data: $data) { state }"
CHOSEN = "availableAgents { agents { id name @skip(if: $yes) ...All @include(if: $yes) } }"
ALL = " fragment All on Agent { id description }"

QUERIES: list[tuple[str, str, dict[str, Any]]] = [
    ("", "hello", {}),
    ("", "greeting: hello", {}),
    ("", "hello hello", {}),
    ("", "availableAgents { agents { id name description } }", {}),
    ("", "a: availableAgents { all: agents { n: name again: name } }", {}),
    ("", "availableAgents { agents { capabilities breaker } }", {}),
    ("", "availableAgents { __typename agents { __typename id } }", {}),
    ("", "availableAgents { agents { ...All } }", {}),
    ("", "... on Query { availableAgents { agents { name } } }", {}),
    ("", "availableAgents { agents { id } } availableAgents { agents { name } }", {}),
    ("", "availableAgents { agents { id ... @defer { name } } }", {}),
    ("", "__schema { queryType { name } }", {}),
    ("", "__typename", {}),
    *(("($yes: Boolean!)", CHOSEN, {"yes": yes}) for yes in (True, False)),
    *(
        ("($thread: String!, $agent: String!)", NAMED, variables)
        for variables in (
            {"thread": "t", "agent": "plain"},
            {"thread": "t", "agent": "nobody"},
            {"thread": "t", "agent": "secret"},
            {"thread": 1, "agent": "plain", "unknown": None},
            {"thread": "t"},
        )
    ),
    *(
        ("($data: LoadAgentStateInput!)", GIVEN, variables)
        for variables in (
            {"data": {"threadId": "t", "agentName": "plain"}},
            {"data": {"threadId": "t"}},
            {"data": {"threadId": "t", "agentName": "plain", "more": {}}},
            {"data": None},
            {},
        )
    ),
]
"""What is declared, what is selected, and the variables."""


class Able:
    name, description = "able", "It can do things."
    capabilities: ClassVar[dict[str, Any]] = {"tools": {"supported": True}, "names": ["a", "b"]}

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        for each in text("m1", "Well"):
            yield each


async def test_a_plain_query_is_answered_as_graphql_core_answers_it() -> None:
    def not_the_secret_one(caller: Caller, access: Access, resource: Resource) -> bool:
        return resource.agent != "secret"

    names = ("plain", "secret")
    agents = {name: Able() for name in names} | {"well": with_breaker(Able())}
    runtime = CopilotRuntime(agents, authenticate=by_header, authorize=not_the_secret_one)
    async with serving(runtime) as client:
        for query in QUERIES:
            beside = await answered(client, query, "more: hello")
            if beside.get("data"):
                del beside["data"]["more"]
            assert await answered(client, query) == beside, query


async def answered(
    client: httpx.AsyncClient, query: tuple[str, str, dict[str, Any]], more: str = ""
) -> Any:  # noqa: ANN401  # any JSON
    """The answer to the query, which may ask for more."""
    declared, selected, variables = query
    fragments = ALL if "...All" in selected else ""
    text = f"query {declared} {{ {selected} {more} }}{fragments}"
    headers = {"x-user": "ann", "x-request-id": "r1"}
    asked = {"query": text, "variables": variables}
    return (await client.post(PATH, json=asked, headers=headers)).json()
