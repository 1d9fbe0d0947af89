"""Ports for servers that take a number and no socket; two test processes get different ones."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from itertools import chain, cycle

# Below those that a system gives to connections: from 32768 on Linux, from 49152 elsewhere.
FIRST, LAST = 12_000, 31_999


def _share() -> Iterator[int]:
    """This worker's ports, from a random one on: another run of the tests may be under way."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = range(FIRST + worker % workers, LAST + 1, workers)
    start = random.randrange(len(share))
    return cycle(chain(share[start:], share[:start]))


_ports = _share()


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens, and which no connection will take."""
    while True:
        port = next(_ports)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
