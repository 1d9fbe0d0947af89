"""What a thinking model wants back beside its messages: reasoning, signatures. Pure.

It travels and is kept as AG-UI's `encryptedValue` of the tool call or message that it belongs to.
Providers refuse what another has signed, and fields that they do not know: each gets back what came
from it, in the field in which it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from agui_runtime.core import jsontext
from agui_runtime.core.events import OWN_VALUE, Event, Message
from agui_runtime.core.jsontext import Json, JsonObject

Fields: TypeAlias = JsonObject


def _joined(known: object, more: object) -> object:
    """Text goes on; of anything else the latest counts."""
    both = isinstance(known, str) and isinstance(more, str)
    return f"{known}{more}" if both else more


def _first(known: object, more: object) -> object:
    """A signature comes whole, and once; some servers repeat it empty."""
    return known or more


def _listed(known: object, more: object) -> object:
    """Parts of one block become one block again, as nobody takes back the pieces of a stream."""
    parts = [*(known if isinstance(known, list) else ()), *(more if isinstance(more, list) else ())]
    blocks: list[Fields] = []
    for part in parts:
        if isinstance(part, dict):
            if blocks and _same_block(blocks[-1], part):
                blocks[-1] = _block(blocks[-1], part)
            else:
                blocks.append(part)
    return blocks


def _same_block(block: Mapping[str, Json], part: Mapping[str, Json]) -> bool:
    """A signature ends a block. Where blocks are numbered, the number tells."""
    same = all(block.get(key) == part.get(key) for key in ("type", "index"))
    return same and not block.get("signature") and "data" not in block


def _block(block: Mapping[str, Json], part: Mapping[str, Json]) -> Fields:
    texts = ("thinking", "text", "summary")
    joined = {key: _joined(block.get(key), part[key]) for key in texts if part.get(key)}
    news = {key: value for key, value in part.items() if value is not None and key not in texts}
    return {**block, **news, **joined}


_OF_MESSAGE: Mapping[str, Callable[[object, object], object]] = {
    "reasoning_content": _joined,  # DeepSeek and Kimi refuse a call without it
    "reasoning": _joined,
    "reasoning_details": _listed,  # OpenRouter, with the signatures of Claude, Gemini and OpenAI
    "reasoning_opaque": _first,  # GitHub Copilot
    "reasoning_signature": _first,
    "thinking_blocks": _listed,  # Claude's, as LiteLLM has them
    "extra_content": _first,  # Gemini's thought_signature
    "content_before": _joined,  # reasoning that stood in the text, with its tags
}
_OF_CALL: Mapping[str, Callable[[object, object], object]] = {
    "extra_content": _first,
    "provider_specific_fields": _first,  # the same of LiteLLM
    "thought_signature": _first,
}
FIELDS = frozenset(_OF_MESSAGE)
"""The fields of a message in which something is given back."""
_WITH_CALLS_ONLY = frozenset({"reasoning", "content_before"})
_INSTEAD = {"thinking_blocks": ("reasoning_content",)}
"""What says the same as another field, and is not needed beside it."""


class Thoughts:
    """What one answer has to be given back, gathered from its chunks; `origin` names its giver."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._fields: Fields = {}

    def note(self, source: Mapping[str, Json]) -> None:
        """Take in what is in an object of the answer."""
        _gather(self._fields, source, _OF_MESSAGE)

    def __bool__(self) -> bool:
        return bool(self._fields)

    def of_calls(
        self, calls: Iterable[tuple[str, Sequence[Mapping[str, Json]]]]
    ) -> Iterator[Event]:
        """The values of the calls, each with the objects that it was read from. What belongs to the
        whole message goes with the first one: pages send calls back without their message.
        """
        fields = self._fields
        for id_, sources in calls:
            own: Fields = {}
            for source in sources:
                _gather(own, source, _OF_CALL)
            if own or fields:
                yield self._event("tool-call", id_, fields, own)
            fields = {}

    def of_text(self, message: str) -> Iterator[Event]:
        """The value of a message that calls nothing: without what only calls need."""
        fields = {k: v for k, v in self._fields.items() if k not in _WITH_CALLS_ONLY}
        if fields:
            yield self._event("message", message, fields, {})

    def _event(self, subtype: str, entity: str, fields: Fields, call: Fields) -> Event:
        fields = {key: value for key, value in fields.items() if not _is_repeated(key, fields)}
        value = {"from": self._origin, "message": fields, "call": call}
        text = OWN_VALUE + jsontext.dumps({k: v for k, v in value.items() if v}).decode()
        kind = "REASONING_ENCRYPTED_VALUE"
        return {"type": kind, "subtype": subtype, "entityId": entity, "encryptedValue": text}


def with_thoughts(written: Message, message: Message, origin: str) -> Message:
    """The assistant message as it is sent, with what it and its calls got from this origin."""
    values = {call["id"]: _read(call, origin) for call in message.get("toolCalls") or ()}
    holders = (_read(message, origin), *values.values())
    fields = dict(next((each["message"] for each in holders if each.get("message")), {}))
    if before := fields.pop("content_before", ""):
        written = written | {"content": f"{before}\n\n{written.get('content') or ''}"}
    if calls := written.get("tool_calls"):
        signed = [{**call, **values[call["id"]].get("call", {})} for call in calls]
        fields["tool_calls"] = signed
    return written | fields


def _read(holder: Mapping[str, Json], origin: str) -> Fields:
    text = holder.get("encryptedValue")
    if not isinstance(text, str) or not text.startswith(OWN_VALUE):
        return {}
    value = jsontext.loads(text.removeprefix(OWN_VALUE))
    return value if isinstance(value, dict) and value.get("from") == origin else {}


def _gather(
    fields: Fields,
    source: Mapping[str, Json],
    table: Mapping[str, Callable[[object, object], object]],
) -> None:
    for key, value in source.items():
        if value and key in table:
            fields[key] = table[key](fields.get(key), value)


def _is_repeated(key: str, fields: Fields) -> bool:
    return any(key in same for field, same in _INSTEAD.items() if field in fields)
