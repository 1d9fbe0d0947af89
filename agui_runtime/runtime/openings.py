"""How much may be open at a time of one kind, of a caller and of all, over all processes.

What a process has open is held by leases, which are renewed together: what one that died had open
does not count any more when they have lapsed.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count

from agui_runtime.core.errors import Misconfigured, StoreUnavailable
from agui_runtime.core.fingerprints import owner_digest
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.quotas import too_many
from agui_runtime.stores.base import Places

logger = lasting_logger_of(__name__)

RENEWALS = 3
"""So many in the length of a lease."""


@dataclass(slots=True)
class Reservation:
    """A place for what somebody else will hold, by its name; empty where there is no limit."""

    name: str
    handed_on: bool = False


class OpenPlace:
    """A place that is taken by `take` and given back by `free`, or for as long as a block lasts.

    Of one that is not taken `free` does nothing, and where there is no limit nothing is taken.
    """

    __slots__ = ("_granted", "_limits", "_name", "_openings")

    def __init__(
        self, openings: Openings, limits: Mapping[str, int], granted: str | None = None
    ) -> None:
        self._openings = openings
        self._limits = limits
        self._granted = granted
        self._name = ""

    async def take(self) -> None:
        """Raises TooManyRequests, but not for what was granted."""
        if self._limits:
            self._name = await self._openings.obtain(self._limits, self._granted)

    async def free(self) -> None:
        name, self._name = self._name, ""
        if name:
            await self._openings.give_back(name)

    def handed_on(self) -> OpenPlace:
        """The place for who frees it; the end of the block does not any more."""
        other = OpenPlace(self._openings, self._limits)
        other._name, self._name = self._name, ""
        return other

    async def __aenter__(self) -> OpenPlace:
        await self.take()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.free()


class Openings:
    """Counts what each owner has open of a kind that `noun` names; None is no limit, and costs
    nothing. Raises Misconfigured for a limit below 1.
    """

    def __init__(
        self, noun: str, each: int | None, total: int | None, places: Callable[[], Places]
    ) -> None:
        if any(limit is not None and limit < 1 for limit in (each, total)):
            raise Misconfigured(f"a limit of open {noun} must be at least 1")
        self._noun = noun
        self._each = each
        self._total = total
        self._places = places
        self._process = uuid.uuid4().hex
        self._numbers = count()
        self._names: dict[str, Sequence[str]] = {}
        """Of the places that are held here, with their scopes."""
        self._due: asyncio.TimerHandle | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._freeing: set[asyncio.Task[None]] = set()

    @property
    def are_limited(self) -> bool:
        return self._each is not None or self._total is not None

    def limit(self, each: int | None, total: int | None) -> None:
        """Obey these limits in place of the present ones, where they are given."""
        self._each = self._each if each is None else each
        self._total = self._total if total is None else total

    def place(self, owner: str, *, granted: str | None = None) -> OpenPlace:
        """One place, as for what was `granted` one of that name before (empty where there was no
        limit): it must go on.

        A store that cannot be reached refuses nobody here, but whoever needs it.
        """
        return OpenPlace(self, self._limits(owner), granted)

    @asynccontextmanager
    async def reserved(self, owner: str, seconds: float) -> AsyncIterator[Reservation]:
        """A place that is given back after the block, unless it was handed on: then it is held for
        so many seconds, whatever becomes of this process. Raises as `place`.
        """
        if not self.are_limited:
            yield Reservation("")
            return
        limits, reservation = self._limits(owner), Reservation(self._new_name())
        await self._take(reservation.name, limits, seconds)
        try:
            yield reservation
        finally:
            if not reservation.handed_on:
                await asyncio.shield(self._free(reservation.name, list(limits)))

    async def obtain(self, limits: Mapping[str, int], granted: str | None) -> str:
        """The name of a place that is held until it is given back."""
        name = granted or self._new_name()
        await self._take(name, limits, even_if_full=granted is not None)
        self._hold(name, list(limits))
        return name

    async def give_back(self, name: str) -> None:
        scopes, places = self._names.pop(name), self._places()
        if places.lease is None:
            await places.free(name, scopes)
        else:
            await asyncio.shield(self._free(name, scopes))

    async def _take(
        self,
        name: str,
        limits: Mapping[str, int],
        seconds: float | None = None,
        *,
        even_if_full: bool = False,
    ) -> None:
        try:
            full = await self._places().take(name, limits, seconds)
        except StoreUnavailable:  # the place is taken when it is renewed
            full = None
        except BaseException:  # whether it was taken is not known
            self._free(name, list(limits))
            raise
        if full is not None and not even_if_full:
            raise too_many(limits[full], self._noun, own=full != self._of_all)

    def _new_name(self) -> str:
        return f"{self._process}.{next(self._numbers)}"

    async def close(self) -> None:
        """Return when all that was given back is free for other processes."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        await self._renewed()
        if self._freeing:
            await asyncio.wait(set(self._freeing))

    @property
    def _of_all(self) -> str:
        return f"{self._noun}:all"

    def _limits(self, owner: str) -> Mapping[str, int]:
        """By scope; that of all comes last, where each has to wait for the others."""
        limits: dict[str, int] = {}
        if self._each is not None:
            limits[f"{self._noun}:{owner_digest(owner)}"] = self._each
        if self._total is not None:
            limits[self._of_all] = self._total
        return limits

    def _hold(self, name: str, scopes: Sequence[str]) -> None:
        self._names[name] = scopes
        if self._due is None and (self._renewing is None or self._renewing.done()):
            self._renew_later()

    def _renew_later(self) -> None:
        lease = self._places().lease
        if lease is not None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(lease / RENEWALS, self._renew_now)

    def _renew_now(self) -> None:
        self._due = None
        if self._names:
            self._renewing = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        held: dict[str, list[str]] = defaultdict(list)
        for name, scopes in self._names.items():
            for scope in scopes:
                held[scope].append(name)
        try:
            await self._places().renew(held)
        except StoreUnavailable as error:
            logger.warning("open %s are not counted by others: %s", self._noun, error.message)
        self._renew_later()

    async def _renewed(self) -> None:
        """Return when no renewal is under way."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing])

    def _free(self, name: str, scopes: Sequence[str]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._freed(name, scopes))
        self._freeing.add(task)
        task.add_done_callback(self._freeing.discard)
        return task

    async def _freed(self, name: str, scopes: Sequence[str]) -> None:
        await self._renewed()  # it may be held by one that has begun before
        with suppress(StoreUnavailable):  # which is logged; then it lapses
            await self._places().free(name, scopes)
