"""Breaks what can break, in real processes, and tells what came of it: `python3 scripts.py faults`.

Exits with 1 if a promise was broken. Words choose the scenarios that have
each of them in their names: `faults SQLite full`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import httpx

from tests.faults import backups, bells, deaths, outages, owners, readers, schedules, workers
from tests.faults.world import Stopwatch

MOST_SECONDS = 180.0
"""What takes longer hangs."""

ALL = ("memory", "Redis", "SQLite", "PostgreSQL")
SEVERAL = ("Redis", "SQLite", "PostgreSQL")
"""What several processes may have."""

SERVERS = ("Redis", "PostgreSQL")
WITH_FILES = ("Redis with its file", "PostgreSQL")

SCENARIOS: Sequence[tuple[str, Callable[[str], Awaitable[str]], Sequence[str]]] = (
    ("every connection cut after every event", readers.cut_after_every_event, ALL),
    ("owner killed at every event", deaths.owner_killed_at_every_event, SEVERAL),
    ("owner paused for 20 s", owners.paused_for_long, SEVERAL),
    ("owner cut off from the store", owners.cut_off, SERVERS),
    ("everything deleted", owners.everything_deleted, SEVERAL),
    ("rolling restart of both replicas", deaths.rolling_restart, SEVERAL),
    ("killed and restarted", outages.killed_with_its_files, WITH_FILES),
    ("killed and restarted empty", outages.restarted_empty, ("Redis",)),
    ("paused for 5 s, or locked", outages.paused, SEVERAL),
    ("network stalled for 3 s", outages.stalled, SERVERS),
    ("connections reset, 20 times", outages.resets, SERVERS),
    ("20 ms away", outages.far_away, SERVERS),
    ("full", outages.full, ("Redis", "SQLite", "PostgreSQL on a small disk")),
    ("connections terminated by the server, 20 times", outages.terminated, ("PostgreSQL",)),
    ("an old backup put back", backups.put_back, SEVERAL),
    ("a standby takes over", backups.standby_takes_over, ("PostgreSQL",)),
    ("1,000 clients reconnect", readers.reconnect_storm, ALL),
    ("a slow reader beside fast ones", readers.slow_beside_fast, ALL),
    ("a thread of 10,000 events", readers.long_thread, ALL),
    ("worker killed at every event", workers.worker_killed_at_every_event, SEVERAL),
    ("servers restarted under 50 runs that wait for workers", workers.web_tier_restarted, SEVERAL),
    ("the bell of workers lost", workers.bell_lost, SEVERAL),
    ("worker killed before it adopts a run", bells.killed_before_adopt, SEVERAL),
    ("the bell of workers doubled", bells.bell_doubled, SEVERAL),
    ("the bell of workers restarted empty", bells.bell_restarted_empty, SEVERAL),
    ("workers of another version of the app", bells.another_version, SEVERAL),
    ("no worker comes", workers.no_worker, SEVERAL),
    ("rolling restart of replicas and workers", workers.rolling_restart, SEVERAL),
    ("killed as schedules fire", schedules.killed_as_they_fire, SEVERAL),
    ("stop from another replica", readers.stop_across_replicas, ALL),
)
"""Each with the kinds of stores over which it is played."""


def main(words: list[str]) -> int:
    played = [
        (f"{kind}: {name}", partial(scenario, kind))
        for name, scenario, kinds in SCENARIOS
        for kind in kinds
    ]
    chosen = [
        (name, scenario)
        for name, scenario in played
        if all(word.lower() in name.lower() for word in words)
    ]
    if not chosen:
        say(f"no name has all of {words} in it; these are the names:")
        say("\n".join(name for name, _ in played))
        return 1
    broken = [name for name, scenario in chosen if not asyncio.run(kept(name, scenario))]
    say(f"\n{len(chosen) - len(broken)} of {len(chosen)} kept their promises")
    return 1 if broken else 0


async def kept(name: str, scenario: Callable[[], Awaitable[str]]) -> bool:
    watch = Stopwatch()
    try:
        async with asyncio.timeout(MOST_SECONDS):
            told, outcome = await scenario(), "ok"
    except TimeoutError:
        told, outcome = f"not done after {MOST_SECONDS:.0f} s", "BROKEN"
    except (AssertionError, httpx.HTTPError, subprocess.CalledProcessError) as error:
        told, outcome = f"{type(error).__name__}: {str(error)[:300]}", "BROKEN"
    say(f"{outcome:6}  {watch():5.1f} s  {name:52}  {told}")
    return outcome == "ok"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
