"""Who is asking, and what they may do: `uvicorn examples.authenticated_app:app`.

A thread belongs to whoever ran it first; to everybody else it does not exist.
"""

from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput
from starlette.requests import Request

from agui_runtime import Access, Caller, CopilotRuntime, Resource, create_app, current_run

SESSIONS = {"session-of-ann": ("ann", "staff"), "session-of-bob": ("bob", "guest")}
"""Stands for the sessions of your application: who has one, and in which role."""


async def authenticate(request: Request) -> Caller | None:
    """None is answered with 401."""
    session = request.headers.get("authorization", "").removeprefix("Bearer ")
    if session not in SESSIONS:
        return None
    name, role = SESSIONS[session]
    return Caller(name, claims={"role": role})


def authorize(caller: Caller, access: Access, resource: Resource) -> bool:
    """Guests see all agents but that of the staff."""
    return resource.agent != "staff" or caller.claims["role"] == "staff"


async def greeter(request: RunAgentInput) -> AsyncIterator[str]:
    """Greets whoever asks."""
    yield f"Hello {current_run.get().caller.owner}"


runtime = CopilotRuntime(
    agents={"default": greeter, "staff": greeter},
    authenticate=authenticate,
    authorize=authorize,
)
app = create_app(runtime)
