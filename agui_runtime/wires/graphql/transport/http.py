"""What a GraphQL request is over HTTP, and what is answered to one that is none.

The rules are those of the reference's server; nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from starlette.datastructures import QueryParams

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput, TooLarge
from agui_runtime.wires.graphql.delivery.framing import GRAPHQL_JSON, INCREMENTAL_ACCEPT, JSON
from agui_runtime.wires.graphql.nouns.errors import bad_request
from agui_runtime.wires.graphql.nouns.operation_request import GraphQLRequest
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.exchange import Exchange
from agui_runtime.wires.shared.http import Headers
from agui_runtime.wires.shared.json_bodies import json_body

JSON_BODIES = (JSON, "application/graphql+json", GRAPHQL_JSON)

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
        self.code = code
        self.body = b"" if message is None else jsontext.dumps(bad_request(message, code))


class NotGraphQL(BadRequest):
    """A request in the form of another wire."""


class WrongPath(BadRequest):
    """Where GraphQL alone is spoken, to a client that belongs elsewhere and reads `message`."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message, ALLOW)
        both = bad_request(message, self.code) | {"error": "Bad request", "message": message}
        self.body = jsontext.dumps(both)


class NotPersisted(BadRequest):
    """A client sent the hash of a query in place of its text, as Automatic Persisted Queries do.

    They are not kept here; a client that is told so, with this very message, sends the text from
    then on. It is told as the answer to an operation: 200, which every client reads.
    """

    MESSAGE, CODE = "PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        super().__init__(200, self.MESSAGE, code=self.CODE)
        self.errors = [{"message": self.MESSAGE, "extensions": {"code": self.CODE}}]


def not_acceptable(*, whole: bool, parts: bool) -> BadRequest:
    """The answer to a client that accepts no form in which this operation is answered: `whole`, in
    `parts`, or as events.
    """
    forms = [*([JSON, GRAPHQL_JSON] if whole else []), *(["multipart/mixed"] if parts else [])]
    served = _either([*forms, "text/event-stream"])
    message = f"This operation is answered as {served}; accept one of them."
    return BadRequest(406, message, [(b"accept", INCREMENTAL_ACCEPT)], "NOT_ACCEPTABLE")


def from_body(body: object, *, short: bool = False) -> GraphQLRequest:
    """Raises BadRequest, NotGraphQL for a request of other clients."""
    if isinstance(body, list):
        raise BadRequest(400, "Batching is not supported.")
    if not isinstance(body, dict):
        raise BadRequest(400, "The POST body must be a JSON object.")
    if "method" in body and "query" not in body:
        raise NotGraphQL(400, "Only GraphQL is spoken here: `method` means nothing.", ALLOW)
    if not body.get("query") and _is_persisted(body.get("extensions")):
        raise NotPersisted
    parts = body.get("query"), body.get("operationName"), body.get("variables")
    return _request(*parts, short=short)


def from_query_string(query_string: bytes) -> GraphQLRequest:
    """Raises BadRequest."""
    params = QueryParams(query_string)
    if not params.get("query") and _is_persisted(_json(params, "extensions")):
        raise NotPersisted
    variables = _json(params, "variables")
    return _request(params.get("query"), params.get("operationName"), variables)


async def read_json(exchange: Exchange, limits: BodyLimits) -> object:
    """The body of a POST; raises BadRequest or ClientGone."""
    if exchange.media_type not in JSON_BODIES:
        raise BadRequest(
            415, f"Send the operation as JSON: a content-type of {_either(JSON_BODIES)}."
        )
    try:
        return await json_body(exchange.scope, exchange.receive, limits)
    except TooLarge as error:
        raise BadRequest(413, error.message, code=error.code) from None
    except InvalidInput:
        raise BadRequest(400, "POST body sent invalid JSON.") from None


def _json(params: QueryParams, name: str) -> object:
    try:
        return jsontext.loads(params.get(name) or "null")
    except orjson.JSONDecodeError:
        raise BadRequest(400, f"The {name} are invalid JSON.") from None


def _is_persisted(extensions: object) -> bool:
    return isinstance(extensions, dict) and "persistedQuery" in extensions


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _request(
    query: object, name: object, variables: object, *, short: bool = False
) -> GraphQLRequest:
    if not query:
        raise BadRequest(400, "Must provide query string.", ALLOW)
    if not isinstance(query, str):
        raise BadRequest(400, "query must be a string.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "operationName must be a string.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "variables must be an object.")
    return GraphQLRequest(query, name or None, variables or {}, short or not variables)
