"""How much may be open at a time, for each owner and in all, and errors of other limits. Pure."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager

from agui_runtime.core.errors import Misconfigured, RunFailure, TooManyRequests


class Quota:
    """Counts what each owner has open of one kind; `noun` names the kind to who is refused.

    Raises Misconfigured for a limit below 1.
    """

    def __init__(self, each: int, total: int, noun: str = "requests") -> None:
        if each < 1 or total < 1:
            raise Misconfigured(f"a limit of open {noun} must be at least 1")
        self._each = each
        self._total = total
        self._noun = noun
        self._open: Counter[str] = Counter()
        self._all = 0

    def take(self, owner: str) -> None:
        """One place, until `free` gives it back; raises TooManyRequests."""
        if self._open[owner] >= self._each:
            raise too_many(self._each, self._noun, own=True)
        if self._all >= self._total:
            raise too_many(self._total, self._noun, own=False)
        self._open[owner] += 1
        self._all += 1

    def free(self, owner: str) -> None:
        """Give back one place that was taken."""
        self._all -= 1
        self._open[owner] -= 1
        if not self._open[owner]:
            del self._open[owner]

    def place(self, owner: str) -> AbstractContextManager[None]:
        """One place for as long as the block lasts; raises TooManyRequests."""
        return _Place(self, owner)


class _Place(AbstractContextManager[None]):
    """One for each open request: a generator in its place would hold seven times as much."""

    __slots__ = ("_owner", "_quota")

    def __init__(self, quota: Quota, owner: str) -> None:
        self._quota = quota
        self._owner = owner

    def __enter__(self) -> None:
        self._quota.take(self._owner)

    def __exit__(self, *_: object) -> None:
        self._quota.free(self._owner)


def too_many(most: int, noun: str, *, own: bool) -> TooManyRequests:
    """For who would have more open of one kind than a caller may (`own`), or than all may."""
    if own:
        return TooManyRequests(
            f"you have {most} {noun} open, the most allowed; wait for one to end"
        )
    return TooManyRequests(f"{most} {noun} are open here, the most allowed; try again later")


class TooManyStarts(TooManyRequests):
    """As many runs were started within a minute as may be: by the caller (`own`), or by all."""

    code = "TOO_MANY_STARTS"

    def __init__(self, most: int, retry_after: int, *, own: bool) -> None:
        who = f"you have started {most} runs" if own else f"{most} runs were started here"
        super().__init__(
            f"{who} within a minute, the most allowed; try again in {retry_after} seconds"
        )
        self.retry_after = retry_after


class RunTooLong(RunFailure):
    """The agent emitted more events than a run may have."""

    code, status = "RUN_TOO_LONG", 500

    def __init__(self, most: int) -> None:
        super().__init__(f"the agent emitted more than {most} events, the most allowed")


class RunTooLarge(RunFailure):
    """The agent emitted more bytes than a run may have; the event that did is left out."""

    code, status = "RUN_TOO_LARGE", 500

    def __init__(self, most: int) -> None:
        super().__init__(f"the agent emitted more than {most} bytes, the most allowed")


class BudgetSpent(TooManyRequests):
    """Runs took as much today as they may: the caller's (`own`), or all of them."""

    code = "BUDGET_SPENT"

    def __init__(self, what: str, retry_after: int, *, own: bool) -> None:
        whose = "your" if own else "everybody's"
        super().__init__(f"{whose} budget of {what} for today (UTC) is spent; try again tomorrow")
        self.retry_after = retry_after
