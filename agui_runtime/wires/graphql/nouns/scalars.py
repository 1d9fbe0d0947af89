"""The schema's scalars: moments as JavaScript writes them, and any JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

DateTimeISO = NewType("DateTimeISO", datetime)
JSON = NewType("JSON", object)
JSONObject = NewType("JSONObject", dict[str, Any])

ECMA_404 = "http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf"


def now() -> DateTimeISO:
    return DateTimeISO(datetime.now(UTC))


def _written(moment: object) -> str:
    """Milliseconds and Z, as JavaScript writes a date."""
    if not isinstance(moment, datetime):
        raise GraphQLError(f"DateTimeISO cannot represent {type(moment).__name__}")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _read(value: object) -> datetime:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise GraphQLError("DateTimeISO must be an ISO 8601 date and time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise GraphQLError("DateTimeISO must be a string")


def _object(value: object) -> object:
    if not isinstance(value, dict):
        raise GraphQLError("JSONObject must be an object")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    DateTimeISO: strawberry.scalar(
        name="DateTimeISO",
        description=(
            "A date-time string at UTC, such as 2007-12-03T10:15:30Z, compliant with the "
            "`date-time` format outlined in section 5.6 of the RFC 3339 profile of the ISO 8601 "
            "standard for representation of dates and times using the Gregorian calendar."
            "This scalar is serialized to a string in ISO 8601 format and parsed from a string in "
            "ISO 8601 format."
        ),
        serialize=_written,
        parse_value=_read,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description=(
            f"The `JSON` scalar type represents JSON values as specified by [ECMA-404]({ECMA_404})."
        ),
        specified_by_url=ECMA_404,
    ),
    JSONObject: strawberry.scalar(
        name="JSONObject",
        description=(
            "The `JSONObject` scalar type represents JSON objects as specified by "
            f"[ECMA-404]({ECMA_404})."
        ),
        specified_by_url=ECMA_404,
        parse_value=_object,
    ),
}
"""For the schema's `scalar_map`; names and descriptions are the reference's."""
