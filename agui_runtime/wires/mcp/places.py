"""What clients give back as it was given: sessions, and places in the log. Pure.

None of it is a secret or a right: whatever it names is looked up among the caller's own threads. So
any server over the same store can go on where another one was.
"""

from __future__ import annotations

import re
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.events import Cursor

_SESSION = re.compile(r"(\d{4}-\d{2}-\d{2})~([01])~([0-9a-f]{32})")
_RUNS = uuid.UUID("0d0ff0a4-6c3f-5a0b-9d59-0f6f3c1a7f53")
_LONGEST = 8000

MOST_ANSWERS = 16
"""So often a call goes on after a question, at most, for a cancellation to find its run."""


class Session(NamedTuple):
    """What a client said of itself when it began one; `asks` is whether it can put questions to
    its user.
    """

    version: str
    asks: bool
    key: str

    def __str__(self) -> str:
        return f"{self.version}~{int(self.asks)}~{self.key}"


def new_session(version: str, *, asks: bool) -> Session:
    return Session(version, asks, uuid.uuid4().hex)


def session_of(text: str) -> Session | None:
    """The session of that id; None for an id that was never given."""
    found = _SESSION.fullmatch(text)
    return Session(found[1], found[2] == "1", found[3]) if found else None


class Place(NamedTuple):
    """A run, and the request that waits for its end; `token` is for notes of its progress."""

    thread_id: str
    run_id: str
    request: str | int | None = None
    token: str | int | None = None
    asks: bool = False

    def __str__(self) -> str:
        return urlsafe_b64encode(jsontext.dumps(list(self))).decode().rstrip("=")


def place_of(text: object) -> Place | None:
    """The place that was given as this text; None where it was not."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    try:
        found = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    if not isinstance(found, list) or len(found) != len(Place._fields):
        return None
    thread, run, request, token, asks = found
    named = isinstance(thread, str) and isinstance(run, str) and isinstance(asks, bool)
    if not named or not all(each is None or _is_id(each) for each in (request, token)):
        return None
    return Place(thread, run, request, token, asks)


def event_id(place: Place, cursor: Cursor) -> str:
    """That of an event of the stream which the request is answered with."""
    return f"{place}.{cursor}"


def event_place(text: str) -> tuple[Place, Cursor] | None:
    head, _, tail = text.partition(".")
    place = place_of(head)
    try:
        return None if place is None else (place, Cursor.parse(tail))
    except ValueError:
        return None


def called(session: Session, request: str | int) -> tuple[str, str]:
    """The ids of the thread and the run that a request of the session begins: always the same."""
    base = f"{session.key}\n{request!r}"
    return (str(uuid.uuid5(_RUNS, f"thread\n{base}")), str(uuid.uuid5(_RUNS, f"run\n{base}")))


def after_answer(run_id: str) -> str:
    """The id of the run that goes on when this one is answered."""
    return str(uuid.uuid5(_RUNS, f"answer\n{run_id}"))


def runs_of(run_id: str) -> Iterator[str]:
    """The run, and those that it may have gone on as."""
    for _ in range(MOST_ANSWERS):
        yield run_id
        run_id = after_answer(run_id)


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
