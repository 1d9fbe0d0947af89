"""Reads one chunk of a chat completion, in whatever dialect, into one form. Pure.

What cannot be read is dropped; what means a failure is raised as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agui_runtime.connectors.shared.chat.dialects import (
    BARE,
    CALL_FIELDS,
    CALLS,
    CHOICE,
    CHOICES,
    COSTS,
    COUNTS,
    NOTHING,
    OWN_KEY,
    REASONING,
    REASONS,
    TEXT,
    THINKING_PARTS,
    THOUGHTS,
    USAGE,
    WORDS,
    at,
    found,
)
from agui_runtime.core import jsontext
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject

_NO_REASONS = frozenset({"", "null", "none"})
_PLAIN_CHUNK = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"}
    | {"obfuscation", "provider"}  # OpenAI's, OpenRouter's
)
_PLAIN_CHOICE = frozenset({"index", "delta", "finish_reason", "logprobs"})
_PLAIN_DELTA = frozenset({"content", "role"})


@dataclass(slots=True)
class CallPiece:
    """A part of a tool call; what a server leaves out is empty, `index` None."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""
    source: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class Chunk:
    """What one chunk adds to the answer.

    `source` is the object that it was read from, `whole` whether that tells the whole answer, and
    not what is new of it. `index` is that of the choice.
    """

    thought: str = ""
    text: str = ""
    calls: Sequence[CallPiece] = ()
    reason: str = ""
    source: JsonObject = field(default_factory=dict)
    whole: bool = False
    index: int | None = None

    @property
    def says(self) -> bool:
        """Whether it adds to what the model says."""
        return bool(self.thought or self.text or self.calls)


def choices_of(value: JsonObject) -> list[JsonObject]:
    """The choices of a chunk, in whatever container."""
    choices = found(value, CHOICES)
    if choices is None:
        return [_bare(value)] if found(value, BARE) else []
    if isinstance(choices, dict):
        choices = [choices] if choices.keys() & {"delta", "message", "text"} else choices.values()
    if not isinstance(choices, list | type({}.values())):
        return []
    return [each for each in choices if isinstance(each, dict)]


def plain_delta(value: JsonObject) -> JsonObject | None:
    """The delta of a chunk that holds nothing else, as nearly all do; None of any other."""
    choices = value.get("choices")
    if type(choices) is not list or len(choices) != 1 or value.get("usage") is not None:
        return None
    choice = choices[0]
    delta = choice.get("delta") if type(choice) is dict else None
    if type(delta) is not dict or choice.get("finish_reason") or choice.get("index") != 0:
        return None
    plain = (choice.keys() <= _PLAIN_CHOICE or _says_no_more(choice, _PLAIN_CHOICE)) and (
        value.keys() <= _PLAIN_CHUNK or _says_no_more(value, _PLAIN_CHUNK)
    )
    return delta if plain and not (delta.get("finish_reason") or delta.get("usage")) else None


def text_alone(delta: JsonObject) -> str:
    """The text of a delta that says nothing else; empty of any other."""
    text = delta.get("content")
    alone = delta.keys() <= _PLAIN_DELTA or _says_no_more(delta, _PLAIN_DELTA)
    return text if alone and type(text) is str else ""


def read_delta(delta: JsonObject) -> Chunk:
    """What the delta of the only answer says."""
    return _read(delta, 0, whole=False)


def _says_no_more(value: JsonObject, known: frozenset[str]) -> bool:
    """Whether nothing stands under other keys: many servers send `"tool_calls": null` and such."""
    return all(value[key] in NOTHING for key in value.keys() - known)


def index_of(choice: JsonObject) -> int | None:
    """Which answer to the question it belongs to, of servers that give several."""
    return _number(choice.get("index"))


def read_choice(choice: JsonObject) -> Iterator[Chunk]:
    """What a choice says: in its delta, in its message, or itself, as completions of old do."""
    index = index_of(choice)
    for path, _ in CHOICE:
        value = at(choice, path)
        value = {"content": value} if isinstance(value, str) else value
        if value and isinstance(value, dict):
            yield _read(value, index, whole=path == ("message",))
    if isinstance(text := choice.get("text"), str) and text:
        yield Chunk(text=text, index=index)
    reason = found(choice, REASONS)
    if isinstance(reason, str) and reason.strip().lower() not in _NO_REASONS:
        yield Chunk(reason=reason.strip(), source=choice, index=index)


