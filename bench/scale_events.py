"""A discrete simulation of runs that wait, begin and talk, event by event.

Requests and words queue for one core of a web process, of a worker, and for the store. What is done
all the time, as renewals and looks, makes these as much slower as it keeps them busy.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from bench.scale_model import (
    US,
    Costs,
    Setup,
    bus_load,
    hot_load,
    of_one_node,
    overhead,
)

WORDS = 150_000
"""So many are simulated, or as many as come in the longest time."""

SHORTEST, LONGEST = 5.0, 300.0
"""Seconds that are simulated."""


class Station:
    """Servers with one queue, first come, first served. Callers come in the order of time."""

    def __init__(self, servers: int, random: Random, background: float = 0.0) -> None:
        self._free = [0.0] * servers
        self._random = random
        self._speed = 1 - background
        self.busy = 0.0
        """Seconds of service, of all servers."""

    def done(self, now: float, seconds: float) -> float:
        """When what comes now, and needs so long on the average, is done."""
        if seconds <= 0:
            return now
        needed = self._random.expovariate(self._speed / seconds)
        self.busy += needed
        ready = max(now, self._free[0]) + needed
        heapq.heapreplace(self._free, ready)
        return ready


@dataclass(slots=True)
class Found:
    """What was seen, in seconds: from the request until the run has begun and until its first
    event is with the page; from a word until it is with a page.
    """

    starts: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    words: list[float] = field(default_factory=list)
    seconds: float = 0.0
    busy: dict[str, float] = field(default_factory=dict)
    """The shares of the cores' time that were used, background included."""


@dataclass(slots=True)
class Run:
    asked: float
    left: int
    web: Sequence[int]
    worker: int = 0
    said: float = 0.0


def sliced(setup: Setup) -> Setup:
    """The part of the set-up that one node of the store serves: as busy, with fewer processes."""
    parts = setup.nodes
    if setup.web % parts or setup.workers % parts:
        raise ValueError("processes of each kind must be a multiple of the store's nodes")
    return replace(
        setup,
        threads=round(setup.threads / parts),
        web=setup.web // parts,
        workers=setup.workers // parts,
        nodes=1,
    )


