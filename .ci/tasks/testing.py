"""The tests: what those that were chosen need, and how they are shared out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from typing import NamedTuple

from tasks.node import (
    OLDEST_NODE,
    PLAYGROUND,
    UI,
    find_node,
    install_node_projects,
    machine_node,
)
from tasks.processes import ROOT, Problem, run
from tasks.python import DEV_LOCK, PYTHON, install
from tasks.system import need_programs


class Need(NamedTuple):
    """Programs, by the names of Debian's packages, and folders with projects of Node."""

    programs: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


NEEDS = {
    "browser": Need(
        programs=("chromium",),
        projects=(
            "tests/clients/driver",
            "tests/clients/copilotkit-1.10",
            "tests/clients/copilotkit-1.74",
            "examples",
            PLAYGROUND,
            UI,
        ),
    ),
    "node": Need(
        programs=("nginx",),
        projects=(
            "tests/clients/agui",
            "tests/clients/durable",
            "tests/clients/graphql",
            "tests/clients/mcp",
            "tests/clients/mcp-conformance",
            "tests/clients/next",
            "tests/clients/openai",
            "tests/clients/node-1.10.6",
        ),
    ),
    "pooler": Need(programs=("pgbouncer",)),
    "postgres": Need(programs=("postgresql",)),
    "prometheus": Need(programs=("prometheus",)),
    "proxy": Need(programs=("nginx", "caddy", "openssl")),
    "redis": Need(programs=("redis-server", "openssl")),
    "sandbox": Need(programs=("bubblewrap",)),
    "shells": Need(programs=("zsh", "fish")),
    "systemd": Need(programs=("systemd", "procps")),
    "tsc": Need(
        projects=(
            "tests/clients/copilotkit-1.10",
            "tests/clients/copilotkit-1.74",
            "tests/clients/durable",
            "tests/clients/graphql",
            "tests/clients/next",
            "tests/clients/openai",
            UI,
        ),
    ),
}
"""By the markers of tests, see tests/needs.py."""

ALONE = ("-n", "--numprocesses", "--pdb", "--trace", "-s", "--capture=no", "--collect-only")
"""Arguments with which pytest is to run in one process, or in as many as they say."""

MOST_WORKERS = 8
FAST = (
    *("-m", f"not ({' or '.join([*NEEDS, 'image', 'peers', 'slow'])})"),
    "--hypothesis-profile=quick",
)


def test(*arguments: str) -> None:
    install(DEV_LOCK)
    words = [word for word in arguments if word != "--fast"]
    if "--fast" in arguments:
        pytest(*FAST, *words)
    else:
        pytest(*words, env=bring(needs_of(*words) if words else NEEDS))


def cover(*arguments: str) -> None:
    install(DEV_LOCK)
    env = bring(needs_of(*arguments) if arguments else NEEDS)
    pytest("--cov", "--cov-report=term", *arguments, env=env)


def peers(*arguments: str) -> None:
    env = prepare_tests()
    run(PYTHON, "-m", "tests.peers.environments")
    run(PYTHON, "-m", "pytest", "-m", "peers", *arguments, env=env)


def image(*arguments: str) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Problem("only root can do it, on Linux: the steps run between mounts of their own")
    node = machine_node()
    if node is None:
        raise Problem(f"the playground is built as in the image: install Node {OLDEST_NODE}")
    install(DEV_LOCK)
    need_programs("tini", "iproute2")
    run(PYTHON, "-m", "pytest", "-m", "image", *(arguments or ("tests/deploy",)), env=node.env)


def pytest(*arguments: str, env: dict[str, str] | None = None) -> None:
    """Run the tests on all cores, unless they are of single files."""
    single = any(".py" in word or word.startswith(ALONE) for word in arguments)
    run(PYTHON, "-m", "pytest", *(() if single else shared(cores())), *arguments, env=env)


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared(cores: int) -> tuple[str, ...]:
    """How pytest shares the tests out, see tests/distribution.py: to three workers for two cores,
    as a test waits for servers, pages and timers for much of its time. One that ends its worker
    ends the run: xdist would begin it again.
    """
    workers = min(MOST_WORKERS, cores + cores // 2)
    return ("-n", str(workers), "--dist", "loadfile", "--max-worker-restart=0")


def needs_of(*arguments: str) -> list[str]:
    """The needs of the tests that pytest would run."""
    words = ("--collect-only", "-q", "-p", "tests.needs", "-n", "0", *arguments)
    collected = subprocess.run(
        [PYTHON, "-m", "pytest", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    lines = [line for line in collected.stdout.splitlines() if line.startswith("needs:")]
    return [name for name in lines[-1].split() if name in NEEDS] if lines else []


def prepare_tests() -> dict[str, str]:
    """Bring everything that any test needs; answers the environment to run them in."""
    install(DEV_LOCK)
    return bring(NEEDS)


def bring(names: Collection[str]) -> dict[str, str]:
    """Answers the environment in which their node is found."""
    need_programs(*(program for name in names for program in NEEDS[name].programs))
    projects = [project for name in names for project in NEEDS[name].projects]
    if not projects:
        return dict(os.environ)
    node = find_node()
    install_node_projects(node, *projects)
    return node.env
