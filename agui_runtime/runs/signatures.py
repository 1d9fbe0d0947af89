"""Signatures that models want back with their calls and messages, stored beside the thread.

Most front ends send the conversation without them. A connector may pack reasoning that is hidden
from front ends into a signature, so those of our connectors never leave the server. They are
found again by the ids of calls and messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TypeAlias

from ag_ui.core import AssistantMessage, RunAgentInput, ToolCall

from agui_runtime.core.columns import attributes, of_type
from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import OWN_VALUE, Event, Notes
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

_NOTE = "agui_runtime.signatures"
_LONGEST = 1_000_000
"""Characters that are stored for a thread; the oldest values go first."""

_Signed: TypeAlias = AssistantMessage | ToolCall


class Signatures:
    """Those of one thread, for the run that holds it."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._known: dict[str, str] = {}
        self.unsaved: dict[str, str] = {}
        """Those that `save` has not written yet."""
        self._read = False

    async def recalled(self, request: RunAgentInput) -> RunAgentInput:
        """The request with the stored signatures of its messages and calls, and without any that a
        front end has made up.
        """
        signed = _signed(request)
        if not signed:
            return request
        await self._recall()
        if not self._changed(signed):
            return request
        request = request.model_copy(deep=True)
        for each in self._changed(_signed(request)):
            each.encrypted_value = self._known.get(each.id)
        return request

    def without(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events without our connectors' signatures; all signatures wait for `save`."""
        signed = [each for each in events if each["type"] == "REASONING_ENCRYPTED_VALUE"]
        if not signed:
            return events
        self.unsaved |= {each["entityId"]: each["encryptedValue"] for each in signed}
        return [each for each in events if each not in signed or not _is_own(each)]

    async def save(self) -> None:
        """Store the new ones. A run goes on where this fails: the provider may then refuse the next
        run, and its error says why.
        """
        news, self.unsaved = self.unsaved, {}
        try:
            await self._recall()
            self._known = {id_: each for id_, each in self._known.items() if id_ not in news} | news
            self._shorten()
            await self._notes.write(_NOTE, self._known)
        except AguiError as error:
            logger.warning("signatures that the model wants back are not stored: %s", error)

    async def _recall(self) -> None:
        """Read once what earlier runs have stored; no other run writes meanwhile."""
        if not self._read:
            self._known = await self._notes.read(_NOTE) or {}
            self._read = True

    def _shorten(self) -> None:
        size = sum(map(len, self._known.values()))
        for id_ in list(self._known):
            if size <= _LONGEST:
                return
            size -= len(self._known.pop(id_))

    def _changed(self, signed: Sequence[_Signed]) -> Sequence[_Signed]:
        """Those whose signature is another than the stored one, or made up."""
        known = self._known
        if not known and not any(attributes(signed, "encrypted_value")):
            return ()
        concerned = [each for each in signed if each.encrypted_value or each.id in known]
        return [each for each in concerned if self._changes(each)]

    def _changes(self, each: _Signed) -> bool:
        own = (each.encrypted_value or "").startswith(OWN_VALUE)
        return each.encrypted_value != self._known.get(each.id) and (own or each.id in self._known)


def _signed(request: RunAgentInput) -> Sequence[_Signed]:
    spoken = of_type(request.messages, AssistantMessage)
    calls = chain.from_iterable(filter(None, attributes(spoken, "tool_calls")))
    return [*spoken, *calls]


def _is_own(event: Event) -> bool:
    value: str = event["encryptedValue"]
    return value.startswith(OWN_VALUE)
