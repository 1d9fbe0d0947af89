"""The nouns: events, records, cursors, runs. No behaviour beyond building and encoding them.

Inside the runtime an event is its wire form, a JSON object with AG-UI's own camelCase keys and no
nulls. Agents may yield typed events; `as_event` converts them once, at the border.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from ag_ui.core import BaseEvent, RunAgentInput

from agui_runtime.core.deltas import plain_delta
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.event_repair import Mended, validated
from agui_runtime.core.figures import RunFigures
from agui_runtime.core.ids import check_id
from agui_runtime.core.jsontext import Json, JsonObject, Unencodable, dumps, fits, plain
from agui_runtime.core.short_events import short_event

Event: TypeAlias = JsonObject
"""An AG-UI event on the wire: `{"type": "TEXT_MESSAGE_END", "messageId": ...}`."""

Message: TypeAlias = JsonObject
"""An AG-UI message on the wire: `{"id": ..., "role": ..., "content": ...}`."""

TERMINAL = frozenset({"RUN_FINISHED", "RUN_ERROR"})

THINKING = {
    "THINKING_START": "REASONING_START",
    "THINKING_TEXT_MESSAGE_START": "REASONING_MESSAGE_START",
    "THINKING_TEXT_MESSAGE_CONTENT": "REASONING_MESSAGE_CONTENT",
    "THINKING_TEXT_MESSAGE_END": "REASONING_MESSAGE_END",
    "THINKING_END": "REASONING_END",
}
"""What reasoning was called before AG-UI 1.0, and how it is called now."""


RETRIED = "agui_runtime.retried"
FAILED_OVER = "agui_runtime.failed_over"
HANDED_OVER = "agui_runtime.handed_over"
"""CUSTOM events about the runtime rather than the agent: a provider was asked again,
another agent took over, an agent was handed the conversation. Their value is `{"message", "code"?,
"agent"?}`, the last one whoever goes on.
"""


ROUTED = "agui_runtime.routed"
"""The CUSTOM event by which a router names who answers, before that agent is called:
`{"agent", "domain", "by", "confidence"}`. Of routers in routers the last one names the agent.
"""


FORGOTTEN = "agui_runtime.forgotten"
"""The CUSTOM event that stands for records which a store has dropped: `{"records": how many}`."""


OWN_VALUE = "agui_runtime:"
"""What an `encryptedValue` begins with that only this runtime reads: what a provider wants back
with a call or message. It is stored beside the thread, and no front end gets it.
"""


REGENERATES = "regenerates"
"""Set in the `metadata` of the MESSAGES_SNAPSHOT with which a run takes back an older answer."""


class Cursor(NamedTuple):
    """A place in a thread's log: everything up to and with record `seq` of `epoch` was read.

    Clients see `"<epoch>.<seq>"` and must treat it as opaque. The epoch changes when a store
    loses its history, so that an old cursor is answered with `Gone` and never with a hole.
    """

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read a cursor back; raises ValueError for anything that `str(cursor)` never gave."""
        epoch, dot, seq = text.rpartition(".")
        if not (epoch and dot and seq.isascii() and seq.isdigit()) or len(text) > 128:
            raise ValueError("malformed cursor")
        return cls(epoch, int(seq))


class Record(NamedTuple):
    """One event in a thread's log."""

    seq: int
    run_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a store knows of a run; times are seconds since 1970.

    `status` is `queued`, `running`, `finished`, `interrupted`, `stopped` or `failed`.
    `schema_version` is that of the state in its events. `figures` are there when it has ended.
    """

    thread_id: str
    run_id: str
    agent: str
    owner: str
    started_at: float
    fingerprint: str = ""
    status: str = "running"
    ended_at: float | None = None
    schema_version: int = 1
    figures: RunFigures | None = None


@dataclass(frozen=True, slots=True)
class ThreadInfo:
    """What a store knows of a thread; times are seconds since 1970."""

    thread_id: str
    owner: str
    agent: str
    created_at: float
    updated_at: float
    name: str | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `owner` keys threads; `claims` is whatever `authenticate` learned, for agents
    to use. What they have open ends when `expires_at` comes, in seconds since 1970. Raises
    InvalidInput for an owner that cannot be an id: not every store could hold it.
    """

    owner: str
    claims: Mapping[str, Json] = field(default_factory=dict)
    expires_at: float | None = None

    def __post_init__(self) -> None:
        check_id(self.owner, "owner")


ANONYMOUS = Caller("anonymous")
"""Everybody, where a runtime has no `authenticate` function."""


class Notes(Protocol):
    """What an agent writes down for its next run on the thread; no front end sees or sends it.

    A note is JSON, stored by thread, by the agent that runs, and by the `name` of its writer.
    """

    async def read(self, name: str) -> Json:
        """What was last written, or None."""

    async def write(self, name: str, note: Json) -> None:
        """Replace the note; raises TooLarge and StoreUnavailable."""


