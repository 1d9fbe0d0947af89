"""The messages that a log of events amounts to, with the tool calls in them. Pure.

It applies events as the AG-UI 1.0 client does; `fold` puts state and runs beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from agui_runtime.core.events import Event, Message
from agui_runtime.core.indexed_messages import Indexed, ids_in
from agui_runtime.core.json_patch import UNPATCHABLE, patched
from agui_runtime.core.jsontext import Json, JsonObject


class Conversation:
    """Takes events one by one. It goes on from `messages`, of which it copies those that an event
    changes and no others; `added` are those of `shared_messages` that were not among them.

    `warnings` is where it notes patches that could not be applied.
    """

    def __init__(self, messages: Sequence[Message], warnings: list[str]) -> None:
        self.added: list[Message] = []
        self._warnings = warnings
        self._given = messages
        self._messages = Indexed.after(messages)
        self._by_id = self._messages.by_id
        self._calls, self._callers = self._messages.calls, self._messages.callers
        self._own: set[int] = set()  # by identity: two results of a tool may have one id
        # Deltas wait here until somebody looks: joining each at once would be quadratic.
        self._texts: dict[str, list[str]] = {}
        self._arguments: dict[str, list[str]] = {}

    def add_message(self, message: Mapping[str, Json]) -> None:
        """Append a message, unless one with its id is there."""
        if message["id"] not in self._by_id:
            self._append(_copied(message))

    def drop(self, messages: Iterable[Message]) -> None:
        """Hold these no longer, which are among `shared_messages`."""
        self._settle()
        for message in messages:
            self._messages.drop(message)

    @property
    def messages(self) -> list[Message]:
        """The conversation as AG-UI messages; the caller may change them."""
        return [_copied(message) for message in self.shared_messages]

    @property
    def shared_messages(self) -> list[Message]:
        """The same without copies, for whoever only reads them; indexed for a run after this."""
        self._settle()
        return self._messages

    @property
    def by_id(self) -> Mapping[str, Message]:
        """The same by their ids; of several with one id, the first."""
        self._settle()
        return self._by_id

    def known(self, ids: Set[str]) -> Set[str]:
        """Those of the ids by which it recognises messages."""
        return (self._by_id.keys() & ids) | (self._calls.keys() & ids)

    @property
    def ids(self) -> frozenset[str]:
        """By what the messages are recognised: their ids, and those of their tool calls."""
        return frozenset(self._by_id).union(self._calls)

    def ids_beside(self, known: Set[str]) -> frozenset[str]:
        """The same without those."""
        return (frozenset(self._by_id) - known) | (frozenset(self._calls) - known)

    @property
    def open_tool_calls(self) -> list[JsonObject]:
        """The calls of all assistant messages that no tool message answers, as AG-UI tool calls."""
        messages = self.shared_messages
        answered = {message["toolCallId"] for message in messages if message["role"] == "tool"}
        calls = [call for message in messages for call in message.get("toolCalls") or ()]
        return [call for call in calls if call["id"] not in answered]

    # Messages

    def _append(self, message: Message, at: int | None = None) -> None:
        self._messages.insert(len(self._messages) if at is None else at, message)
        self.added.append(message)
        self._own.add(id(message))
        self._messages.register(message)

    def _changeable(self, message: Message) -> Message:
        """The message, or in its place a copy of one that others hold, too."""
        if id(message) in self._own:
            return message
        copy = self._messages[self._messages.place(message)] = _copied(message)
        self._own.add(id(copy))
        self._by_id[copy["id"]] = copy
        for call in copy.get("toolCalls") or ():
            if self._callers[call["id"]] is message:
                self._calls[call["id"]], self._callers[call["id"]] = call, copy
        return copy

    def _changeable_call(self, id_: str) -> JsonObject | None:
        if id_ not in self._calls:
            return None
        self._changeable(self._callers[id_])
        return self._calls[id_]

    def _settle(self) -> None:
        if not (self._texts or self._arguments):
            return
        for id_, deltas in self._texts.items():
            message = self._changeable(self._by_id[id_])
            content = message.get("content")
            message["content"] = (content if isinstance(content, str) else "") + "".join(deltas)
        for id_, deltas in self._arguments.items():
            self._changeable(self._callers[id_])
            self._calls[id_]["function"]["arguments"] += "".join(deltas)
        self._texts.clear()
        self._arguments.clear()

    def _speaker(self, id_: str) -> Message | None:
        """The message that text with this id goes into; an activity takes none."""
        message = self._by_id.get(id_)
        return None if message is None or message["role"] == "activity" else message

    def _changeable_speaker(self, id_: str) -> Message | None:
        message = self._speaker(id_)
        return None if message is None else self._changeable(message)

    def _text_started(self, event: Event) -> None:
        if event["messageId"] not in self._by_id:
            role = "reasoning" if event["type"].startswith("REASONING") else "assistant"
            message = {"id": event["messageId"], "role": event.get("role", role), "content": ""}
            if "name" in event:
                message["name"] = event["name"]
            self._append(_owned(message, event))
        self._text_metadata(event)

    def _text_content(self, event: Event) -> None:
        id_ = event["messageId"]
        deltas = self._texts.get(id_)
        if deltas is not None:
            deltas.append(event["delta"])
        elif self._speaker(id_) is not None:
            self._texts[id_] = [event["delta"]]
        if "metadata" in event:
            self._text_metadata(event)

    def _text_metadata(self, event: Event) -> None:
        speaker = self._changeable_speaker(event["messageId"]) if "metadata" in event else None
        if speaker is not None:
            _add_metadata(speaker, event)

    # Tool calls

    def _call_started(self, event: Event) -> None:
        id_, name = event["toolCallId"], event["toolCallName"]
        call = self._changeable_call(id_)
        if call is None:
            caller = self._caller(event)
            function = {"name": name, "arguments": ""}
            call = {"id": id_, "type": "function", "function": function}
            caller.setdefault("toolCalls", []).append(call)
            self._messages.register(caller)
        call["function"]["name"] = name
        _add_metadata(call, event)

    def _caller(self, event: Event) -> Message:
        """The assistant message that a new call goes into, made if need be."""
        parent = event.get("parentMessageId") or None
        named = self._by_id.get(parent) if parent is not None else None
        if named is not None and named["role"] == "assistant":
            return self._changeable(named)
        free = parent if parent is not None and named is None else event["toolCallId"]
        message = _owned({"id": free, "role": "assistant"}, event)
        self._append(message)
        return message

    def _call_arguments(self, event: Event) -> None:
        id_ = event["toolCallId"]
        if id_ in self._calls:
            self._arguments.setdefault(id_, []).append(event["delta"])
        if "metadata" in event:
            self._call_metadata(event)

    def _call_metadata(self, event: Event) -> None:
        call = self._changeable_call(event["toolCallId"]) if "metadata" in event else None
        if call is not None:
            _add_metadata(call, event)

    def _call_answered(self, event: Event) -> None:
        """The answer goes right after its call and the answers that are there, wherever it came."""
        message = {
            "id": event["messageId"],
            "role": event.get("role", "tool"),
            "toolCallId": event["toolCallId"],
            "content": event["content"],
        }
        _add_metadata(_owned(message, event), event)
        caller = self._callers.get(event["toolCallId"])
        if caller is None or caller["role"] != "assistant":
            self._append(message)
            return
        at = 1 + self._messages.place(caller)
        while at < len(self._messages) and self._messages[at]["role"] == "tool":
            at += 1
        self._append(message, at)

    # Whole messages

    def _all_messages(self, event: Event) -> None:
        """Same ids are replaced in place, new ones appended, others removed.

        Activities and reasoning stay when the snapshot has none at all: many agents never send them
        back.
        """
        self._settle()
        stated = {message["id"]: _copied(message) for message in event["messages"]}
        roles = {message["role"] for message in stated.values()}
        lasting_roles = {"activity", "reasoning"} - roles
        staying = [
            stated.get(message["id"], message)
            for message in self._messages
            if message["id"] in stated or message["role"] in lasting_roles
        ]
        known = {message["id"] for message in staying}
        new = [message for id_, message in stated.items() if id_ not in known]
        self._own.update(map(id, stated.values()))
        given = frozenset(ids_in(self._given))
        self.added = [each for each in staying + new if each["id"] not in given]
        self._messages.replace_all(staying + new)

    def _activity(self, event: Event) -> None:
        self._settle()
        id_ = event["messageId"]
        known = self._by_id.get(id_)
        fresh = _owned({"id": id_, "role": "activity"}, event)
        fresh |= {"activityType": event["activityType"], "content": event["content"]}
        if known is None:
            self._append(fresh)
            known = fresh
        known = self._changeable(known)
        if known is not fresh and event.get("replace", True):
            self._replace(known, fresh)
        _add_metadata(known, event)

    def _replace(self, known: Message, activity: Message) -> None:
        if known["role"] == "activity" and "metadata" in known:
            activity["metadata"] = known["metadata"]
        had_calls = "toolCalls" in known
        known.clear()
        known.update(activity)
        if had_calls:
            self._messages.replace_all(self._messages)

    def _activity_patched(self, event: Event) -> None:
        known = self._by_id.get(event["messageId"])
        if known is None or known["role"] != "activity":
            return
        known = self._changeable(known)
        _add_metadata(known, event)
        try:
            known["content"] = patched(event["type"], known["content"], event["patch"])
        except UNPATCHABLE as error:
            why = str(error).partition(" in ")[0]
            self._warnings.append(f"activity {event['messageId']!r} was not patched: {why}")
        else:
            known["activityType"] = event["activityType"]

    def _encrypted(self, event: Event) -> None:
        of_call = event["subtype"] == "tool-call"
        find = self._changeable_call if of_call else self._changeable_speaker
        entity = find(event["entityId"])
        if entity is not None:
            entity["encryptedValue"] = event["encryptedValue"]


APPLIED: Mapping[str, Callable[[Conversation, Event], None]] = {
    "TEXT_MESSAGE_CONTENT": Conversation._text_content,
    "TOOL_CALL_ARGS": Conversation._call_arguments,
    "REASONING_MESSAGE_CONTENT": Conversation._text_content,
    "TEXT_MESSAGE_START": Conversation._text_started,
    "TEXT_MESSAGE_END": Conversation._text_metadata,
    "REASONING_MESSAGE_START": Conversation._text_started,
    "REASONING_MESSAGE_END": Conversation._text_metadata,
    "REASONING_ENCRYPTED_VALUE": Conversation._encrypted,
    "TOOL_CALL_START": Conversation._call_started,
    "TOOL_CALL_END": Conversation._call_metadata,
    "TOOL_CALL_RESULT": Conversation._call_answered,
    "MESSAGES_SNAPSHOT": Conversation._all_messages,
    "ACTIVITY_SNAPSHOT": Conversation._activity,
    "ACTIVITY_DELTA": Conversation._activity_patched,
}
"""What an event does to the conversation, by its type."""


def _copied(message: Mapping[str, Json]) -> Message:
    copy = dict(message)
    if copy.get("toolCalls") is not None:
        calls = [{**call, "function": dict(call["function"])} for call in copy["toolCalls"]]
        copy["toolCalls"] = calls
    return copy


def _owned(message: Message, event: Event) -> Message:
    if "subagentRunId" in event:
        message["subagentRunId"] = event["subagentRunId"]
    return message


def _add_metadata(target: JsonObject, event: Event) -> None:
    if "metadata" in event:
        target["metadata"] = {**target.get("metadata", {}), **event["metadata"]}
