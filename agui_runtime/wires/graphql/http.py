"""What a GraphQL request is over HTTP, and what is answered to one that is none.

The rules are those of the reference's server; nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.types import Receive

from agui_runtime.errors import InvalidInput, TooLarge
from agui_runtime.wires.bodies import BodyLimits, loaded
from agui_runtime.wires.graphql.errors import bad_request
from agui_runtime.wires.graphql.framing import GRAPHQL_JSON
from agui_runtime.wires.http import Headers, read_body

JSON_BODIES = frozenset({"application/json", "application/graphql+json", GRAPHQL_JSON})

ALLOW = [(b"allow", b"GET, POST")]


class BadRequest(Exception):
    """Answered with an HTTP status; `message` None means without a body."""

    def __init__(
        self,
        status: int,
        message: str | None,
        headers: Headers = (),
        code: str = "BAD_REQUEST",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = b"" if message is None else orjson.dumps(bad_request(message, code))


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A query text with its variables, wherever in the HTTP request they stood."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


def is_graphql(body: object) -> bool:
    """Whether a JSON body is for this wire: one with `method` and no `query` is another's."""
    return not (isinstance(body, dict) and "method" in body and "query" not in body)


def from_body(body: object) -> GraphQLRequest:
    """Raises BadRequest."""
    if isinstance(body, list):
        raise BadRequest(400, "Batching is not supported.")
    if not isinstance(body, dict):
        raise BadRequest(400, "The POST body must be a JSON object.")
    if not is_graphql(body):
        raise BadRequest(400, "Only GraphQL is spoken here: `method` means nothing.", ALLOW)
    return _request(body.get("query"), body.get("operationName"), body.get("variables"))


def from_query_string(query_string: bytes) -> GraphQLRequest:
    """Raises BadRequest."""
    params = QueryParams(query_string)
    try:
        variables = orjson.loads(params.get("variables") or "null")
    except orjson.JSONDecodeError:
        raise BadRequest(400, "The variables are invalid JSON.") from None
    return _request(params.get("query"), params.get("operationName"), variables)


async def read_json(headers: Mapping[str, str], receive: Receive, limits: BodyLimits) -> object:
    """The body of a POST; raises BadRequest or ClientGone."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in JSON_BODIES:
        raise BadRequest(415, None)
    try:
        return await loaded(await read_body(headers, receive, limits), limits)
    except TooLarge as error:
        raise BadRequest(413, error.message, code=error.code) from None
    except InvalidInput:
        raise BadRequest(400, "POST body sent invalid JSON.") from None


def _request(query: object, name: object, variables: object) -> GraphQLRequest:
    if not query:
        raise BadRequest(400, "Must provide query string.", ALLOW)
    if not isinstance(query, str):
        raise BadRequest(400, "query must be a string.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "operationName must be a string.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "variables must be an object.")
    return GraphQLRequest(query, name or None, variables or {})
