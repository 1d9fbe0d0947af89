"""What a client of conversations requests. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.core.events import Message
from agui_runtime.core.history import PROMPTS
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.openai.chat_request import typed_in
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.response_request import APPROVAL, REFERENCE, item_messages
from agui_runtime.wires.shared.bodies import BodyLimits

AT_ONCE = 20
"""So many items may be added at a time."""

PAIRS, KEY, VALUE = 16, 64, 512
"""How much metadata may hold: so many pairs, and so many characters of each."""


def items_to_add(body: JsonObject, limits: BodyLimits, *, required: bool) -> Sequence[Message]:
    """The messages of the body's items, which have no ids yet; raises BadRequest and TooLarge."""
    items = body.get("items")
    if items is None and not required:
        return ()
    if not isinstance(items, list) or not (items or not required) or len(items) > AT_ONCE:
        raise BadRequest(f"items: a list, of at most {AT_ONCE}", "items", "invalid_type")
    limits.check_messages(items)
    return [m for index, each in enumerate(items) for m in _messages(each, f"items.{index}")]


def metadata_in(body: JsonObject, *, required: bool) -> JsonObject | None:
    """Texts by names; None where it is left out. Raises BadRequest."""
    given = typed_in(body, "metadata", dict)
    if given is None and required:
        message = "metadata: an object, also an empty one"
        raise BadRequest(message, "metadata", "missing_required_parameter")
    pairs = (given or {}).items()
    if len(pairs) > PAIRS or not all(_fits(key, value) for key, value in pairs):
        message = f"metadata: at most {PAIRS} texts of {VALUE} characters, whose names have {KEY}"
        raise BadRequest(message, "metadata", "invalid_value")
    return given


def _messages(given: Json, where: str) -> Sequence[Message]:
    made = item_messages(given, where)
    if given.get("type") == APPROVAL:
        message = f"{where}.type: an approval request is answered by POST /responses"
        raise BadRequest(message, f"{where}.type", "invalid_value")
    for each in made:
        if each["role"] in PROMPTS:
            message = f"{where}.role: prompts belong to a request, as `instructions`"
            raise BadRequest(message, f"{where}.role", "invalid_value")
        if each["role"] == REFERENCE:
            raise BadRequest(f"{where}: send the item itself", where, "invalid_value")
    return made


def _fits(key: str, value: Json) -> bool:
    return len(key) <= KEY and isinstance(value, str) and len(value) <= VALUE
