"""Measures how late words come on sockets that carry many requests, beside the AG-UI wire:
`python3 scripts.py bench socket`.

200 sockets with 5 requests each are open at once, then as many streams of the AG-UI wire over HTTP,
in turns on one server. Each word says whose it is and when it was said. A word that came to another
request, twice, or not at all is told by a line that starts with `WRONG:` and exit code 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from statistics import median, quantiles
from time import monotonic
from typing import TypeAlias
from uuid import uuid4

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.idleness import watched
from bench.rig import verdict
from bench.socket_app import WORDS
from bench.store_streams import asked, stream
from tests.programs import discarded, serving

GOAL = 0.025
"""Seconds that the socket may add to the lateness of 99 of 100 words."""

Late: TypeAlias = Sequence[float]
"""Of the words of one stream, in their order, in seconds."""

BEGINNING = 2
"""So many words of each stream come while others begin."""

WORD = re.compile(r"(\S+):(\d+):(\d+\.\d+) ")
DELTA = re.compile(rb'"delta":"([^"]*)"')


class Heard:
    """The words of one request, and how late each was."""

    def __init__(self, marker: str) -> None:
        self.late: list[float] = []
        self._marker = marker

    def take(self, text: str) -> None:
        now = monotonic()
        for marker, number, said in WORD.findall(text):
            if (marker, int(number)) != (self._marker, len(self.late)):
                raise SystemExit(f"WRONG: {self._marker} got {marker}'s word {number}")
            self.late.append(now - float(said))

    def whole(self) -> Late:
        if len(self.late) != WORDS:
            raise SystemExit(f"WRONG: {self._marker} got {len(self.late)} words of {WORDS}")
        return self.late


async def on_a_socket(port: int, requests: int) -> Sequence[Late]:
    """How late the words of so many requests came on one socket."""
    address = f"ws://127.0.0.1:{port}/copilotkit/socket"
    protocols = [Subprotocol("agui-mux.1")]
    async with connect(address, subprotocols=protocols, compression=None) as socket:
        heard = {id_: Heard(id_) for id_ in (uuid4().hex for _ in range(requests))}
        for id_ in heard:
            frame = {"type": "home_request", "request_id": id_, "message": id_}
            await socket.send(json.dumps(frame))
        await _listen(socket, heard)
        return [it.whole() for it in heard.values()]


async def _listen(socket: ClientConnection, heard: dict[str, Heard]) -> None:
    open_ = set(heard)
    while open_:
        frame = json.loads(await socket.recv())
        if frame["type"] == "stream_text":
            heard[frame["request_id"]].take(frame["delta"])
        elif frame["type"] == "stream_end":
            open_.remove(frame["request_id"])
        elif frame["type"] == "error":
            raise SystemExit(f"WRONG: {frame}")


async def over_http(port: int, requests: int) -> Sequence[Late]:
    """The same of streams that each have a connection."""
    return await asyncio.gather(*(_read(port) for _ in range(requests)))


async def _read(port: int) -> Late:
    marker = uuid4().hex
    heard = Heard(marker)
    async for line in stream(port, "run", asked(marker, uuid4().hex)):
        if found := DELTA.search(line):
            heard.take(found[1].decode())
    return heard.whole()


Reader: TypeAlias = Callable[[int, int], Awaitable[Sequence[Late]]]


async def _gathered(
    reader: Reader, port: int, count: int, requests: int
) -> Sequence[Sequence[Late]]:
    return await asyncio.gather(*(reader(port, requests) for _ in range(count)))


async def compare(sockets: int, requests: int, rounds: int) -> bool:
    """Whether the socket adds no more than it may."""
    added = []
    env = {"AGUI_APP": "bench.socket_app:runtime", "AGUI_WIRES": "websocket"}
    async with serving(**env) as (process, origin, _):
        with discarded(process):
            port = int(origin.rpartition(":")[2])
            await _gathered(on_a_socket, port, 10, requests)  # warms up
            for number in range(rounds):
                added.append(await _round(number, port, sockets, requests))
    is_met = median(added) <= GOAL
    print(f"the socket adds {median(added) * 1000:.1f} ms at p99, goal 25: {verdict(is_met)}")
    return is_met


async def _round(number: int, port: int, sockets: int, requests: int) -> float:
    """What the socket adds at p99; the first is whichever was second the time before."""
    ways = [("socket", on_a_socket), ("AG-UI", over_http)]
    late = {}
    for name, reader in ways if number % 2 else ways[::-1]:
        lists = [it for each in await _gathered(reader, port, sockets, requests) for it in each]
        first, later = (sorted(part) for part in _parted(lists))
        late[name] = p99 = quantiles(later, n=100)[98]
        begun = quantiles(first, n=100)[98]
        print(
            f"{name:7} {len(lists)} streams: words p50 {median(later) * 1000:.1f} ms, p99"
            f" {p99 * 1000:.1f} ms; while all of them begin p99 {begun * 1000:.1f} ms",
            flush=True,
        )
    return late["socket"] - late["AG-UI"]


def _parted(lists: Sequence[Late]) -> tuple[list[float], list[float]]:
    """Of words that came while other streams began, and of those that came later."""
    first = [each for it in lists for each in it[:BEGINNING]]
    return first, [each for it in lists for each in it[BEGINNING:]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench socket", description=__doc__)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--requests", type=int, default=5, help="at once on each")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    is_met = uvloop.run(compare(options.sockets, options.requests, options.rounds))
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(watched(main))