class Colleagues(Protocol):
    """The runtime's agents, as far as the caller of a run may start them."""

    async def may_start(self, name: str) -> bool:
        """Whether the caller may start an agent of that name, be there one or not; raises Undecided
        where that cannot be found out.
        """

    async def find(self, name: str) -> object:
        """The agent of that name; raises AgentNotFound, Forbidden and RemoteFailure."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What surrounds a run, for agents, actions and hooks.

    `properties` are the front end's own, `headers` those that the allow-list lets through (lower
    case), `url` the page that asked, `request_id` the correlation id of every log line of the
    request. `ephemeral` runs belong to no thread. `thread_id`, `notes` and `colleagues` are there
    while a run is carried out.
    """

    caller: Caller
    request_id: str
    properties: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    ephemeral: bool = False
    notes: Notes | None = field(default=None, compare=False)
    thread_id: str | None = field(default=None, compare=False)
    colleagues: Colleagues | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Topics:
    """What a conversation may be about, and what it may not."""

    allowed: Sequence[str] = ()
    denied: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.allowed or self.denied)


NO_TOPICS = Topics()


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One request to run an agent, as every wire hands it to the runtime.

    `agent` None is the agent named `default`. Empty ids in `input` are made by the runtime.
    `ephemeral` runs (suggestions, tasks, completions) neither wait for a thread nor show in it.
    `follow_up`: whether the agent goes on after server-side actions; a 1.10.6 front end does
    that itself, with a second request, so its wire says False. `fingerprint` is a digest of the
    request: the same run id with the same fingerprint is the same run; empty where a request cannot
    be repeated. `topics` is what the front end wants guardrails to check, `states` what it holds of
    other agents, by name. `scheduled` runs are those of schedules: they go on from what the thread
    holds, whosever `history` counts else, and neither wait for a live run nor stop it. `is_short`
    where it came in so few bytes that no work on it takes long.
    """

    input: RunAgentInput
    context: RunContext
    agent: str | None = None
    ephemeral: bool = False
    follow_up: bool = True
    fingerprint: str = ""
    topics: Topics = NO_TOPICS
    states: Mapping[str, Json] = field(default_factory=dict)
    scheduled: bool = False
    is_short: bool = False


def routed(event: Event) -> JsonObject | None:
    """What the event says of who answers the run; None where it says nothing of that, as for the
    router that an agent calls as a tool.
    """
    is_of_run = event.get("name") == ROUTED and "subagentRunId" not in event
    value = event.get("value") if is_of_run else None
    is_whole_one = isinstance(value, dict) and all(
        isinstance(value.get(key), str) for key in ("agent", "domain")
    )
    return value if is_whole_one else None


def encode(event: Mapping[str, Json]) -> bytes:
    """The event as JSON bytes, as every wire sends it."""
    return dumps(event)


def as_event(
    item: BaseEvent | Mapping[str, Json], note: Callable[[str], None] | None = None
) -> Event:
    """Convert what an agent yields into the wire form; raises ProtocolFailure if it is no AG-UI
    event, or holds a value for which JSON has no form.

    Every reader can have what comes out, but for halves of characters in the text of a delta:
    `split_characters` joins them. ag-ui-protocol leaves unset optionals out of every dump, so no
    null is ever written for them. What other libraries write otherwise is mended, and `note` is
    given in words what was lost by that. THINKING_* events, which ag-ui-protocol knows no longer,
    keep their names: `shorthand` gives them those of today.
    """
    return short_event(item) or plain_delta(item) or _written(item, note)


def _written(
    item: BaseEvent | Mapping[str, Json], note: Callable[[str], None] | None = None
) -> Event:
    try:
        event, losses = _dumped(item)
    except (ProtocolFailure, ValueError, TypeError, RecursionError):
        event, losses = _mended(item)  # which names the fault, if it cannot be mended
    else:
        event, losses = (event, losses) if fits(event) else _mended(item)
    if note is not None:
        for loss in losses:
            note(f"{event['type']}.{loss}")
    return event


def _dumped(item: BaseEvent | Mapping[str, Json]) -> Mended:
    if isinstance(item, BaseEvent):
        return Mended(item.model_dump(mode="json", by_alias=True))
    kind = item.get("type")
    return _thinking(item) if isinstance(kind, str) and kind in THINKING else validated(item)


def _thinking(item: Mapping[str, Json]) -> Mended:
    """Checked by the rules of its successor, which has an id and a role besides."""
    kind = str.__str__(item["type"])
    event, losses = validated({**item, "type": THINKING[kind], "messageId": ""})
    bare = {key: value for key, value in event.items() if key not in {"messageId", "role"}}
    return Mended(bare | {"type": kind}, losses)


def _mended(item: BaseEvent | Mapping[str, Json]) -> Mended:
    """The event out of values for which JSON has a form; a text in `delta` stays as it is."""
    given: Mapping[str, Json] = (
        item.model_dump(by_alias=True, warnings=False) if isinstance(item, BaseEvent) else item
    )
    text = {"delta": delta} if isinstance(delta := given.get("delta"), str) else {}
    try:
        made = plain({key: value for key, value in given.items() if key not in text})
    except Unencodable as error:
        raise ProtocolFailure(f"{given.get('type')}: {error}") from error
    return _dumped(made | text)
