"""What callers may be allowed to do, and with what; who cannot be decided about. Nouns only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agui_runtime.core.errors import AguiError
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
    "schedule",
    "memory",
]
"""`read`: see an agent, or a thread with all that is in it. `start`: run an agent. `rename`: also
archive. `load_state`, `save_state`: what an agent keeps in a thread. `call`: a server-side action,
as remote endpoints can directly. `annotate`: note something about a thread. `transcribe`: have a
recording written down. `usage`: see what one's runs took. `schedule`: make runs recur, and list,
pause and delete such schedules; making one is a `start`, too, and so is each of its runs.
`memory`: see, write, correct and delete what is remembered of oneself.
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


class Undecided(AguiError):
    """The function `name`, which decides about callers or requests, failed, or took longer than
    `within` seconds; so nothing is done.
    """

    code, status = "ACCESS_UNDECIDED", 500

    def __init__(self, name: str, within: float | None = None) -> None:
        if within is None:
            super().__init__(f"`{name}` failed, so nothing was done; see the server's log")
        else:
            super().__init__(
                f"`{name}` took over {within:g} seconds, so nothing was done; try again"
            )
            self.code, self.status = "ACCESS_TIMEOUT", 503
