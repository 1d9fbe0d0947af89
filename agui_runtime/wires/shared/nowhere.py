"""What a request gets for a path at which nothing is: where the runtime is, in its wire's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from starlette.types import Scope

from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.shared.http import headers_of
from agui_runtime.wires.shared.paths import public_root

logger = logger_of(__name__)

RELEASE = "x-copilotkit-runtime-client-gql-version"
"""The header in which front ends that speak GraphQL say their release."""

LONGEST = 200
"""Characters of a path that are repeated to whoever asked for it."""


class Nowhere(NamedTuple):
    """An answer to such a request, which every wire's clients can read."""

    status: int
    body: Mapping[str, Json]


def nowhere(scope: Scope, bases: Sequence[str]) -> Nowhere:
    """The answer where the runtimes of this app have these paths. What a front end asked for is a
    line in the log, too, for whoever set it up.
    """
    path = quote(scope["path"][:LONGEST])
    where = " or ".join(public_root(scope) + base for base in bases)
    message = f"there is nothing at {path}; the runtimeUrl of front ends is {where}"
    speaks_graphql = RELEASE in headers_of(scope)
    if speaks_graphql or scope["method"] == "POST" or path.endswith("/info"):
        logger.info("%s: %s", scope["method"], message)
    errors: list[Json] = [{"message": message}]
    if speaks_graphql:
        # Of any other status these front ends say no more than that it failed.
        return Nowhere(200, {"errors": [{"message": message, "extensions": _SHOWN}]})
    return Nowhere(404, {"error": "Not found", "message": message, "errors": errors})


_SHOWN: Mapping[str, Json] = {
    "name": "CopilotError",
    "statusCode": 404,
    "code": "NOT_FOUND",
    "visibility": "banner",
    "severity": "critical",
}
"""What has those front ends show an error."""
