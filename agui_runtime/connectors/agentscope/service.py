"""An agent on an AgentScope service: a thread is a session there, which remembers for itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ag_ui.core import RunAgentInput
from agentscope.event import (
    AgentEvent,
    ConfirmResult,
    ExternalExecutionResultEvent,
    UserConfirmResultEvent,
)
from agentscope.message import ToolCallBlock, ToolCallState, ToolResultBlock

from agui_runtime.agents.agent import current_run
from agui_runtime.connectors.agentscope.approvals import answers, interrupt_id
from agui_runtime.connectors.agentscope.conversation import keys, result_block, user_message
from agui_runtime.connectors.agentscope.identity import Identity, identified
from agui_runtime.connectors.agentscope.sessions import ServiceSession
from agui_runtime.connectors.agentscope.translator import AgentScopeTranslator
from agui_runtime.connectors.shared.remote import DEFAULT_OPTIONS, RemoteOptions, RemoteServer
from agui_runtime.core.errors import AgentFailure, InvalidInput, RemoteFailure
from agui_runtime.core.events import Event, Message
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.requests import request_messages

PATIENCE = 10.0
"""Seconds for which a service may be busy with the end of a reply."""

_WAITS = frozenset({"REQUIRE_USER_CONFIRM", "REQUIRE_EXTERNAL_EXECUTION"})
"""Events with which a reply pauses."""


class AgentScopeService:
    """Runs an agent of the AgentScope 2 service at `url`; `agent` is its id there.

    `model` is the `chat_model_config` of new sessions. Whom the service takes the caller for is
    what `user` makes of the run's context, the caller's owner when it is left out: no header of the
    front end's request ever says so. The service remembers conversations; one that was changed (an
    edited message, a regenerated answer) begins a new session. Front ends' tools are not known
    there; a call that the agent leaves to somebody outside is one of the page, if that has a tool
    of its name.
    """

    def __init__(
        self,
        url: str,
        *,
        agent: str,
        model: Mapping[str, Json] | None = None,
        user: Identity | None = None,
        name: str = "agentscope",
        description: str = "",
        options: RemoteOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.name = name
        self.description = description or f"the agent {agent} of an AgentScope service"
        self._agent = agent
        self._model = dict(model or {})
        reached = identified(options, user)
        self._server = RemoteServer(url, f"the AgentScope service of agent {name!r}", reached)

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        """The events of one reply, or of its continuation.

        Raises RemoteFailure, InvalidInput for an answer that fits no question, and AgentFailure
        when the agent ends with an error.
        """
        notes = current_run.get().notes if current_run.get(None) else None
        thread = _Thread.read(await notes.read(self.name) if notes else None)
        sent = request_messages(request, {"user", "assistant", "tool"})
        turn = replace(_turn(thread, sent, request), seen=[*thread.seen, *keys(sent)])
        session, cursor = await self._session(turn, thread)
        translator = AgentScopeTranslator(request, turn.supplied)
        reply = _Reply(session, turn, translator)
        try:
            async with session.events(cursor) as events:
                async for each in reply.events(events):
                    yield each
        finally:
            await reply.end()
            if notes and reply.given:
                seen = [*keys(sent), *translator.made]
                await notes.write(self.name, reply.thread(seen, turn).written())
        _check_offered(reply.waiting, request)
        for each in translator.end(reply.waiting, reply.id):
            yield each

    async def close(self) -> None:
        """Close the connections; a later run opens new ones."""
        await self._server.close()

    async def _session(self, turn: _Turn, thread: _Thread) -> tuple[ServiceSession, str | None]:
        """The session to go on in, and its end: the thread's, unless that is gone, or a new one."""
        if thread.session and not turn.anew:
            session = ServiceSession(self._server, self._agent, thread.session)
            try:
                return session, await session.cursor(PATIENCE)
            except RemoteFailure as failure:
                if failure.upstream != 404:
                    raise
        about = {"name": self.name, **({"chat_model_config": self._model} if self._model else {})}
        session = await ServiceSession.made(self._server, self._agent, about)
        return session, None