def _bare(value: JsonObject) -> JsonObject:
    """A chunk without choices, as the one choice that it is."""
    delta = found(value, BARE)
    reason = found(value, REASONS) or ("stop" if value.get("done") is True else None)
    return {"delta": delta, "finish_reason": reason}


def _read(value: JsonObject, index: int | None, *, whole: bool) -> Chunk:
    text, thought, calls = found(value, TEXT), found(value, REASONING), found(value, CALLS)
    return Chunk(
        thought=thoughts_among(text) if thought is None else thoughts(thought),
        text=words(text),
        calls=() if calls is None else list(_calls(calls)),
        source=value,
        whole=whole,
        index=index,
    )


def words(value: object) -> str:
    """The text in a string, a part, or a list of parts; reasoning among them is left out."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list):
        return "".join(map(words, value))
    if isinstance(value, dict):
        if _is_thinking(value):
            return ""
        return words(next((value[key] for key in WORDS if value.get(key)), ""))
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def thoughts(value: object) -> str:
    """The text of reasoning, of which all strings under the known keys are a part."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(thoughts, value))
    if isinstance(value, dict):
        return thoughts(next((value[key] for key in THOUGHTS if value.get(key)), ""))
    return ""


def thoughts_among(parts: object) -> str:
    """The reasoning among the parts of a text, which Mistral and Claude put there."""
    if parts is None or isinstance(parts, str):
        return ""
    parts = parts if isinstance(parts, list) else [parts]
    return "".join(thoughts(part) for part in parts if _is_thinking(part))


def _is_thinking(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") in THINKING_PARTS


def _calls(value: object) -> Iterator[CallPiece]:
    if isinstance(value, dict):
        single = value.keys() & {"function", "name", "arguments", "id", "index"}
        value = [value] if single else list(value.values())
    for part in value if isinstance(value, list) else ():
        if isinstance(part, dict):
            yield _piece(part)


def _piece(part: JsonObject) -> CallPiece:
    # `function` is a name where it is a string, and a place to look into where it is not.
    values = {key: found(part, places) for key, places in CALL_FIELDS.items()}
    name, id_, arguments = values["name"], values["id"], values["arguments"]
    return CallPiece(
        index=_number(part.get("index")),
        id=str(id_) if isinstance(id_, str | int) else "",
        name=name.strip() if isinstance(name, str) else "",
        arguments=arguments if isinstance(arguments, str) else _written(arguments),
        source=part,
    )


def _written(arguments: object) -> str:
    return "" if arguments is None else jsontext.dumps(arguments).decode()


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else None


def counts(value: JsonObject) -> Event:
    """The token counts of a chunk, in AG-UI's names, and the `cost` where the server says it; nulls
    and words among them are no counts.
    """
    counted: Event = {}
    for path, _ in USAGE:
        usage = at(value, path) if path[0] in value else None
        for name, paths in COUNTS.items() if usage else ():
            numbers = (at(usage, path) for path in paths)
            count = next((each for each in numbers if type(each) is int and each >= 0), None)
            if count is not None:
                counted.setdefault(name, count)
        cost = _cost(usage)
        if cost is not None:
            counted.setdefault("cost", cost)
    return counted


def miscounts(value: JsonObject) -> list[str]:
    """What a server calls the counts in this chunk that are negative or no whole number."""
    usage = value.get("usage")
    paths = (path for each in COUNTS.values() for path in each)
    given = {".".join(path): at(usage, path) for path in paths} if isinstance(usage, dict) else {}
    known = {name: it for name, it in given.items() if it is not None}
    return [name for name, it in known.items() if type(it) is not int or it < 0]


def _cost(usage: JsonObject | None) -> float | None:
    if not usage or at(usage, (OWN_KEY,)) is True:
        return None
    costs = (at(usage, path) for path in COSTS)
    return next((each for each in costs if type(each) in (int, float) and each >= 0), None)