class Simulation:
    """One set-up, from a moment at which it has run for long."""

    def __init__(self, setup: Setup, costs: Costs, seed: int = 1, words: int = WORDS) -> None:
        self._setup, self._costs = sliced(setup), costs
        self._random = Random(seed)
        self.found = Found()
        self._words = words
        self._queue: list[tuple[float, int, Callable[[float, Run], None], Run]] = []
        self._number = 0
        self._waiting: deque[Run] = deque()
        self._used = [0] * self._setup.workers
        self._background = {
            part: overhead(setup, costs, part) + self._live(part) for part in ("web", "worker")
        }
        servers = setup.cores if setup.store == "postgres" else 1
        self._background["store"] = self._of_store(setup) / servers
        self._web = [self._station("web") for _ in range(self._setup.web)]
        self._workers = [self._station("worker") for _ in range(self._setup.workers)]
        self._store = self._station("store", servers)
        if setup.machine:
            self._share_machine(setup.machine)

    def run(self) -> Found:
        setup, found = self._setup, self.found
        found.seconds = min(LONGEST, max(SHORTEST, self._words / max(setup.said, 1e-9)))
        for _ in range(round(setup.live)):
            self._begin_amid()
        self._next_request(0.0)
        while self._queue and self._queue[0][0] <= found.seconds:
            now, _, happen, run = heapq.heappop(self._queue)
            happen(now, run)
        found.busy = {
            "web": self._share("web", self._web),
            "worker": self._share("worker", self._workers),
            "store": self._share("store", [self._store], setup.cores),
        }
        return found

    # What happens

    def _asked(self, now: float, run: Run) -> None:
        self._next_request(now)
        done = self._web[run.web[0]].done(now, self._costs["run_web"] * US)
        self._at(done, self._posted, run)

    def _posted(self, now: float, run: Run) -> None:
        self._at(self._in_store(now, "run_store", 0.25), self._rung, run)

    def _rung(self, now: float, run: Run) -> None:
        self._waiting.append(run)
        self._take_up(now)

    def _taken(self, now: float, run: Run) -> None:
        done = self._workers[run.worker].done(now, self._costs["run_worker"] * US / 2)
        self._at(done, self._adopted, run)

    def _adopted(self, now: float, run: Run) -> None:
        self._at(self._in_store(now, "run_store", 0.25), self._begun, run)

    def _begun(self, now: float, run: Run) -> None:
        self.found.starts.append(now - run.asked)
        self.found.firsts.append(self._shown(now, run) - run.asked)
        self._at(now + self._setup.thinking, self._said, run)

    def _said(self, now: float, run: Run) -> None:
        run.said = now
        done = self._workers[run.worker].done(now, self._costs["token_worker"] * US)
        self._at(done, self._appended, run)
        run.left -= 1
        following = self._said if run.left else self._ended
        self._at(now + 1 / self._setup.rate, following, run)

    def _appended(self, now: float, run: Run) -> None:
        more = (len(run.web) - 1) * self._costs["subscriber_store"] * US
        done = self._store.done(now, self._costs["token_store"] * US + more)
        self._at(done, self._published, run)

    def _published(self, now: float, run: Run) -> None:
        self.found.words.append(self._shown(now, run) - run.said)

    def _ended(self, now: float, run: Run) -> None:
        done = self._workers[run.worker].done(now, self._costs["run_worker"] * US / 2)
        self._at(done, self._released, run)

    def _released(self, now: float, run: Run) -> None:
        self._in_store(now, "run_store", 0.5)
        self._used[run.worker] -= 1
        self._take_up(now)

    # How

    def _station(self, part: str, servers: int = 1) -> Station:
        return Station(servers, self._random, self._background[part])

    def _share_machine(self, cores: int) -> None:
        """All that is done goes through its cores; that a process has one at a time is not seen."""
        counts = {"web": len(self._web), "worker": len(self._workers), "store": 1}
        whole = sum(self._background[part] * count for part, count in counts.items()) / cores
        self._background = dict.fromkeys(counts, whole)
        machine = Station(cores, self._random, whole)
        self._web, self._workers = [machine] * len(self._web), [machine] * len(self._workers)
        self._store = machine

    def _shown(self, now: float, run: Run) -> float:
        """When the last of its readers has it."""
        frame, news = self._costs["frame"] * US, self._costs["news"] * US
        each = frame * self._setup.readers / len(run.web) + news
        return max(self._web[place].done(now, each) for place in run.web)

    def _in_store(self, now: float, cost: str, part: float) -> float:
        return self._store.done(now, self._costs[cost] * US * part)

    def _take_up(self, now: float) -> None:
        """Runs that wait go where the most slots are free."""
        while self._waiting:
            worker = min(range(len(self._used)), key=self._used.__getitem__)
            if self._used[worker] >= self._setup.slots:
                return
            run = self._waiting.popleft()
            run.worker = worker
            self._used[worker] += 1
            self._at(now, self._taken, run)

    def _next_request(self, now: float) -> None:
        if self._setup.starts > 0:
            then = now + self._random.expovariate(self._setup.starts)
            self._at(then, self._asked, Run(then, self._setup.words, self._readers()))

    def _begin_amid(self) -> None:
        """A run that is live when the simulation begins."""
        worker = min(range(len(self._used)), key=self._used.__getitem__)
        if self._used[worker] >= self._setup.slots:
            return
        left = self._random.randint(1, self._setup.words)
        run = Run(0.0, left, self._readers(), worker)
        self._used[worker] += 1
        self._at(self._random.random() / self._setup.rate, self._said, run)

    def _readers(self) -> Sequence[int]:
        """The web processes at which the run is read, each once; the first has the request."""
        places = [self._random.randrange(self._setup.web) for _ in range(self._setup.readers)]
        return list(dict.fromkeys(places))

    def _at(self, then: float, happen: Callable[[float, Run], None], run: Run) -> None:
        self._number += 1
        heapq.heappush(self._queue, (then, self._number, happen, run))

    def _live(self, part: str) -> float:
        """The share of a process's core that the runs need which are live."""
        count = self._setup.web if part == "web" else self._setup.workers
        return self._setup.live * self._costs[f"live_{part}"] * US / count

    def _of_store(self, setup: Setup) -> float:
        """Cores of the busiest node that are used whatever comes."""
        live = self._setup.live * self._costs["live_store"] * US
        if setup.store == "postgres":
            processes = self._setup.web + self._setup.workers
            return live + processes * self._costs["process_store"] * US
        own = of_one_node(self._setup, self._costs) * US  # is among the runs of this part anyway
        return live + bus_load(setup, self._costs) + hot_load(setup, self._costs) - own

    def _share(self, part: str, stations: Sequence[Station], servers: int = 1) -> float:
        servers = servers if self._setup.store == "postgres" and part == "store" else 1
        speed = 1 - self._background[part]
        seconds = self.found.seconds * len(stations) * servers
        return self._background[part] + sum(each.busy for each in stations) / seconds * speed
