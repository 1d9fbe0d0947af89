"""The error tree. Every error has a stable `code`, an HTTP `status` and a message that is safe to
show.

    AguiError
    |-- RequestError          the caller's fault, answered before a run starts
    |   |-- InvalidInput      400  INVALID_INPUT
    |   |-- Unauthenticated   401  UNAUTHENTICATED       says nothing of the reason
    |   |-- Forbidden         403  FORBIDDEN             `authorize` said no
    |   |-- AgentNotFound     404  AGENT_NOT_FOUND
    |   |-- ThreadNotFound    404  THREAD_NOT_FOUND      also: the thread is somebody else's
    |   |-- RunNotFound       404  RUN_NOT_FOUND         also: the log no longer holds it
    |   |-- Busy              409  THREAD_BUSY
    |   |-- Conflict          409  STATE_CONFLICT        carries the current version
    |   |-- Gone              410  HISTORY_GONE          a cursor the store can no longer serve
    |   |-- TooLarge          413  TOO_LARGE
    |   `-- TooManyRequests   429  TOO_MANY_REQUESTS     a caller has too many of them open
    |       |-- TooManyStarts 429  TOO_MANY_STARTS       too many runs in a minute, see `quotas`
    |       `-- BudgetSpent   429  BUDGET_SPENT          runs took too much today
    |-- RunFailure            ends the run with RUN_ERROR
    |   |-- AgentFailure      500  AGENT_ERROR           the agent raised, or emitted RUN_ERROR
    |   |-- ProtocolFailure   500  AGENT_PROTOCOL_ERROR  the agent's events are not legal AG-UI
    |   |-- ModelFailure      ...  MODEL_*               the model provider refused or broke off
    |   |-- RemoteFailure     502  REMOTE_*              a server that runs agents or actions for us
    |   |-- GuardrailDenied   403  GUARDRAILS_VALIDATION_FAILED
    |   |-- GuardrailFailure  503  GUARDRAILS_UNAVAILABLE
    |   |-- RunTimeout        504  FIRST_EVENT_TIMEOUT | IDLE_TIMEOUT | RUN_TIMEOUT
    |   |-- RunTooLong        500  RUN_TOO_LONG          too many events, see `quotas`
    |   |-- RunTooLarge       500  RUN_TOO_LARGE         too many bytes
    |   |-- Stopped           499  STOPPED               ends with RUN_FINISHED, cancelled
    |   |-- ShuttingDown      503  SHUTDOWN
    |   `-- OwnerLost         503  OWNER_LOST            the process that ran it is gone
    |       `-- EndNotStored  ...  STORE_*               it is over, and only its readers know so
    |-- StoreUnavailable      503  STORE_UNAVAILABLE
    |   |-- StoreFull         503  STORE_UNAVAILABLE     nothing of the write was stored
    |   |-- StoreNotOpen      503  STORE_UNAVAILABLE     nobody entered the runtime's lifespan
    |   `-- StoreFailed       500  STORE_FAILED          it answers as nobody expected
    |-- StateUnreadable       500  STATE_UNREADABLE      damaged, or of an unknown schema version
    `-- Misconfigured         500  MISCONFIGURED         raised at start-up
        `-- MissingExtra      500  MISSING_EXTRA         names the command that installs it

A message says what to do. The cause of a failure (stack trace, paths, a provider's answer in
confidence) belongs to the log line, never to the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from agui_runtime.core.extras import install_command


class AguiError(Exception):
    """Base of all errors raised by this package; `str(error)` may be shown to a client."""

    code: str = "INTERNAL_ERROR"
    status: int = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OneMessage(AguiError):
    """An error that says the same whenever it is raised."""

    text: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.text)


class RequestError(AguiError):
    """The request cannot be served as it is; nothing was started."""


class InvalidInput(RequestError):
    """A part of the request is missing, malformed or out of bounds."""

    code, status = "INVALID_INPUT", 400


class Unauthenticated(RequestError):
    """The runtime's `authenticate` function does not know the caller."""

    code, status = "UNAUTHENTICATED", 401


