"""The server, its clients and every import reach nobody but this machine.

They run in a network of their own, in which only loopback answers. Each attempt of Python and Node
to reach another machine is written down before it fails, also where nobody says that it did; where
a browser is in it, so is each packet.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.clients.browser import node
from tests.programs import ROOT, environment

WATCHED = ROOT / "tests" / "fakes" / "watched"
CLIENTS = (
    "tests/clients/test_agui_clients.py::test_a_busy_thread_is_an_error_that_the_page_sees",
    "tests/clients/test_graphql_clients.py::test_an_answer_is_told_as_it_grows",
)


def apart() -> list[str]:
    """How to run something in a network of its own, which has nothing but loopback."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.fail("needs unshare and ip: apt-get install util-linux iproute2")
    command = ["unshare", *user, "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.fail("this user may make no network: run the tests as root")
    return command


def reached_by(words: Sequence[str], folder: Path) -> list[str]:
    """Whom the program tries to reach where only loopback answers; it must succeed."""
    reached = folder / "reached"
    reached.touch()
    done = subprocess.run(
        [*apart(), *words],
        cwd=ROOT,
        env=environment(
            PYTHONPATH=os.pathsep.join([str(WATCHED), str(ROOT)]),
            NODE_OPTIONS=f"--require {WATCHED / 'hook.cjs'}",
            REACHED=str(reached),
            RESOLVE_NAMES="1",
        ),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return reached.read_text().splitlines()


def lonely(work: str) -> list[str]:
    return [sys.executable, "-m", "tests.clients.lonely", work]


def test_an_attempt_of_python_s_is_seen(tmp_path: Path) -> None:
    assert reached_by(lonely("reach_out"), tmp_path) == ["socket.connect 192.0.2.1"]


def test_an_attempt_of_node_s_is_seen(tmp_path: Path) -> None:
    program = "fetch('http://192.0.2.1/').catch(() => fetch('http://copilotkit.ai')).catch(() => 0)"
    assert reached_by([node(), "-e", program], tmp_path) == [
        "connect 192.0.2.1",
        "connect copilotkit.ai",
        "lookup copilotkit.ai",
    ]


def test_an_attempt_of_a_page_s_is_seen(tmp_path: Path) -> None:
    reached = reached_by(lonely("page_that_reaches_out"), tmp_path)
    assert set(reached) == {"packet 192.0.2.1", "lookup copilotkit.ai"}


@pytest.mark.parametrize("work", ["import", "serve", "litellm", "chat"])
def test_the_server_its_page_and_its_imports_reach_nobody(work: str, tmp_path: Path) -> None:
    assert reached_by(lonely(work), tmp_path) == []


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_of_both_wires_and_what_they_ask_reach_nobody(client: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", client]
    assert reached_by(words, tmp_path) == []