@dataclass(frozen=True, slots=True)
class _Thread:
    """What is written down between two runs: the session, the ids of what it has seen, and the
    calls of a reply that wait for a yes or no, or for a result.
    """

    session: str = ""
    seen: Sequence[str] = ()
    reply: str = ""
    waiting: Sequence[JsonObject] = ()
    answered: Sequence[str] = ()

    @classmethod
    def read(cls, note: Mapping[str, Json] | None) -> _Thread:
        if not note or note.get("form") != "service-1":
            return cls()
        return cls(**{name: note[name] for name in cls.__slots__})

    def written(self) -> JsonObject:
        return {"form": "service-1", **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a run gives the session: `messages`, or the answer to what it asked for, and what comes
    `after` that. `anew` says that the session does not go on from what it has; `parked` that it
    waits for an answer which does not come. The results of the calls `settled` follow the answer;
    where it is `partial`, nothing else does, since others still wait.
    """

    messages: Sequence[JsonObject] = ()
    answer: JsonObject | None = None
    after: JsonObject | None = None
    settled: frozenset[str] = frozenset()
    partial: bool = False
    anew: bool = False
    parked: bool = False
    answered: Sequence[str] = field(default=())
    supplied: frozenset[str] = frozenset()
    seen: Sequence[str] = ()


class _Reply:
    """One reply of the session, from what it is given to its end. `given` says that the session is
    no longer as it was before.
    """

    def __init__(
        self, session: ServiceSession, turn: _Turn, translator: AgentScopeTranslator
    ) -> None:
        self.id = ""
        self.waiting: Sequence[ToolCallBlock] = ()
        self._session = session
        self._turn = turn
        self._translator = translator
        self._unsettled = set(turn.settled)
        self._working = False
        self.given = False

    async def events(self, events: AsyncGenerator[AgentEvent, None]) -> AsyncIterator[Event]:
        """Give the session its turn, and translate what comes of it."""
        if self._turn.parked:
            await self._session.interrupt()
            self.given = True
            await self._until_end(events)
        await self._give(self._turn.answer or list(self._turn.messages))
        async for event in events:
            self.id = getattr(event, "reply_id", self.id)
            for each in self._translator.feed(event):
                yield each
            answered = self._is_answered(event)
            if answered and self._turn.after is not None:
                await self._give(self._turn.after)
            elif answered or event.type in _WAITS:
                for each in await self._pause(getattr(event, "tool_calls", ())):
                    yield each
                self._working = False
                return
            elif event.type == "REPLY_END":
                self._working = False
                return
        raise self._session.server.failure("BROKEN", "broke off in its answer; try again")

    def _is_answered(self, event: AgentEvent) -> bool:
        """Whether that is the last event which a partial answer brings: the session goes on in
        silence to wait for the rest.
        """
        if event.type != "TOOL_RESULT_END" or event.tool_call_id not in self._unsettled:
            return False
        self._unsettled.remove(event.tool_call_id)
        return self._turn.partial and not self._unsettled

    async def _give(self, content: JsonObject | Sequence[JsonObject]) -> None:
        """A turn that did not arrive is not one that the session works on."""
        given, self.given, self._working = self.given, True, True
        try:
            await self._session.send(content, PATIENCE)
        except RemoteFailure as failure:
            if failure.upstream is not None or failure.code == "REMOTE_UNREACHABLE":
                self.given, self._working = given, False
            raise

    async def end(self) -> None:
        """Have a reply that still goes on end there, too."""
        if self._working:
            self._working = False
            with suppress(RemoteFailure):
                await self._session.interrupt()

    def thread(self, seen: Sequence[str], turn: _Turn) -> _Thread:
        calls = [call.model_dump(mode="json") for call in self.waiting]
        return _Thread(self._session.id, list(seen), self.id, calls, list(turn.answered))

    async def _until_end(self, events: AsyncGenerator[AgentEvent, None]) -> None:
        async for event in events:
            if event.type == "REPLY_END":
                return

    async def _pause(self, announced: Sequence[ToolCallBlock]) -> list[Event]:
        """Those of results that the session has, and that nobody was shown."""
        found, done = await self._session.paused(PATIENCE)
        calls = {each.id: each for each in map(ToolCallBlock.model_validate, found)}
        self.waiting = list(({each.id: each for each in announced} | calls).values())
        blocks = [ToolResultBlock.model_validate(each) for each in done]
        known = {*self._turn.seen, *self._translator.made}
        fresh = [each for each in blocks if f"answer:{each.id}" not in known]
        return [event for each in fresh for event in self._translator.result(each)]


def _turn(thread: _Thread, sent: Sequence[Message], request: RunAgentInput) -> _Turn:
    waiting = [ToolCallBlock.model_validate(each) for each in thread.waiting]
    asking = [each for each in waiting if each.state == ToolCallState.ASKING]
    calls = {each.id: each for each in waiting if each.state != ToolCallState.ASKING}
    seen = set(thread.seen)
    fresh = [each for each in sent if seen.isdisjoint(keys([each]))]
    approvals = answers(request, asking, thread.reply, thread.answered)
    if approvals:
        return _approvals_turn(thread, approvals, fresh, calls)
    old = sent[: len(sent) - len(fresh)]
    follows = fresh and list(sent[len(old) :]) == fresh and set(thread.seen[-1:]) <= set(keys(old))
    known = thread.session and follows and all(_fits(each, calls) for each in fresh)
    users = [each for each in (fresh if known else sent) if each["role"] == "user"]
    if known and not users:
        given = _results(thread, fresh, calls)
        about = frozenset(calls)
        return _Turn(answer=given, supplied=about, settled=about, partial=bool(asking))
    messages = [user_message(each).model_dump(mode="json") for each in users[0 if known else -1 :]]
    return _Turn(messages, anew=not known, parked=bool(known and waiting))


def _fits(message: Message, calls: Mapping[str, ToolCallBlock]) -> bool:
    return message["role"] == "user" or message.get("toolCallId") in calls


def _approvals_turn(
    thread: _Thread,
    approvals: Sequence[ConfirmResult],
    fresh: Sequence[Message],
    calls: Mapping[str, ToolCallBlock],
) -> _Turn:
    """With the results of the calls that wait beside those which were asked about, where there are
    some already.
    """
    event = UserConfirmResultEvent(reply_id=thread.reply, confirm_results=list(approvals))
    results = [each for each in fresh if each.get("toolCallId") in calls]
    return _Turn(
        answer=event.model_dump(mode="json"),
        after=_results(thread, results, calls) if results else None,
        answered=[interrupt_id(each.tool_call, thread.reply) for each in approvals],
        supplied=frozenset(calls if results else ()),
        settled=frozenset(each.tool_call.id for each in approvals),
        partial=bool(calls),
    )


def _results(
    thread: _Thread, results: Sequence[Message], calls: Mapping[str, ToolCallBlock]
) -> JsonObject:
    """Raises InvalidInput where a call has no result: the reply would wait for it in silence."""
    given = {each["toolCallId"]: each for each in results}
    if missing := sorted(calls.keys() - given.keys()):
        raise InvalidInput(f"send the results of these calls, too: {', '.join(missing)}")
    blocks = [result_block(calls[id_].name, each) for id_, each in given.items()]
    event = ExternalExecutionResultEvent(reply_id=thread.reply, execution_results=blocks)
    made: JsonObject = event.model_dump(mode="json")
    return made


def _check_offered(waiting: Sequence[ToolCallBlock], request: RunAgentInput) -> None:
    """Raises AgentFailure for a call that neither waits for a yes nor is of a tool of the page."""
    offered = {tool.name for tool in request.tools or ()}
    for call in waiting:
        if call.state != ToolCallState.ASKING and call.name not in offered:
            raise AgentFailure(
                f"the agent leaves its call of {call.name!r} to somebody outside, and this page"
                " has no such tool"
            )