class Forbidden(RequestError):
    """The runtime's `authorize` function does not let the caller do this."""

    code, status = "FORBIDDEN", 403

    def __init__(self, access: str) -> None:
        super().__init__(f"you may not do this ({access}); whoever runs this server can allow it")


class AgentNotFound(RequestError):
    """No agent has that name; the message lists the names there are."""

    code, status = "AGENT_NOT_FOUND", 404

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        hint = f"there are {names}" if names else "no agent is registered"
        super().__init__(f"no agent {name!r}; {hint}")
        self.name = name
        self.known = names


class ThreadNotFound(RequestError):
    """The thread does not exist, or belongs to another caller: both answer alike."""

    code, status = "THREAD_NOT_FOUND", 404

    def __init__(self, thread_id: str) -> None:
        super().__init__(f"no thread {thread_id!r}")


class RunNotFound(RequestError):
    """The thread's log holds no run of that id."""

    code, status = "RUN_NOT_FOUND", 404

    def __init__(self, thread_id: str, run_id: str) -> None:
        super().__init__(f"thread {thread_id!r} has no run {run_id!r}, or no longer has it")


class Busy(RequestError):
    """The thread is running and the policy is to reject a second start."""

    code, status = "THREAD_BUSY", 409

    def __init__(self, thread_id: str, run_id: str) -> None:
        super().__init__(
            f"thread {thread_id!r} is busy with run {run_id!r}; wait for its end or stop it"
        )
        self.run_id = run_id


class Conflict(RequestError):
    """A compare-and-set met another version; load again and repeat."""

    code, status = "STATE_CONFLICT", 409

    def __init__(self, version: int) -> None:
        super().__init__(f"the state has moved on to version {version}; load it and try again")
        self.version = version


class Gone(OneMessage, RequestError):
    """The store no longer has the records after this cursor; read the thread from its start."""

    code, status = "HISTORY_GONE", 410
    text = "this cursor's history is gone; read the thread from its start"


class TooLarge(RequestError):
    """Something exceeds a limit that the message names."""

    code, status = "TOO_LARGE", 413


class TooManyRequests(RequestError):
    """As many requests, or runs, are open as may be at a time: of the caller, or of all."""

    code, status = "TOO_MANY_REQUESTS", 429
    retry_after: int = 2
    """Coming back helps, in so many seconds."""


class RunFailure(AguiError):
    """Ends a run with RUN_ERROR; every reader gets its `code` and `message`.

    `upstream` is the HTTP status that a provider answered, when there was one; `usage` is what
    models reported of tokens before, in AG-UI's form.
    """

    upstream: int | None = None
    usage: Sequence[Mapping[str, Any]] = ()


class AgentFailure(RunFailure):
    """The agent raised an exception, or ended its stream with a RUN_ERROR of its own."""

    code, status = "AGENT_ERROR", 500

    def __init__(self, message: str = "the agent failed", code: str | None = None) -> None:
        super().__init__(message)
        if code:
            self.code = code


class ProtocolFailure(RunFailure):
    """The agent emitted events that no AG-UI client could accept."""

    code, status = "AGENT_PROTOCOL_ERROR", 500


class UpstreamFailure(RunFailure):
    """Another server refused the call or broke off; `upstream` is its HTTP status or None. The code
    is the class's prefix and a kind.
    """

    status = 502
    prefix: ClassVar[str]

    def __init__(self, kind: str, message: str, upstream: int | None = None) -> None:
        super().__init__(message)
        self.code = f"{self.prefix}_{kind}"
        self.upstream = upstream


class ModelFailure(UpstreamFailure):
    """A model provider's failure.

    Codes are MODEL_ and one of: AUTHENTICATION, PERMISSION, NOT_FOUND, RATE_LIMITED, BAD_REQUEST,
    CONTEXT_TOO_LONG, CONTENT_POLICY, UNAVAILABLE, UNREACHABLE, TIMEOUT, STREAM_BROKEN.
    """

    prefix = "MODEL"


