"""Breaks what can break, in real processes, and tells what came of it: `python3 scripts.py faults`.

Exits with 1 if a promise was broken. Names of scenarios, or parts of them, choose among them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

import httpx

from tests.faults import deaths, outages, owners, readers
from tests.faults.world import Stopwatch

MOST_SECONDS = 90.0
"""What takes longer hangs."""

SCENARIOS: dict[str, Callable[[], Awaitable[str]]] = {
    "every connection cut after every event": readers.cut_after_every_event,
    "owner killed at every event": deaths.owner_killed_at_every_event,
    "owner paused for 20 s": owners.paused_for_long,
    "owner cut off from Redis": owners.cut_off,
    "everything flushed": owners.everything_flushed,
    "rolling restart of both replicas": deaths.rolling_restart,
    "Redis killed, restarted with its file": outages.killed_with_its_file,
    "Redis killed, restarted empty": outages.restarted_empty,
    "Redis paused for 5 s": outages.paused,
    "network to Redis stalled for 3 s": outages.stalled,
    "connections to Redis reset, 20 times": outages.resets,
    "Redis 20 ms away": outages.far_away,
    "Redis full": outages.full,
    "1,000 clients reconnect": readers.reconnect_storm,
    "a slow reader beside fast ones": readers.slow_beside_fast,
    "a thread of 10,000 events": readers.long_thread,
    "stop from another replica": readers.stop_across_replicas,
}


def main(words: list[str]) -> int:
    chosen = [name for name in SCENARIOS if not words or any(word in name for word in words)]
    broken = [name for name in chosen if not asyncio.run(kept(name))]
    say(f"\n{len(chosen) - len(broken)} of {len(chosen)} kept their promises")
    return 1 if broken or not chosen else 0


async def kept(name: str) -> bool:
    watch = Stopwatch()
    try:
        async with asyncio.timeout(MOST_SECONDS):
            told, outcome = await SCENARIOS[name](), "ok"
    except TimeoutError:
        told, outcome = f"not done after {MOST_SECONDS:.0f} s", "BROKEN"
    except (AssertionError, httpx.HTTPError) as error:
        told, outcome = f"{type(error).__name__}: {str(error)[:300]}", "BROKEN"
    say(f"{outcome:6}  {watch():5.1f} s  {name:40}  {told}")
    return outcome == "ok"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
