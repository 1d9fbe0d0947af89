"""What callers may be allowed to do, and with what. Nouns only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agui_runtime.core.events import Caller

Access: TypeAlias = Literal[
    "read",
    "start",
    "stop",
    "rename",
    "delete",
    "load_state",
    "save_state",
    "call",
    "annotate",
    "transcribe",
    "usage",
]
"""`read`: see an agent, or a thread with all that is in it. `start`: run an agent. `rename`: also
archive. `load_state`, `save_state`: what an agent keeps in a thread. `call`: a server-side action,
as remote endpoints can directly. `annotate`: note something about a thread. `transcribe`: have a
recording written down. `usage`: see what one's runs took.
"""


@dataclass(frozen=True, slots=True)
class Resource:
    """With what something is done, as far as it is named. A `thread_id` is that of the caller's own
    thread, or of one that does not exist yet; threads of others do not exist for a caller.
    """

    agent: str | None = None
    thread_id: str | None = None
    action: str | None = None


Authorize: TypeAlias = Callable[[Caller, Access, Resource], "bool | Awaitable[bool]"]
"""Whether the caller may do that; True or False, and nothing else."""
