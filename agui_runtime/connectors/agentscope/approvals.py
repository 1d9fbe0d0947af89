"""The question before a tool may run, and how answers to it are read. Pure.

Which calls wait, and with which arguments, is told by the state that the server keeps; an answer
only says yes or no to one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson
from ag_ui.core import ResumeEntry, RunAgentInput
from agentscope.event import ConfirmResult
from agentscope.message import ToolCallBlock

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.requests import resume_value

_YES = frozenset({"approve", "approved", "yes", "allow", "true", "ok", "accept", "confirm"})
_NO = frozenset({"reject", "rejected", "no", "deny", "denied", "false", "cancel"})

_HOW = 'answer with {"approved": true} or {"approved": false}'


def interrupt_id(call: ToolCallBlock, reply: str) -> str:
    """The id of the question about this call of that reply; there are models that count their calls
    from one again in each.
    """
    return f"approve:{reply}:{call.id}"


def question(call: ToolCallBlock, reply: str) -> Event:
    """The interrupt that asks whether the call, made in that reply, may be carried out."""
    properties: JsonObject = {"approved": {"type": "boolean"}}
    if call.suggested_rules:
        about = "Do not ask again for calls like this one."
        properties["always"] = {"type": "boolean", "description": about}
    return {
        "id": interrupt_id(call, reply),
        "reason": "tool_call",
        "toolCallId": call.id,
        "message": f"May the tool {call.name!r} be called with {call.input or '{}'}?",
        "responseSchema": {
            "type": "object",
            "properties": properties,
            "required": ["approved"],
            "additionalProperties": False,
        },
        "metadata": {"toolName": call.name, "arguments": call.input},
    }


def answers(
    request: RunAgentInput, asking: Sequence[ToolCallBlock], reply: str, answered: Collection[str]
) -> list[ConfirmResult]:
    """What the request answers to the calls that wait in that reply; empty if it answers nothing.

    AG-UI 1.0 answers each interrupt by its id (`resume`), and repeats that after a failure:
    interrupts in `answered` are not answered again. Older front ends send one value in
    `forwardedProps.command.resume`, which holds for all of them. Raises InvalidInput for an answer
    to something else, for one that leaves a question open, and for one that is neither yes nor no.
    """
    if request.resume:
        given = {each.interrupt_id: each for each in request.resume}
        return _by_id(given, {interrupt_id(call, reply): call for call in asking}, answered)
    answer = resume_value(request)
    return [] if answer is None else [_answer(call, answer) for call in asking]


def _by_id(
    given: Mapping[str, ResumeEntry],
    waiting: Mapping[str, ToolCallBlock],
    answered: Collection[str],
) -> list[ConfirmResult]:
    if given.keys() <= set(answered):
        return []
    if given.keys() != waiting.keys():
        raise InvalidInput(f"resume must answer exactly these interrupts: {sorted(waiting)}")
    return [
        _answer(call, each.payload if (each := given[id_]).status == "resolved" else False)
        for id_, call in waiting.items()
    ]


def _answer(call: ToolCallBlock, answer: object) -> ConfirmResult:
    choice = _choice(answer)
    always = choice.get("always") is True
    rules = call.suggested_rules if always and choice["approved"] else None
    return ConfirmResult(confirmed=choice["approved"], tool_call=call, rules=rules or None)


def _choice(answer: object) -> Mapping[str, Json]:
    """`{"approved": bool, "always"?: bool}` out of that, its JSON, a boolean, or a plain word."""
    if isinstance(answer, str):
        answer = _parsed(answer)
    if isinstance(answer, bool):
        return {"approved": answer}
    if not isinstance(answer, dict) or not isinstance(answer.get("approved"), bool):
        raise InvalidInput(f"this is neither a yes nor a no; {_HOW}")
    if answer.keys() - {"approved", "always"}:
        # Above all, nobody must believe that changed arguments were taken.
        raise InvalidInput(f"an answer may only say yes or no; {_HOW}")
    return answer


def _parsed(text: str) -> object:
    word = text.strip().lower()
    if word in _YES | _NO:
        return word in _YES
    try:
        return jsontext.loads(text)
    except orjson.JSONDecodeError:
        return None
