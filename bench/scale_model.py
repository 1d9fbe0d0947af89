"""How busy each resource is, by the utilisation law, and which of them is the first limit.

It knows costs that were measured and a set-up; it measures nothing and simulates nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import NamedTuple

COSTS = Path(__file__).with_name("scale.json")

Costs = Mapping[str, float]
"""Of one store: microseconds of CPU, unless their names say otherwise; `bench scale` makes them."""

STORES = ("redis", "postgres")
US = 1e-6
GB = 1e9


@dataclass(frozen=True, slots=True)
class Setup:
    """Open threads and who serves them. A turn of an active thread comes every `every` seconds, is
    `words` words long, so many a second, and is read by `readers` pages.

    `nodes` are those of a Redis Cluster, 1 without one; or databases of PostgreSQL, each on a
    server of `cores` cores, with web processes and workers of its own.
    """

    threads: int
    store: str = "redis"
    active: float = 0.2
    every: float = 60.0
    words: int = 200
    rate: float = 20.0
    thinking: float = 1.0
    readers: int = 1
    turns: int = 10
    web: int = 1
    workers: int = 1
    slots: int = 256
    nodes: int = 1
    cores: int = 16
    machine: int = 0
    """Where not 0: all share a machine of so many cores."""

    @property
    def starts(self) -> float:
        """Runs that begin in a second."""
        return self.threads * self.active / self.every

    @property
    def lasts(self) -> float:
        """Seconds of a run, without what it waits."""
        return self.thinking + self.words / self.rate

    @property
    def live(self) -> float:
        """Runs at a time (Little's law)."""
        return self.starts * self.lasts

    @property
    def said(self) -> float:
        """Words a second."""
        return self.starts * self.words

    @property
    def reached(self) -> float:
        """Web processes, of those of one database, that a run's readers are expected to be at."""
        web = max(1.0, self.web / self.databases)
        return float(web * (1 - (1 - 1 / web) ** self.readers))

    @property
    def databases(self) -> int:
        return self.nodes if self.store == "postgres" else 1


class Resource(NamedTuple):
    """How much of it is used, as a share of all there is; from `most` on it is a limit. `cure` says
    what more of it is, or what to change.
    """

    name: str
    used: float
    most: float
    cure: str

    @property
    def share(self) -> float:
        return self.used / self.most


class Most(NamedTuple):
    """Where a resource becomes a limit: a share of a core, GB, or a number."""

    cpu: float = 0.7
    memory: float = 2.0
    store_memory: float = 25.0
    connections: float = 1000.0
    streams: float = 10_000.0


MOST = Most()


def costs_of(store: str, file: Path = COSTS) -> Costs:
    """The means of all rounds that were measured. What a reader more in the same process costs does
    not depend on the store, but hides behind what else a word costs there: the highest counts.
    """
    document = json.loads(file.read_text())
    means = {name: _means(document[name]["rounds"]) for name in document}
    found = means[store] | means["cluster"]
    frame = max(each["frame"] for name, each in means.items() if name in STORES)
    return found | {"frame": frame, "news": max(0.0, found["token_web"] - frame)}


def _means(rounds: Sequence[Costs]) -> dict[str, float]:
    return {cost: mean(each[cost] for each in rounds) for cost in rounds[0]}


def web_load(setup: Setup, costs: Costs) -> float:
    """Cores that all web processes need for what is asked of them."""
    of_word = setup.reached * costs["news"] + setup.readers * costs["frame"]
    of_live = setup.live * costs["live_web"]
    return (setup.starts * costs["run_web"] + setup.said * of_word + of_live) * US


def worker_load(setup: Setup, costs: Costs) -> float:
    """Cores that all workers need for the runs."""
    of_words = setup.said * costs["token_worker"]
    of_live = setup.live * costs["live_worker"]
    return (setup.starts * costs["run_worker"] + of_words + of_live) * US


def overhead(setup: Setup, costs: Costs, part: str) -> float:
    """The share of its core that a process needs for being there, and for news of what it has no
    reader of: over PostgreSQL all processes of a database get all news.
    """
    news = costs["bystander"] * setup.said / setup.nodes if setup.store == "postgres" else 0.0
    return (costs[f"process_{part}"] + news) * US


def store_load(setup: Setup, costs: Costs) -> float:
    """Cores that all of the store needs for what any node can do."""
    of_word = costs["token_store"] + (setup.reached - 1) * costs["subscriber_store"]
    return (_of_runs(setup, costs) - of_one_node(setup, costs) + setup.said * of_word) * US


def of_one_node(setup: Setup, costs: Costs) -> float:
    """Microseconds in a second that one node of a cluster takes for the runs of all."""
    if setup.store == "postgres":
        return 0.0
    of_starts = setup.starts * costs["run_store"] * costs["hot_run"]
    return of_starts + setup.live * costs["live_store"] * costs["hot_live"]


def hot_load(setup: Setup, costs: Costs) -> float:
    """Cores that one node needs for what it alone can do: indexes of all threads, queues, and what
    processes look for without being asked.
    """
    if setup.store == "postgres":
        return 0.0
    processes = (setup.web + setup.workers) * costs["process_store"]
    return (of_one_node(setup, costs) + processes) * US


def bus_load(setup: Setup, costs: Costs) -> float:
    """Cores that each node of a cluster needs for what is published at the others."""
    if setup.store == "postgres" or setup.nodes == 1:
        return 0.0
    return setup.said * (1 - 1 / setup.nodes) * costs["bus"] * US


def resources(setup: Setup, costs: Costs) -> Sequence[Resource]:
    """All that may be a limit."""
    web = web_load(setup, costs) / setup.web + overhead(setup, costs, "web")
    workers = worker_load(setup, costs) / setup.workers + overhead(setup, costs, "worker")
    memory = setup.live * setup.readers / setup.web * costs["live_web_kb"] * 1e3 / GB
    slots = setup.live / (setup.workers * setup.slots)
    open_streams = setup.live * setup.readers / setup.web
    return [
        Resource("web processes", web, MOST.cpu, "more web processes"),
        Resource("workers", workers, MOST.cpu, "more workers"),
        Resource("slots", slots, 0.9, "more workers, or more --slots"),
        Resource("streams of a web process", open_streams, MOST.streams, "more web processes"),
        Resource("memory of a web process, GB", memory, MOST.memory, "more web processes"),
        *store_resources(setup, costs),
    ]


def store_resources(setup: Setup, costs: Costs) -> Sequence[Resource]:
    """Those of the store; its cores come first."""
    return _of_postgres(setup, costs) if setup.store == "postgres" else _of_redis(setup, costs)


def first_limit(setup: Setup, costs: Costs) -> Resource:
    """The resource that comes to its limit first when there are more threads."""
    return max(resources(setup, costs), key=lambda each: each.share)


def _of_redis(setup: Setup, costs: Costs) -> Sequence[Resource]:
    spread = store_load(setup, costs) / setup.nodes
    hot, bus = hot_load(setup, costs), bus_load(setup, costs)
    kept = setup.threads * _kept(setup, costs) / setup.nodes / GB
    cpu = "the core of a Redis node" if setup.nodes > 1 else "the core of Redis"
    found = [
        Resource(cpu, spread + bus + hot, MOST.cpu, "nodes of a Redis Cluster"),
        Resource("memory of a Redis node, GB", kept, MOST.store_memory, "nodes, or keep_runs"),
    ]
    if setup.nodes > 1:
        hottest = "the node with the indexes, without its threads"
        bus_name = "news from the other nodes, at each node"
        found += [
            Resource(hottest, hot, MOST.cpu / 2, "several clusters, users divided among them"),
            Resource(bus_name, bus, MOST.cpu / 2, "several clusters, users divided among them"),
        ]
    return found


def _of_postgres(setup: Setup, costs: Costs) -> Sequence[Resource]:
    processes = (setup.web + setup.workers) / setup.nodes
    looks = processes * costs["process_store"] * US
    cpu = (store_load(setup, costs) / setup.nodes + looks) / setup.cores
    more = "more databases, users divided among them"
    news = overhead(setup, costs, "web")
    pooler = "a connection pooler; then more databases"
    kept = setup.threads * _kept(setup, costs) / setup.nodes / GB
    return [
        Resource("the cores of PostgreSQL", cpu, MOST.cpu, more),
        Resource("connections", processes * costs["connections"], MOST.connections, pooler),
        Resource("news, at each process", news, MOST.cpu / 2, more),
        Resource("the disk of PostgreSQL, GB", kept, 2000.0, "keep_runs, keep_days; partitions"),
    ]


def _of_runs(setup: Setup, costs: Costs) -> float:
    """Microseconds of the store in a second, for runs but not for their words."""
    return setup.starts * costs["run_store"] + setup.live * costs["live_store"]


def _kept(setup: Setup, costs: Costs) -> float:
    """Bytes of a thread."""
    return setup.turns * (costs["kept_run_bytes"] + setup.words * costs["kept_word_bytes"])
