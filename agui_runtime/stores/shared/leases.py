"""The leases that this process holds, and whom to call when one is stopped or lost. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import Cursor, Event, RunInfo
from agui_runtime.stores.base import Lease
from agui_runtime.stores.shared.codec import new_epoch
from agui_runtime.stores.shared.renewal import LeaseRenewal, Tenure
from agui_runtime.stores.shared.tails import Tails
from agui_runtime.stores.shared.turn import Turn


@dataclass(slots=True)
class Held:
    """What this process knows of a lease that it holds: the number of its latest record.

    `turn` keeps writes in order. After a write whose fate is unknown the lease is `broken`: more
    would leave a hole. `until` is how long the claim alone is worth, on the renewal's clock.
    `full`: there was no room for the latest write. While `ending` its end is being written, and
    only that write can say whether the lease still stood: a renewal may find it given back.
    `spare_epoch` is for the log if a write finds that it has lost something.
    """

    seq: int
    epoch: str
    on_stop: Callable[[], None] | None = None
    until: float = 0.0
    tenure: Tenure | None = None
    broken: bool = False
    full: bool = False
    ending: bool = False
    spare_epoch: str = field(default_factory=new_epoch)
    turn: Turn = field(default_factory=Turn)

    @property
    def lost(self) -> bool:
        """No more may be written: nobody can say any longer that the thread is this process's."""
        return self.broken or (self.tenure is not None and self.tenure.over)


class HeldLeases:
    """By thread and token."""

    def __init__(self, tails: Tails, renewal: LeaseRenewal) -> None:
        self._tails = tails
        self._renewal = renewal
        self._held: dict[tuple[str, int], Held] = {}

    def add(self, thread_id: str, token: int, held: Held) -> None:
        self._held[thread_id, token] = held
        self._tails.begin_writing(thread_id, Cursor(held.epoch, held.seq))

    def find(self, lease: Lease) -> Held | None:
        """None if it is not held any longer."""
        return self._held.get((lease.run.thread_id, lease.token))

    def of(self, lease: Lease) -> Held:
        """Raises OwnerLost if it is not held any longer."""
        held = self.find(lease)
        if held is None:
            raise OwnerLost
        return held

    def remove(self, lease: Lease) -> bool:
        """It is held no longer; False if it was not held."""
        held = self._held.pop((lease.run.thread_id, lease.token), None)
        if held is not None:
            self._tails.end_writing(lease.run.thread_id)
        return held is not None

    def lose(self, lease: Lease, failure: OwnerLost | None = None) -> None:
        """It is held no longer, and the end of its run was not written; see `Tails.lost`."""
        if self.remove(lease):
            self._tails.lost(lease.run.thread_id, failure)

    @contextmanager
    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> Iterator[None]:
        """See `RunLog.keep`."""
        held = self.of(lease)

        def lost(by_clock: bool) -> None:
            if by_clock or not held.ending:
                self.lose(lease, OwnerLost() if by_clock else None)
                on_lost()

        def stop() -> None:
            self.stop(lease.run.thread_id, lease.token)

        held.tenure = Tenure(lease, held.until, lost, stop)
        self._renewal.keep(held.tenure)
        try:
            yield
        finally:
            self._renewal.drop(lease)
            self.lose(lease)
            held.tenure = None  # they know each other, and would wait for the garbage collector

    def stop(self, thread_id: str, token: int) -> None:
        """Somebody asks the run to stop; its `on_stop` is called once."""
        held = self._held.get((thread_id, token))
        if held is not None and held.on_stop is not None:
            on_stop, held.on_stop = held.on_stop, None
            on_stop()

    def stop_named(self, name: str, token: str) -> None:
        """The same, as another process requests it: by the name of the thread's news."""
        for thread_id, number in list(self._held):
            if str(number) == token and self._tails.name_of(thread_id) == name:
                self.stop(thread_id, number)

    def refused(self, run: RunInfo) -> None:
        """The log did not end where this process had written it to."""
        self._tails.doubt(run.thread_id)

    def written(self, run: RunInfo, held: Held, events: Sequence[Event]) -> None:
        """These events are stored; readers in this process need not wait for the news of it."""
        self._tails.stored(run.thread_id, held.epoch, held.seq + 1, run.run_id, events)
        held.seq += len(events)
