"""Who answered which message of a thread: a note that no front end sees or sends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.requests import resume_value, text_of

MOST = 200
"""So many turns are remembered, the latest ones."""

_NOTE = "agui_runtime.routes"


class Turn(NamedTuple):
    """The agent that answered the message of that id and text, in that run. All but its name are
    digests: clients make up ids of any length. Where a conversation has no message of a user's, the
    id and the text are those of nothing.
    """

    message: str
    text: str
    agent: str
    run: str


class Past(NamedTuple):
    """What earlier runs mean for this one. `same` answered this very message, `holder` the one
    before it. `goes_on`: the request brings what an agent waits for, and no new message.
    """

    same: Turn | None
    holder: str | None
    goes_on: bool

    def is_of(self, run: str) -> bool:
        """Whether this is a further pass of the same run."""
        return self.same is not None and self.same.run == _digest(run)


async def recalled() -> list[Turn]:
    """The thread's turns, oldest first."""
    run = current_run.get(None)
    noted = await run.notes.read(_NOTE) if run is not None and run.notes is not None else None
    return [Turn(*each) for each in noted or ()]


async def noted(turns: Sequence[Turn], new: Turn) -> None:
    """Add the turn, in the place of one of the same message."""
    run = current_run.get(None)
    if run is not None and run.notes is not None:
        others = [each for each in turns if each.message != new.message]
        await run.notes.write(_NOTE, [*others, new][-MOST:])


def turn_of(request: RunAgentInput, agent: str) -> Turn:
    """The turn that the request begins, or goes on with."""
    messages = _of_users(request)
    id_, text = messages[-1] if messages else ("", "")
    return Turn(_digest(id_), fingerprint(text), agent, _digest(request.run_id))


def past_of(request: RunAgentInput, turns: Sequence[Turn], names: Collection[str]) -> Past:
    """What these turns mean for the request, as far as there are such agents still.

    A conversation that holds none of the messages before is one of a client that sends only what is
    new: the latest turn counts. Where nothing was noted, the names on its messages do: who could
    forge them may also name the agent outright.
    """
    known = {each.message: each for each in turns if each.agent in names}
    now = turn_of(request, "")
    same = known.get(now.message)
    if same is not None and same.text != now.text and not _goes_on(request):
        same = None  # it was edited
    users = _of_users(request)[-1 - MOST :] if known else []
    before = (known.get(_digest(id_)) for id_, _ in reversed(users[:-1]))
    if same is None and len(users) < 2:
        before = (each for each in reversed(known.values()) if each.message != now.message)
    latest = next((each.agent for each in before if each is not None), None)
    return Past(same, latest or _signed(request, names), _goes_on(request))


def _digest(id_: str) -> str:
    return fingerprint(id_)[:16]


def _goes_on(request: RunAgentInput) -> bool:
    last = request.messages[-1].role if request.messages else ""
    return last == "tool" or bool(request.resume) or resume_value(request) is not None


def _of_users(request: RunAgentInput) -> list[tuple[str, str]]:
    return [(each.id, text_of(each.content)) for each in request.messages if each.role == "user"]


def _signed(request: RunAgentInput, names: Collection[str]) -> str | None:
    """Whose name the latest message of an agent's has."""
    answers = [each for each in request.messages if each.role == "assistant"]
    return next((m.name for m in reversed(answers) if m.name in names), None)
