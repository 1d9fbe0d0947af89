"""Servers under measurement: started, charged by the operating system, compared. Linux only."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Protocol
from urllib.error import URLError
from urllib.request import Request, urlopen

from bench.load import Load

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0  # seconds until a server must be ready


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
        """Time on a processor so far, of all threads that it has."""
        return cpu_of(self.process.pid)

    @property
    def megabytes(self) -> float:
        return self._megabytes("VmRSS:")

    @property
    def peak_megabytes(self) -> float:
        """The most that it had."""
        return self._megabytes("VmHWM:")

    def _megabytes(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(name)[2].split()[0]) / 1024


@dataclass(slots=True)
class Samples:
    """What was measured of one server in one scenario, round by round; CPU in us a unit."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    first_part: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Line(Protocol):
    """One line of a table; `units` are what CPU is divided by."""

    @property
    def name(self) -> str: ...

    @property
    def units(self) -> int: ...

    def load(self, port: int) -> Load: ...


Results = dict[tuple[str, str], Samples]
"""By the names of scenario and server."""


@contextmanager
def run(
    name: str, command: Sequence[str], env: dict[str, str], question: Request
) -> Iterator[Server]:
    """The server while the block runs; `question` is what it answers as soon as it is ready."""
    port = free_port()
    words, whole_env = [*command, str(port)], {"AGUI_STORE": "memory:"} | os.environ | env
    began = perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, env=whole_env, stdout=subprocess.DEVNULL)
    try:
        server = Server(name, port, process)
        await_ready(server, question)
        server.ready_seconds = perf_counter() - began
        server.ready_megabytes = server.megabytes
        yield server
    finally:
        process.kill()  # streams may wait for ever, and nothing is to be kept
        process.wait()


def cpu_of(process: int) -> float:
    """Seconds that the threads of the process had a processor so far."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e9


def reset_peak(server: Server) -> None:
    """From now on `peak_megabytes` is the most from now on."""
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def await_ready(server: Server, question: Request) -> None:
    question.host = f"127.0.0.1:{server.port}"
    until = perf_counter() + PATIENCE
    while perf_counter() < until and server.process.poll() is None:
        try:
            with urlopen(question):
                return
        except URLError:
            sleep(0.01)
    raise SystemExit(f"{server.name} is not ready after {PATIENCE:g} s, or has ended")


def put_load(load: Load) -> dict[str, Any]:
    """Put it on from a process of its own, and report."""
    asked = json.dumps(asdict(load)).encode()
    words = [sys.executable, "-m", "bench.load"]
    report: dict[str, Any] = json.loads(
        subprocess.run(words, cwd=ROOT, input=asked, check=True, stdout=subprocess.PIPE).stdout
    )
    return report


def measure(servers: Sequence[Server], lines: Sequence[Line], rounds: int) -> Results:
    results = {(line.name, server.name): Samples() for line in lines for server in servers}
    for line in lines:
        for server in servers:
            put_load(line.load(server.port))  # to warm up
    for number in range(rounds):
        turn = servers if number % 2 == 0 else servers[::-1]
        for line in lines:
            print(f"\rround {number + 1}: {line.name:40}", end="", file=sys.stderr, flush=True)
            for server in turn:
                sample(server, line, results[line.name, server.name])
    print(file=sys.stderr)
    return results


def sample(server: Server, line: Line, samples: Samples) -> None:
    before = server.cpu_seconds
    report = put_load(line.load(server.port))
    samples.cpu.append((server.cpu_seconds - before) / line.units * 1e6)
    samples.wall.append(report["wall"])
    samples.first_part.append(report["first_part"] * 1e3)
    samples.problems += report["problems"]


def problems_of(results: Results) -> int:
    """Tell what was wrong; returns the exit code."""
    problems = [
        f"{name}, {line}: {text}"
        for (line, name), samples in results.items()
        for text in samples.problems
    ]
    for text in problems:
        print("WRONG:", text)
    return 1 if problems else 0


def verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"
