"""JSON patches (RFC 6902), applied to states and to the contents of activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jsonpatch
from jsonpointer import JsonPointerException

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.jsontext import DEEPEST, Json, copied, is_deep

UNPATCHABLE = (jsonpatch.JsonPatchException, JsonPointerException)
"""What is raised where a patch does not fit the document."""


def patched(kind: str, document: object, operations: Sequence[Mapping[str, Json]]) -> object:
    """A copy of the document, patched by an event of that kind.

    Raises UNPATCHABLE, and ProtocolFailure where the copy is too deep for every reader.
    """
    # Both are copied: not every jsonpatch copies the values that it puts into the document and may
    # then patch there.
    document, operations = copied([document, operations])
    result = jsonpatch.JsonPatch(operations).apply(document, in_place=True)
    if any(_may_deepen(operation) for operation in operations) and is_deep(result):
        raise ProtocolFailure(
            f"{kind}: what it patches becomes nested deeper than {DEEPEST} levels; make it flatter"
        )
    return result


def _may_deepen(operation: Mapping[str, Json]) -> bool:
    return operation["op"] in {"move", "copy"} or isinstance(operation.get("value"), dict | list)
