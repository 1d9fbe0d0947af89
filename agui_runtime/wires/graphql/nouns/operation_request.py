"""What a client requests of GraphQL, whatever transport brought it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A query text with its variables, wherever in the HTTP request they stood; `short` ones cannot
    be much, see `is_much`.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    short: bool = False
