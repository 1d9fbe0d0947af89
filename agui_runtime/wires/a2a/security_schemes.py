"""The ways to authenticate that a card names, as the operator gives them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from a2a.types.a2a_pb2 import SecurityScheme
from a2a.utils.errors import InvalidParamsError
from a2a.utils.proto_utils import validate_proto_required_fields
from google.protobuf.json_format import ParseDict, ParseError

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json


def schemes_of(given: Mapping[str, Mapping[str, Json]]) -> Mapping[str, SecurityScheme]:
    """Those of 1.0 by their names; raises Misconfigured for what is none."""
    return {name: _scheme(name, each) for name, each in given.items()}


def _scheme(name: str, given: Mapping[str, Json]) -> SecurityScheme:
    try:
        made: SecurityScheme = ParseDict(given, SecurityScheme())
        kind = made.WhichOneof("scheme")
        if kind is not None:
            validate_proto_required_fields(getattr(made, kind))
            return made
    except (ParseError, InvalidParamsError, AttributeError, TypeError):
        pass
    raise Misconfigured(
        f"security_schemes: {name!r} is no SecurityScheme of A2A 1.0; one is, for example,"
        " {'httpAuthSecurityScheme': {'scheme': 'Bearer'}}"
    )
