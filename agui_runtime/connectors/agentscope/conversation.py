"""What a front end's messages mean to an agent that remembers: news, or another conversation. Pure.

Front ends send the whole conversation each time; the agent's own state knows more (thoughts, tools
of its own, what was compressed), and it alone tells which calls may be carried out.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import chain

from agentscope.agent import Agent
from agentscope.event import (
    ConfirmResult,
    ExternalExecutionResultEvent,
    UserConfirmResultEvent,
    UserInterruptEvent,
)
from agentscope.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    TextBlock,
    ToolCallBlock,
    ToolCallState,
    ToolResultBlock,
    ToolResultState,
    URLSource,
    UserMsg,
)
from agentscope.state import AgentState

from agui_runtime.connectors.shared.chat.attachments import attachment_of
from agui_runtime.core.events import Message
from agui_runtime.core.history_repair import repair
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import UNKNOWN_TYPE, USUAL_TYPES


@dataclass(frozen=True, slots=True)
class PausedRun:
    """What is written down between two runs of a thread.

    `seen` are the ids of the messages and calls that the state covers (`answer:<call>` for
    results), in their order; `answered` the calls that the user decided on in the last run.
    """

    state: AgentState = field(default_factory=AgentState)
    seen: Sequence[str] = ()
    answered: Sequence[str] = ()

    @classmethod
    def read(cls, note: Mapping[str, Json] | None) -> PausedRun:
        """The note that `written` made; one of another form counts as none."""
        if not note or note.get("form") != 1:
            return cls()
        return cls(AgentState.model_validate(note["state"]), note["seen"], note["answered"])

    def written(self) -> JsonObject:
        """A JSON object."""
        state = self.state.model_dump(mode="json")
        return {"form": 1, "state": state, "seen": self.seen, "answered": self.answered}


@dataclass(frozen=True, slots=True)
class AgentInputs:
    """What a run has to tell its agent; `answered` are the calls that the user decided on."""

    approvals: Sequence[ConfirmResult] = ()
    results: Sequence[ToolResultBlock] = ()
    messages: Sequence[Msg] = ()
    answered: Sequence[str] = ()

    def inputs(self, agent: Agent) -> Iterator[object]:
        """What to give to `reply_stream`, one after the other, each asked for when the agent has
        ended its last reply; none if it goes on waiting.
        """
        name, state = agent.name, agent.state
        if self.approvals:
            results = list(self.approvals)
            yield UserConfirmResultEvent(reply_id=state.reply_id, confirm_results=results)
        waiting = {call.id: call.state for call in state.get_awaiting_tool_calls(name)}
        ready = ToolCallState.SUBMITTED
        if results := [each for each in self.results if waiting.get(each.id) == ready]:
            yield ExternalExecutionResultEvent(reply_id=state.reply_id, execution_results=results)
        if self.messages:
            if state.has_awaiting_tool_calls(name):
                yield UserInterruptEvent(reply_id=state.reply_id)
            yield list(self.messages)
        elif not (self.approvals or results or waiting):
            yield None


def legible(sent: Iterable[Message], agent: Agent) -> list[Message]:
    """The messages with text in the place of attachments that the agent's model does not take,
    which AgentScope would leave out.
    """
    patterns = agent.model.formatter.supported_input_media_types
    return [_legible(message, patterns) for message in sent]


def keys(messages: Iterable[Message]) -> list[str]:
    """The ids by which messages are known again, whichever way a front end cuts them."""
    return list(chain.from_iterable(_keys(message) for message in messages))


def news(paused: PausedRun, sent: Sequence[Message]) -> Sequence[Message] | None:
    """The messages that the agent has not seen, where the sent ones go on from what it has.

    None where they do not: a message was changed, answered again, or is somebody else's.
    """
    seen = set(paused.seen)
    fresh = [message for message in sent if seen.isdisjoint(_keys(message))]
    old = sent[: len(sent) - len(fresh)]
    last = paused.seen[-1:]
    follows = fresh and sent[len(old) :] == fresh and set(last) <= set(keys(old))
    return fresh if follows and all(m["role"] in {"user", "tool"} for m in fresh) else None


def covered(sent: Iterable[Message], state: AgentState, name: str) -> list[str]:
    """The keys of the messages that the state covers: all but results that came too early, while
    another call still asks; they count when they are sent again.
    """
    still = {call.id for call in state.get_unfinished_tool_calls(name)}
    return keys(m for m in sent if m["role"] != "tool" or m["toolCallId"] not in still)


def inputs_of(fresh: Sequence[Message], agent: Agent) -> AgentInputs:
    """New messages for an agent that goes on; results count only for calls that it leaves to the
    front end.
    """
    tools = (tool for group in agent.toolkit.tool_groups for tool in group.tools)
    external = {tool.name for tool in tools if tool.is_external_tool}
    unfinished = agent.state.get_unfinished_tool_calls(agent.name)
    outside = {call.id: call for call in unfinished if call.name in external}
    results = [
        result_block(outside[message["toolCallId"]].name, message)
        for message in fresh
        if message["role"] == "tool" and message["toolCallId"] in outside
    ]
    return AgentInputs(
        results=results, messages=[user_message(m) for m in fresh if m["role"] == "user"]
    )


def restarted(state: AgentState, sent: Sequence[Message], name: str) -> AgentInputs:
    """Put the sent conversation into the state in place of its own; the user's last messages are
    left for the agent to take.

    All calls in it are finished, so nothing that a client sends is ever carried out.
    """
    messages = repair(sent)
    count = len(messages)
    while count and messages[count - 1]["role"] == "user":
        count -= 1
    state.summary = ""
    state.context = list(_context(messages[:count], name))
    return AgentInputs(messages=[user_message(message) for message in messages[count:]])


def settle(state: AgentState, name: str) -> None:
    """Finish the calls that nobody works on any more, so that no later run carries them out."""
    waiting = state.has_awaiting_tool_calls(name)
    for call in state.get_unfinished_tool_calls(name):
        pending = waiting and call.state == ToolCallState.PENDING
        if pending or call.state in (ToolCallState.ASKING, ToolCallState.SUBMITTED):
            continue
        call.state = ToolCallState.FINISHED
        broken = "The call was interrupted; its outcome is unknown."
        state.context[-1].content.append(
            ToolResultBlock(
                id=call.id, name=call.name, output=broken, state=ToolResultState.INTERRUPTED
            )
        )


def _keys(message: Message) -> list[str]:
    if message["role"] == "tool":
        return [message["id"], f"answer:{message['toolCallId']}"]
    return [message["id"], *(call["id"] for call in message.get("toolCalls") or ())]


def _context(messages: Sequence[Message], name: str) -> Iterator[Msg]:
    """Users' messages, and the agent's texts and calls between two of them as one."""
    blocks: list[Json] = []
    calls: dict[str, str] = {}
    for message in messages:
        if message["role"] == "user":
            if blocks:
                yield AssistantMsg(name=name, content=blocks)
            blocks = []
            yield user_message(message)
        elif message["role"] == "assistant":
            blocks += _text_and_calls(message)
            for call in message.get("toolCalls") or ():
                calls[call["id"]] = call["function"]["name"]
        elif message["role"] == "tool":
            blocks.append(result_block(calls[message["toolCallId"]], message))
    if blocks:
        yield AssistantMsg(name=name, content=blocks)


def _text_and_calls(message: Message) -> Iterator[TextBlock | ToolCallBlock]:
    if message.get("content"):
        yield TextBlock(text=message["content"])
    for call in message.get("toolCalls") or ():
        function = call["function"]
        yield ToolCallBlock(
            id=call["id"],
            name=function["name"],
            input=function["arguments"],
            state=ToolCallState.FINISHED,
        )


def _legible(message: Message, patterns: Sequence[str]) -> Message:
    if not isinstance(message.get("content"), list):
        return message
    return {**message, "content": [_taken(part, patterns) for part in message["content"]]}


def _taken(part: Mapping[str, Json], patterns: Sequence[str]) -> Mapping[str, Json]:
    if part["type"] == "text" or _is_closed(part["source"]):
        return part
    found = attachment_of(part)
    kind = _media_type(part)
    if (found.url or found.data) and any(fnmatch(kind, pattern) for pattern in patterns):
        return part
    return {"type": "text", "text": found.in_words()}


def _is_closed(source: Mapping[str, Json]) -> bool:
    """AgentScope's formatters read file:// and fetch what else it may be on the server's behalf."""
    url = source["type"] == "url"
    return source["type"] == "file" or (url and not source["value"].startswith("https://"))


def _media_type(part: Mapping[str, Json]) -> str:
    source = part["source"]
    kind = source.get("mimeType") or mimetypes.guess_type(source["value"])[0]
    return kind or USUAL_TYPES.get(part["type"], UNKNOWN_TYPE)


def user_message(message: Message) -> Msg:
    """A user's message as AgentScope has it, with attachments that it may open."""
    return UserMsg(name="user", content=_blocks(message["content"]))


def result_block(name: str, message: Message) -> ToolResultBlock:
    """What a front end's tool of that name returned."""
    failed = message.get("error")
    return ToolResultBlock(
        id=message["toolCallId"],
        name=name,
        output=_blocks(message["content"] or failed or ""),
        state=ToolResultState.ERROR if failed else ToolResultState.SUCCESS,
    )


def _blocks(content: str | Sequence[Mapping[str, Json]]) -> list[TextBlock | DataBlock]:
    if isinstance(content, str):
        return [TextBlock(text=content)]
    return [_block(part) for part in content]


def _block(part: Mapping[str, Json]) -> TextBlock | DataBlock:
    if part["type"] == "text":
        return TextBlock(text=part["text"])
    source, kind = part["source"], _media_type(part)
    if _is_closed(source):
        return TextBlock(text=f"[{part['type']} that this agent cannot open]")
    if source["type"] == "url":
        return DataBlock(source=URLSource(url=source["value"], media_type=kind))
    return DataBlock(source=Base64Source(data=source["value"], media_type=kind))
