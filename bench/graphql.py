"""Measures the GraphQL wire beside the Node runtime: `python3 scripts.py bench graphql`.

Both servers run the same agent, take turns at the same load, and are charged by the operating
system. Exits with 1 if a word was lost or an answer was wrong; goals are told as met or missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from bench.load import Load

ROOT = Path(__file__).resolve().parent.parent
TRANSCRIPTS = ROOT / "tests/data/graphql/transcripts"
WORDS = [f"word{k} " for k in range(200)]
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 30.0  # seconds until a server must be ready

STREAMS = (1, 16, 64)
LEAST_REQUESTS = 96  # in one measurement: /proc counts CPU in hundredths of a second
QUERIES = 1600
QUERY_CONNECTIONS = 16
QUERY_TEXTS = {
    "hello": "{ hello }",
    "availableAgents": "{ availableAgents { agents { name id description } } }",
}

GOALS = {"paced": 1 / 5, "burst": 1 / 3, "query": 1.0}
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


@dataclass(slots=True)
class Server:
    """A running server under measurement."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    ready_seconds: float = 0.0
    ready_megabytes: float = 0.0

    @property
    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@dataclass(slots=True)
class Samples:
    """What was measured of one server in one scenario, round by round; CPU in us a unit."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    first_part: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


Results = dict[tuple[str, str], Samples]
"""By the names of scenario and server."""


def main() -> int:
    options = read_options()
    lines = [it for it in scenarios() if options.only in it.name]
    with ExitStack() as stack:
        servers = [stack.enter_context(run(name, *how)) for name, how in commands().items()]
        results = measure(servers, lines, options.rounds)
        tell(lines, results)
        tell_servers(servers)
    problems = [
        f"{name}, {line}: {text}"
        for (line, name), samples in results.items()
        for text in samples.problems
    ]
    for text in problems:
        print("WRONG:", text)
    return 1 if problems else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.py bench graphql", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are taken")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    return parser.parse_args()


# What is asked


def scenarios() -> Iterator[Scenario]:
    for kind in ("paced", "burst"):
        for source, transcript in (("agent", "agent_text"), ("default", "text_plain")):
            for streams in STREAMS:
                repeat = max(2, LEAST_REQUESTS // streams)
                units = streams * repeat * len(WORDS)
                name = f"{kind}, {source}, {streams} streams"
                body = mutation(transcript, kind)
                yield Scenario(name, kind, streams, repeat, units, body, WORDS)
    for name, text in QUERY_TEXTS.items():
        repeat = QUERIES // QUERY_CONNECTIONS
        yield Scenario(name, "query", QUERY_CONNECTIONS, repeat, QUERIES, {"query": text})


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
    request: dict[str, Any] = json.loads((TRANSCRIPTS / f"{transcript}.json").read_text())[
        "request"
    ]
    return request


# The servers


def commands() -> dict[str, tuple[Sequence[str], dict[str, str]]]:
    node = shutil.which("node") or "node"
    ours = (sys.executable, "-m", "agui_runtime", "serve", "--port")
    return {
        "node": ((node, "bench/node/server.mjs"), {"NODE_ENV": "production"}),
        # Node writes no access log either.
        "ours": (ours, {"AGUI_APP": "bench.app:runtime", "AGUI_LOG_LEVEL": "warning"}),
    }


@contextmanager
def run(name: str, command: Sequence[str], env: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    words, whole_env = [*command, str(port)], os.environ | env
    began = perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, env=whole_env, stdout=subprocess.DEVNULL)
    try:
        server = Server(name, port, process)
        await_ready(server)
        server.ready_seconds = perf_counter() - began
        server.ready_megabytes = server.megabytes
        yield server
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def await_ready(server: Server) -> None:
    question = Request(
        f"http://127.0.0.1:{server.port}/copilotkit",
        data=json.dumps({"query": QUERY_TEXTS["hello"]}).encode(),
        headers={"Content-Type": "application/json"},
    )
    until = perf_counter() + PATIENCE
    while perf_counter() < until and server.process.poll() is None:
        try:
            with urlopen(question):
                return
        except URLError:
            sleep(0.01)
    raise SystemExit(f"{server.name} is not ready after {PATIENCE:g} s, or has ended")


# Measuring


def measure(servers: Sequence[Server], lines: Sequence[Scenario], rounds: int) -> Results:
    results = {(line.name, server.name): Samples() for line in lines for server in servers}
    for line in lines:
        for server in servers:
            put_load(server, line)  # to warm up
    for number in range(rounds):
        turn = servers if number % 2 == 0 else servers[::-1]
        for line in lines:
            print(f"\rround {number + 1}: {line.name:40}", end="", file=sys.stderr, flush=True)
            for server in turn:
                sample(server, line, results[line.name, server.name])
    print(file=sys.stderr)
    return results


def sample(server: Server, line: Scenario, samples: Samples) -> None:
    before = server.cpu_seconds
    report = put_load(server, line)
    samples.cpu.append((server.cpu_seconds - before) / line.units * 1e6)
    samples.wall.append(report["wall"])
    samples.first_part.append(report["first_part"] * 1e3)
    samples.problems += report["problems"]


def put_load(server: Server, line: Scenario) -> dict[str, Any]:
    asked = json.dumps(asdict(line.load(server.port))).encode()
    words = [sys.executable, "-m", "bench.load"]
    report: dict[str, Any] = json.loads(
        subprocess.run(words, cwd=ROOT, input=asked, check=True, capture_output=True).stdout
    )
    return report


# Telling


def tell(lines: Sequence[Scenario], results: Results) -> None:
    print("CPU: us a word or a query; wall: s; first part: ms; ratio: ours / node of the CPU\n")
    print(f"{'':28}{'CPU node':>10}{'ours':>8}{'ratio':>8}  {'goal':12}", end="")
    print(f"{'wall node':>10}{'ours':>8}{'first node':>12}{'ours':>8}")
    for line in lines:
        node, ours = results[line.name, "node"], results[line.name, "ours"]
        ratio = median(ours.cpu) / median(node.cpu)
        goal = f"<= {GOALS[line.kind]:.2f} {verdict(ratio <= GOALS[line.kind])}"
        print(f"{line.name:28}{median(node.cpu):10.1f}{median(ours.cpu):8.1f}", end="")
        print(f"{ratio:8.3f}  {goal:12}", end="")
        print(f"{median(node.wall):10.2f}{median(ours.wall):8.2f}", end="")
        print(f"{median(node.first_part):12.1f}{median(ours.first_part):8.1f}")


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
    code = "import sys, agui_runtime.cli, agui_runtime.app, bench.app; print(*sys.modules)"
    words = [sys.executable, "-c", code]
    found = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(HEAVY & set(found.split()))


def verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
