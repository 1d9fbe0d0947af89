"""The request of a run, as it waits for a worker: JSON, and read again.

What the request came with that is secret, the headers that agents may see, is sealed or left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ag_ui.core import RunAgentInput
from pydantic import TypeAdapter

from agui_runtime.agents.run_input import dumped, typed
from agui_runtime.core.errors import AguiError, InvalidInput
from agui_runtime.core.events import Caller, RunContext, RunRequest, Topics
from agui_runtime.core.jsontext import Json, Unencodable, dumps, loads, plain
from agui_runtime.core.queueing import JobUnreadable
from agui_runtime.off_loop import LONG_TEXT, is_much, unless_long


class Sealer(Protocol):
    """Who has the keys."""

    def seal(self, text: bytes, about: bytes) -> str:
        """The text, to be opened only together with what it is about."""

    def open(self, sealed: str, about: bytes) -> bytes:
        """Raises AguiError for what no key opens."""


@dataclass(frozen=True, slots=True)
class Luggage:
    """What goes with a request to its worker: the headers of the trace that it belongs to, and the
    name of the place that its run has among those that are live.
    """

    trace: Mapping[str, str] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, slots=True)
class JobBody:
    """What is written: all of a RunRequest but what only the process knows that took it, and its
    luggage. `sealed` are the headers for agents.
    """

    input: Mapping[str, Json]
    agent: str | None
    owner: str
    request_id: str
    claims: Mapping[str, Json] = field(default_factory=dict)
    expires_at: float | None = None
    properties: Mapping[str, Json] = field(default_factory=dict)
    url: str | None = None
    follow_up: bool = True
    fingerprint: str = ""
    allowed_topics: tuple[str, ...] = ()
    denied_topics: tuple[str, ...] = ()
    states: Mapping[str, Json] = field(default_factory=dict)
    trace: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    sealed: str | None = None
    scheduled: bool = False


_BODY: TypeAdapter[JobBody] = TypeAdapter(JobBody)


async def written(request: RunRequest, luggage: Luggage, sealer: Sealer | None = None) -> bytes:
    """The body of a job. Without a sealer it has no headers. Raises InvalidInput for what JSON
    cannot hold.
    """
    long = is_much(request.input.messages, request.input.state)
    return await unless_long(long, _written, request, luggage, sealer)


async def read(text: bytes, sealer: Sealer | None = None) -> tuple[RunRequest, Luggage]:
    """The request, and what goes with it; raises JobUnreadable."""
    return await unless_long(len(text) > LONG_TEXT, _read, text, sealer)


async def without_headers(text: bytes) -> tuple[RunRequest, Luggage]:
    """The same as far as no key is needed for it; raises JobUnreadable."""
    return await unless_long(len(text) > LONG_TEXT, _read, text, None, False)


def _written(request: RunRequest, luggage: Luggage, sealer: Sealer | None) -> bytes:
    context = request.context
    body = JobBody(
        input=dumped(request.input),
        agent=request.agent,
        owner=context.caller.owner,
        claims=_json(context.caller.claims, "claims"),
        expires_at=context.caller.expires_at,
        request_id=context.request_id,
        properties=context.properties,
        url=context.url,
        follow_up=request.follow_up,
        fingerprint=request.fingerprint,
        allowed_topics=tuple(request.topics.allowed),
        denied_topics=tuple(request.topics.denied),
        states=request.states,
        trace=luggage.trace,
        place=luggage.place,
        sealed=sealer.seal(dumps(context.headers), _about(request.input)) if sealer else None,
        scheduled=request.scheduled,
    )
    return dumps({name: getattr(body, name) for name in JobBody.__slots__})


def _read(text: bytes, sealer: Sealer | None, opened: bool = True) -> tuple[RunRequest, Luggage]:
    try:
        body = _BODY.validate_python(loads(text))
        run_input = typed(body.input)
        headers = _opened(body.sealed, run_input, sealer) if opened else {}
        return _request_of(body, run_input, headers), Luggage(body.trace, body.place)
    except (ValueError, AguiError) as error:
        raise JobUnreadable from error


def _opened(
    sealed: str | None, run_input: RunAgentInput, sealer: Sealer | None
) -> Mapping[str, str]:
    if sealed is None:
        return {}
    if sealer is None:
        raise ValueError("the headers are sealed, and this process has no keys: set AGUI_KEYS")
    headers: Mapping[str, str] = loads(sealer.open(sealed, _about(run_input)))
    return headers


def _request_of(body: JobBody, run_input: RunAgentInput, headers: Mapping[str, str]) -> RunRequest:
    caller = Caller(body.owner, body.claims, body.expires_at)
    return RunRequest(
        input=run_input,
        context=RunContext(caller, body.request_id, body.properties, headers, body.url),
        agent=body.agent,
        follow_up=body.follow_up,
        fingerprint=body.fingerprint,
        topics=Topics(body.allowed_topics, body.denied_topics),
        states=body.states,
        scheduled=body.scheduled,
    )


def _about(run_input: RunAgentInput) -> bytes:
    """Headers of one run are none of another's."""
    return dumps([run_input.thread_id, run_input.run_id])


def _json(value: Mapping[str, Json], what: str) -> Mapping[str, Json]:
    try:
        found: Mapping[str, Json] = plain(value)
    except Unencodable as error:
        raise InvalidInput(f"{what}: {error}; a worker could not be given them") from None
    return found
