"""What a `ThreadIndex` may do beside its promises: sum up and count runs itself, those of an owner,
or of all with None. The runs of another one are walked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from agui_runtime.core.outcomes import Tally
from agui_runtime.core.totals import Usage, UsageBy


@runtime_checkable
class Accounting(Protocol):
    async def usage(self, owner: str | None, since: float, by: UsageBy) -> Sequence[Usage]:
        """What the runs took that began since then and have ended. In no order; a key may come
        several times.
        """


@runtime_checkable
class Tallying(Protocol):
    async def tallies(self, owner: str | None, since: float, by: UsageBy) -> Sequence[Tally]:
        """How many of these runs took how long, and with which errors they failed. In no order."""
