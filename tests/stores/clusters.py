"""A Redis Cluster for tests."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from tests.ports import free_port
from tests.stores.servers import RedisServer


def cluster_of(stack: ExitStack | AsyncExitStack, folder: Path) -> Sequence[RedisServer]:
    """Three masters that know each other."""
    nodes = []
    for number in range(3):
        port = str(free_port())
        options = ("--cluster-enabled", "yes", "--cluster-port", port)
        node = RedisServer(folder / str(number), *options)
        node.start()
        stack.callback(node.kill)
        nodes.append((node, port))
    first, bus = nodes[0]
    for number, (node, _) in enumerate(nodes):
        slots = (number * 5462, min(number * 5462 + 5461, 16383))
        node.command("CLUSTER", "ADDSLOTSRANGE", *map(str, slots))
        if node is not first:
            node.command("CLUSTER", "MEET", "127.0.0.1", str(first.port), bus)
    for node, _ in nodes:
        while b"cluster_state:ok" not in node.command("CLUSTER", "INFO"):
            pass
    return [node for node, _ in nodes]
