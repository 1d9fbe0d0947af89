"""Which of LangGraph's threads stands for one of ours. Pure."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from agui_runtime.core.events import ANONYMOUS, RunContext


def thread_of(thread_id: str, context: RunContext | None) -> str:
    """The id of LangGraph's thread, a UUID; different for each caller that is known by name.

    Where nobody is, a UUID stays what it is, so that threads of other applications can be opened.
    """
    owner = ANONYMOUS.owner if context is None else context.caller.owner
    if owner == ANONYMOUS.owner:
        try:
            return str(UUID(thread_id))
        except ValueError:
            pass
    return str(uuid5(NAMESPACE_URL, f"agui-runtime:{owner}\n{thread_id}"))
