"""What clients send, as models: read by these and described by them. Pure.

The fields of frames are in snake_case; what is AG-UI's own within them has AG-UI's camelCase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

from ag_ui.core import Context, Tool
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agui_runtime.core.ids import MAX_ID
from agui_runtime.core.totals import UsageBy
from agui_runtime.wires.shared.page_sizes import LONGEST_PAGE, PAGE

LONGEST_REQUEST_ID = 128
LONGEST_NAME = 200

RequestId = Annotated[str, Field(min_length=1, max_length=LONGEST_REQUEST_ID)]
Id = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Limit = Annotated[int, Field(ge=1, le=LONGEST_PAGE)]
Content: TypeAlias = str | list[dict[str, JsonValue]]


class Frame(BaseModel):
    """One message; a field that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str


class Hello(Frame):
    """May be the first frame: it carries what a page cannot set as headers of the handshake.
    `authorization` counts as that header; whatever else is in it `authenticate` finds at
    `request.state.connection_init`.
    """

    model_config = ConfigDict(extra="allow")

    type: Literal["hello"]
    protocol: Literal["agui-mux.1"] = "agui-mux.1"
    authorization: str | None = None


class Ping(Frame):
    """Answered with `pong`."""

    type: Literal["ping"]


class Pong(Frame):
    """Answers the server's `ping`."""

    type: Literal["pong"]


class Addressed(Frame):
    """A frame about one request, which the client names: one id for each that is open."""

    request_id: RequestId


class Talk(Addressed):
    """A user's message, to which an agent answers.

    Without `thread_id` it begins a thread. `conversation_history` is what a thread begins with that
    has no messages yet; one that has some goes on from these. `scope` is what the page shows, for a
    router: the agent finds it in its properties, with the others in `properties`. `tools` are those
    that the client carries out itself. With a `run_id`, the same frame again is the same run.
    """

    message: Content
    thread_id: Id | None = None
    run_id: Id | None = None
    agent: Name | None = None
    scope: JsonValue = None
    conversation_history: list[dict[str, JsonValue]] = []
    tools: list[Tool] = []
    context: list[Context] = []
    state: JsonValue = None
    properties: dict[str, JsonValue] = {}


class HomeRequest(Talk):
    """From a page of its own."""

    type: Literal["home_request"]


class PopupRequest(Talk):
    """From a window over another page: the agent's `properties.surface` is `popup`, and where a
    router chooses the agent, `popup_domain` says whom.
    """

    type: Literal["popup_request"]


class Request(Addressed):
    """A run with AG-UI's own RunAgentInput, of which all but `messages` may be left out. With a
    `runId` in it, the same frame again is the same run, of which the client has what comes before
    the cursor `resume_after`.
    """

    type: Literal["request"]
    agent: Name | None = None
    thread_id: Id | None = None
    input: dict[str, JsonValue]
    resume_after: str | None = None


class Attach(Addressed):
    """Reads a thread from its start, or `after` a cursor: until the end of what there is, or of the
    run that is live, or `until` it is cancelled (`live`). With `tools`, calls of these that the
    thread waits for are given to this client, and it may answer them. With `popup`, frames say whom
    a router chose, as for a `popup_request`.
    """

    type: Literal["attach"]
    thread_id: Id
    after: str | None = None
    until: Literal["end", "live"] = "end"
    agent: Name | None = None
    tools: list[Tool] = []
    popup: bool = False


class Cancel(Addressed):
    """Stops the run of a request, and ends its stream; of an `attach` until `live`, only that."""

    type: Literal["cancel"]


class ToolResult(Addressed):
    """What became of a call. When all that the request waits for are answered, the agent goes on in
    a run whose events come on the same `request_id`.
    """

    type: Literal["tool_result"]
    tool_call_id: Id
    content: str
    error: str | None = None


class DataRequest(Addressed):
    """A question about what the server holds of the caller; answered with `data_response`."""

    type: Literal["data_request"]