class RemoteFailure(UpstreamFailure):
    """That of a server that carries out agents or actions for us.

    Codes are REMOTE_ and one of: REFUSED, UNREACHABLE, TIMEOUT, BROKEN, TOO_LARGE.
    """

    prefix = "REMOTE"


class GuardrailDenied(RunFailure):
    """A guardrail does not let the agent answer; the message is its reason, and nothing else."""

    code, status = "GUARDRAILS_VALIDATION_FAILED", 403


class GuardrailFailure(OneMessage, RunFailure):
    """A guardrail could not decide whether the agent may answer; so it may not."""

    code, status = "GUARDRAILS_UNAVAILABLE", 503
    text = "the guardrails could not check this message; send it again"


class RunTimeout(RunFailure):
    """A run took longer than one of its limits allows; the code names the limit."""

    status = 504
    CODES: ClassVar = {
        "first_event": "FIRST_EVENT_TIMEOUT",
        "idle": "IDLE_TIMEOUT",
        "total": "RUN_TIMEOUT",
    }

    def __init__(self, limit: str, seconds: float) -> None:
        super().__init__(f"the agent exceeded the {limit.replace('_', ' ')} limit of {seconds:g} s")
        self.code = self.CODES[limit]


class Stopped(OneMessage, RunFailure):
    """Somebody asked the run to stop. Not an error to anyone: the run ends as cancelled."""

    code, status = "STOPPED", 499
    text = "the run was stopped"


class ShuttingDown(OneMessage, RunFailure):
    """The server is stopping; the same request may be sent again."""

    code, status = "SHUTDOWN", 503
    text = "the server is shutting down; send the message again"


class OwnerLost(OneMessage, RunFailure):
    """The process that carried out the run is gone, or lost its lease on the thread."""

    code, status = "OWNER_LOST", 503
    text = "the server that ran this was lost; send the message again"


class StoreUnavailable(AguiError):
    """The store cannot be reached."""

    code, status = "STORE_UNAVAILABLE", 503


class StoreFull(OneMessage, StoreUnavailable):
    """The store has no room: nothing of this write was stored, and ends of runs still can be."""

    text = "the store is full; try again later"


class StoreNotOpen(OneMessage, StoreUnavailable):
    """Nobody has opened the store, or it is closed again. Frameworks do not run the lifespans of
    apps that are mounted in others.
    """

    text = (
        "the store is not open: the app in which this one is mounted has to enter the runtime's"
        " lifespan, as in FastAPI(lifespan=runtime.lifespan), or within its own: `async with"
        " runtime.lifespan(): yield` (docs/embedding.md); or the server is ending"
    )


class StoreFailed(OneMessage, StoreUnavailable):
    """A step failed for a reason that no store knows; whether a write was stored is unknown."""

    code, status = "STORE_FAILED", 500
    text = "the store failed in a way that nobody expected; the server's log tells why"


class EndNotStored(OwnerLost):
    """The run is over, and the store did not take its end: this is what its readers have of it."""

    def __init__(self, cause: AguiError) -> None:
        AguiError.__init__(self, cause.message)  # not the one message that others of its kind have
        self.code, self.status = cause.code, cause.status


class StateUnreadable(AguiError):
    """A saved state is damaged, or of a schema version that this server cannot read."""

    code, status = "STATE_UNREADABLE", 500


class Misconfigured(AguiError):
    """The server cannot start as it is set up."""

    code, status = "MISCONFIGURED", 500


class MissingExtra(Misconfigured):
    """A feature needs a package that is not installed."""

    code = "MISSING_EXTRA"

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs a package that is not there: {install_command(extra)}")


def first_fault(error: ValidationError, whole: str = "") -> str:
    """What pydantic found first, as `messages.0.role: ...` and without the value; `whole` names
    what has no path.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or whole
    return f"{where}: {first['msg']}" if where else first["msg"]
