"""Measures the GraphQL wire beside the Node runtime: `python3 scripts.py bench graphql`.

Both servers run the same agent, take turns at the same load, and are charged by the operating
system. Exits with 1 if a word was lost or an answer was wrong; goals are told as met or missed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.request import Request

from bench import floor
from bench.beside_node import read_options, tell
from bench.idleness import watched
from bench.load import Load
from bench.rig import ROOT, Server, measure, problems_of, run, verdict

TRANSCRIPTS = ROOT / "tests/data/graphql/transcripts"
WORDS = [f"word{k} " for k in range(200)]

STREAMS = {"paced": (1, 16, 64), "burst": (1, 16, 64), "slow": (64,)}
LEAST_REQUESTS = 96  # in one measurement
QUERIES = 1600
QUERY_CONNECTIONS = 16
QUERY_TEXTS = {
    "hello": "{ hello }",
    "availableAgents": "{ availableAgents { agents { name id description } } }",
    "loadAgentState": (
        "query ($data: LoadAgentStateInput!)"
        " { loadAgentState(data: $data) { threadId threadExists state messages } }"
    ),
}
VARIABLES = {"loadAgentState": {"data": {"threadId": "none", "agentName": "bench"}}}

TITLE = "GraphQL: us of CPU a word or a query, s of the load, ms to the first part"

GOALS = {"paced": 1 / 5, "slow": 1 / 5, "burst": 1 / 3, "query": 0.5}
GOAL_READY_SECONDS = 1.5
GOAL_READY_MEGABYTES = 90.0
HEAVY = {"agentscope", "litellm"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One line of the table. `kind` is a key of GOALS; `units` are what CPU is divided by."""

    name: str
    kind: str
    streams: int
    repeat: int
    units: int
    body: dict[str, Any]
    words: list[str] | None = None

    def load(self, port: int) -> Load:
        return Load(port, self.streams, self.repeat, self.body, client_headers(), self.words)


def main() -> int:
    options = read_options("graphql", __doc__)
    lines = [it for it in scenarios() if options.only in it.name]
    with ExitStack() as stack:
        servers = [
            stack.enter_context(run(name, *how, question())) for name, how in commands().items()
        ]
        results = measure(servers, lines, options.rounds)
        tell(TITLE, lines, GOALS, results, options)
        floor.tell_floor(lines, results)
        tell_servers(servers)
    return problems_of(results)


# What is asked


def scenarios() -> Iterator[Scenario]:
    for kind, numbers in STREAMS.items():
        for source, transcript in (("agent", "agent_text"), ("default", "text_plain")):
            for streams in numbers:
                repeat = max(2, LEAST_REQUESTS // streams)
                units = streams * repeat * len(WORDS)
                name = f"{kind}, {source}, {streams} streams"
                body = mutation(transcript, kind)
                yield Scenario(name, kind, streams, repeat, units, body, WORDS)
    for name, body in queries().items():
        repeat = QUERIES // QUERY_CONNECTIONS
        yield Scenario(name, "query", QUERY_CONNECTIONS, repeat, QUERIES, body)


def queries() -> dict[str, dict[str, Any]]:
    """The bodies of plain queries, by name."""
    variables = {name: {"variables": given} for name, given in VARIABLES.items()}
    return {name: {"query": text} | variables.get(name, {}) for name, text in QUERY_TEXTS.items()}


def mutation(transcript: str, asked: str) -> dict[str, Any]:
    """The client's own operation, addressed to our agent and without actions."""
    body: dict[str, Any] = recorded(transcript)["body"]
    data = body["variables"]["data"]
    data["frontend"]["actions"] = []
    data["messages"][-1]["textMessage"]["content"] = asked
    if "agentSession" in data:
        data["agentSession"]["agentName"] = "bench"
    return body


def client_headers() -> dict[str, str]:
    headers = recorded("text_plain")["headers"]
    return {name: headers[name] for name in ("Accept", "Content-Type")}


def recorded(transcript: str) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(_text(transcript))["request"]
    return request


@cache
def _text(transcript: str) -> str:
    return (TRANSCRIPTS / f"{transcript}.json").read_text()


# The servers


def commands() -> dict[str, tuple[Sequence[str], dict[str, str]]]:
    node = shutil.which("node") or "node"
    ours = (sys.executable, "-m", "agui_runtime", "serve", "--port")
    return {
        "node": ((node, "bench/node/server.mjs"), {"NODE_ENV": "production"}),
        floor.NAME: floor.command(),
        # Node writes no access log either.
        "ours": (ours, {"AGUI_APP": "bench.app:runtime", "AGUI_LOG_LEVEL": "warning"}),
    }


def question() -> Request:
    body = json.dumps({"query": QUERY_TEXTS["hello"]}).encode()
    return Request("http://127.0.0.1/copilotkit", body, {"Content-Type": "application/json"})


# Telling


def tell_servers(servers: Sequence[Server]) -> None:
    print()
    for server in servers:
        print(f"{server.name}: ready in {server.ready_seconds:.2f} s, ", end="")
        print(f"{server.ready_megabytes:.0f} MB then, {server.megabytes:.0f} MB after the load")
    ours = servers[-1]
    is_lean = ours.ready_megabytes <= GOAL_READY_MEGABYTES
    is_quick = ours.ready_seconds < GOAL_READY_SECONDS
    print(f"goal: ready in under {GOAL_READY_SECONDS} s: {verdict(is_quick)}")
    print(f"goal: at most {GOAL_READY_MEGABYTES:g} MB when ready: {verdict(is_lean)}")
    loaded = heavy_imports()
    print(f"goal: neither of {sorted(HEAVY)} imported: {verdict(not loaded)} {loaded or ''}")


def heavy_imports() -> list[str]:
    code = "import sys, agui_runtime.commands.cli, agui_runtime.app, bench.app; print(*sys.modules)"
    words = [sys.executable, "-c", code]
    found = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(HEAVY & set(found.split()))


if __name__ == "__main__":
    sys.exit(watched(main))