class AgentsRequest(DataRequest):
    """The agents that the caller may use."""

    kind: Literal["agents"]


class ThreadsRequest(DataRequest):
    """A page of the caller's threads, the most recently updated first."""

    kind: Literal["threads"]
    agent: Name | None = None
    include_archived: bool = False
    limit: Limit = PAGE
    cursor: str | None = None
    search: str | None = None


class ThreadRequest(DataRequest):
    """One thread, and the cursor of its end."""

    kind: Literal["thread"]
    thread_id: Id


class MessagesRequest(DataRequest):
    """A page of a thread's messages, the latest, or those `before` one, and the cursor of what
    follows them all.
    """

    kind: Literal["messages"]
    thread_id: Id
    limit: Limit = PAGE
    before: Id | None = None


class RunsRequest(DataRequest):
    """A thread's runs, oldest first, each with what it took."""

    kind: Literal["runs"]
    thread_id: Id


class StateRequest(DataRequest):
    """The state that an agent's next run in the thread begins with, and its version; the thread's
    own agent unless one is named. Null where there is none.
    """

    kind: Literal["state"]
    thread_id: Id
    agent: Name | None = None


class UsageRequest(DataRequest):
    """What the caller's runs took since then (seconds since 1970; the last week if left out)."""

    kind: Literal["usage"]
    since: float | None = Field(None, ge=0, allow_inf_nan=False)
    by: UsageBy = "model"


class Mutation(Addressed):
    """A change; answered with `data_response` when it is stored."""

    type: Literal["mutation"]


class RenameThread(Mutation):
    """Gives the thread a name."""

    kind: Literal["rename_thread"]
    thread_id: Id
    name: Name


class ArchiveThread(Mutation):
    """Archives the thread, or brings it back."""

    kind: Literal["archive_thread"]
    thread_id: Id
    archived: bool = True


class DeleteThread(Mutation):
    """Forgets the thread with all that it holds; refused while it runs."""

    kind: Literal["delete_thread"]
    thread_id: Id


class AddMessages(Mutation):
    """Appends messages to the thread without having an agent answer; whoever follows it gets them.
    Those without an `id` are given one.
    """

    kind: Literal["add_messages"]
    thread_id: Id
    messages: list[dict[str, JsonValue]] = Field(min_length=1)


class SaveState(Mutation):
    """Saves the state from which the agent's next run begins. With `expected_version`, nothing that
    was saved meanwhile is overwritten.
    """

    kind: Literal["save_state"]
    thread_id: Id
    agent: Name | None = None
    state: JsonValue
    expected_version: int | None = Field(None, ge=0)


class StopRun(Mutation):
    """Stops the thread's live run, or only that one."""

    kind: Literal["stop_run"]
    thread_id: Id
    run_id: Id | None = None


PLAIN: Mapping[str, type[Frame]] = {
    "hello": Hello,
    "ping": Ping,
    "pong": Pong,
    "home_request": HomeRequest,
    "popup_request": PopupRequest,
    "request": Request,
    "attach": Attach,
    "cancel": Cancel,
    "tool_result": ToolResult,
}
"""The frames of one form, by their types."""

KINDS: Mapping[str, Mapping[str, type[Addressed]]] = {
    "data_request": {
        "agents": AgentsRequest,
        "threads": ThreadsRequest,
        "thread": ThreadRequest,
        "messages": MessagesRequest,
        "runs": RunsRequest,
        "state": StateRequest,
        "usage": UsageRequest,
    },
    "mutation": {
        "rename_thread": RenameThread,
        "archive_thread": ArchiveThread,
        "delete_thread": DeleteThread,
        "add_messages": AddMessages,
        "save_state": SaveState,
        "stop_run": StopRun,
    },
}
"""Those of several forms, by types and kinds."""

ALL: Sequence[type[Frame]] = (
    *PLAIN.values(),
    *(model for kinds in KINDS.values() for model in kinds.values()),
)
