"""A chat from its first word to its exit code."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from functools import partial

from agui_runtime.commands.chat.answers import payload
from agui_runtime.commands.chat.conversation import Conversation
from agui_runtime.commands.chat.narrator import Narrator, View
from agui_runtime.commands.chat.peer import Peer
from agui_runtime.commands.chat.questions import Read, answered, schema_of, wording
from agui_runtime.commands.chat.remedies import REMEDIES
from agui_runtime.commands.chat.turn import LoopThread, Turn, interrupting
from agui_runtime.commands.listing import write_json
from agui_runtime.core.errors import AguiError, InvalidInput, RunFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json

DONE, NOT_ALL, INTERRUPTED = 0, 1, 130
STOPPING = "stopping the run; Ctrl-C again waits no longer"


class Session:
    """One conversation with one peer. `json` prints its events, `read` asks whoever is there; None
    where nobody is.
    """

    def __init__(self, peer: Peer, view: View, thread_id: str, read: Read | None) -> None:
        self._peer = peer
        self._view = view
        self._read = read
        self._conversation = Conversation(thread_id)
        self._narrator = Narrator(view, self._conversation.knows)
        self._json = False
        self._failed = False

    def print_events(self) -> None:
        """One JSON object a line, in place of what people read."""
        self._json = True

    def attach(self, thread: LoopThread, *, whole: bool) -> int:
        """Show the thread, if `whole`, and the run that is live to its end."""
        conversation = self._conversation
        live = thread.run(self._peer.live(conversation.thread_id))
        shows = _Shown(live, whole=whole)
        history = self._peer.history(conversation.thread_id)

        def feed(event: Event) -> None:
            if shows(event):
                self._show(event)
            conversation.feed(event)

        code = self._follow(thread, history, feed)
        if code == DONE and live is None:
            return DONE  # how earlier runs ended is no matter of today
        return code

    def say(self, thread: LoopThread, text: str) -> int:
        """Send the text, or what it answers, and then the answers to all that is asked; raises
        EOFError where whoever is there gives none.
        """
        conversation = self._conversation
        if conversation.questions:
            given = {each["id"]: _answer(each, text) for each in conversation.questions}
            request = conversation.answer(given)
        else:
            request = conversation.say(text)
        code = self._follow(thread, self._peer.run(request), self._show_and_feed)
        while code == DONE and conversation.questions:
            if self._read is None:
                return self.leave_waiting()
            request = conversation.answer(self._answers(self._read))
            code = self._follow(thread, self._peer.run(request), self._show_and_feed)
        return code

    def answer_first(self, thread: LoopThread) -> None:
        """Ask what the thread has waited for since before this chat."""
        if self._conversation.questions and self._read is not None:
            request = self._conversation.answer(self._answers(self._read))
            self._follow(thread, self._peer.run(request), self._show_and_feed)

    @property
    def waits(self) -> bool:
        return bool(self._conversation.questions)

    def _answers(self, read: Read) -> dict[str, Json | None]:
        found: dict[str, Json | None] = {}
        for each in self._conversation.questions:
            self._view.line("question", wording(each))
            found[each["id"]] = answered(each, read, partial(self._view.line, "note"))
        return found

    def leave_waiting(self) -> int:
        """Say how to answer another time; returns the exit code."""
        for each in self._conversation.questions:
            self._view.line("question", wording(each))
        thread_id = self._conversation.thread_id
        self._view.line("error", f"it waits for an answer: give it with --thread {thread_id}")
        return NOT_ALL

    def _follow(
        self,
        thread: LoopThread,
        events: AsyncGenerator[Event, None],
        feed: Callable[[Event], None],
    ) -> int:
        self._failed = False
        began = self._conversation.messages
        turn = Turn(self._stop)
        try:
            with interrupting(thread, turn):
                thread.run(turn.follow(events, feed))
        except RunFailure as failure:
            self._view.line("error", f"{failure.code}: {failure.message}{_remedy(failure)}")
            if began == self._conversation.messages and not self._conversation.is_running:
                raise Reported(failure) from None
            return NOT_ALL
        finally:
            self._view.close()
        if turn.interrupts:
            return INTERRUPTED
        return NOT_ALL if self._failed else DONE

    async def _stop(self) -> bool:
        self._view.line("note", STOPPING)
        return await self._peer.stop(self._conversation.thread_id)

    def _show_and_feed(self, event: Event) -> None:
        self._show(event)
        self._conversation.feed(event)

    def _show(self, event: Event) -> None:
        self._failed = event["type"] == "RUN_ERROR"
        if self._json:
            write_json(event)
            sys.stdout.flush()
        if self._failed and event.get("code") == "AGENT_ERROR":
            event = {**event, "message": f"{event.get('message')}; {self._peer.cause}"}
        self._narrator.feed(event)


class Reported(AguiError):
    """A failure before anything began, of which the terminal has been shown the line."""

    def __init__(self, failure: AguiError) -> None:
        super().__init__(failure.message)
        self.code = failure.code


class _Shown:
    """Which events of a thread are shown: all, or those of the live run."""

    def __init__(self, live: str | None, *, whole: bool) -> None:
        self._live = live
        self._whole = whole
        self._run: str | None = None

    def __call__(self, event: Event) -> bool:
        if event["type"] == "RUN_STARTED":
            self._run = event.get("runId")
        return self._whole or (self._live is not None and self._run == self._live)


def _remedy(failure: RunFailure) -> str:
    remedy = REMEDIES.get(failure.upstream or 0)
    return f"; {remedy}" if remedy else ""


def _answer(question: dict[str, Json], text: str) -> Json:
    try:
        return payload(schema_of(question), text)
    except InvalidInput as error:
        raise InvalidInput(f"{wording(question)} {error.message}") from None
