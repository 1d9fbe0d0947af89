"""`serve --processes N` as its user meets it: real processes, killed, stopped and replaced."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from agui_runtime.commands.processes import Patience, Supervisor
from tests.commands.several import APP, BASE, Several, file_in, kill, several
from tests.programs import finished
from tests.stores.conftest import postgres as postgres, redis as redis
from tests.wires.agui.serving import events, reading, run_body, text, types
from tests.wires.graphql.serving import ACCEPT, chat, payloads, user

RUN, CONNECT = f"{BASE}/run", f"{BASE}/connect"
WORDS = 20
COUNTED = "".join(f"{number} " for number in range(WORDS))


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What makes processes share a store; tables of PostgreSQL are made by the parent."""
    if request.param == "sqlite":
        return file_in(tmp_path)
    server = request.getfixturevalue(request.param)
    if request.param == "redis":
        return {"AGUI_STORE": server.url}
    server.database()  # which starts it
    return {"AGUI_STORE": server.make("several"), "AGUI_DB_UPGRADE": "1"}


async def test_what_processes_over_one_store_promise(store: dict[str, str]) -> None:
    """One server for all of it: it takes seconds to start."""
    async with several(**store) as parent:
        await _readers_and_a_stop_at_another_process(parent)
        await _a_process_that_is_killed(parent)
        await _replaced_under_load(parent)
        parent.process.send_signal(signal.SIGTERM)
        assert await parent.ended() == (
            0,
            f"INFO:     {_named(parent)} stopped; every run has ended",
        )
    assert all(re.match(r"[A-Z]+: +\[\d+\] ", line) for line in parent.lines), parent.lines
    assert sum(line.startswith("WARNING") for line in parent.lines) == 1  # of the killed one


def _named(parent: Several) -> str:
    return f"[{parent.process.pid}]"


async def _readers_and_a_stop_at_another_process(parent: Several) -> None:
    async with (
        parent.client(of=parent.pids) as (one, pid),
        parent.client(of={*parent.pids} - {pid}) as (other, elsewhere),
        parent.client(of=[elsewhere]) as (third, _),
        reading(one, RUN, run_body("hold", "held")) as run,
    ):
        await run.until("TEXT_MESSAGE_CONTENT")
        listed = (await other.get("/copilotkit/threads?agentId=default")).json()["threads"]
        assert "held" in [thread["id"] for thread in listed]
        async with reading(third, CONNECT, run_body(thread="held", messages=[])) as late:
            await late.until("TEXT_MESSAGE_CONTENT")
            stopped = await other.post(f"{BASE}/stop/held", json={})
            assert stopped.json()["stopped"]
            await late.until("RUN_FINISHED")
        await run.until("RUN_FINISHED")


async def _a_process_that_is_killed(parent: Several) -> None:
    """A reader at another one sees the end of its run, and another one takes its place."""
    async with (
        parent.client(of=parent.pids) as (one, pid),
        parent.client(of={*parent.pids} - {pid}) as (other, _),
    ):
        async with reading(one, RUN, run_body("hold", "killed")) as run:
            await run.until("TEXT_MESSAGE_CONTENT")
        async with reading(other, CONNECT, run_body(thread="killed", messages=[])) as late:
            await late.until("TEXT_MESSAGE_CONTENT")
            kill(pid)
            await late.until("RUN_ERROR")
        seen = events(late.seen + "\n\n")
        assert (seen[-1]["code"], text(seen)) == ("OWNER_LOST", f"{pid} ")
        assert f"process {pid} was killed by SIGKILL" in await parent.until("killed by")
        again = await other.post(RUN, json=run_body("count 3 0", "killed", "r2"))
        assert types(events(again.text))[-1] == "RUN_FINISHED"


async def _replaced_under_load(parent: Several) -> None:
    """Nobody is refused, and every run is whole, on both wires."""
    done = asyncio.Event()
    async with httpx.AsyncClient(base_url=parent.origin, timeout=60) as client:
        by_agui = [asyncio.create_task(_agui_load(client, n, done)) for n in range(4)]
        by_graphql = [asyncio.create_task(_graphql_load(client, n, done)) for n in range(4)]
        parent.process.send_signal(signal.SIGHUP)
        await parent.until("every process was replaced")
        done.set()
        runs = await asyncio.gather(*by_agui, *by_graphql)
    assert min(runs) > 1
    replaced = [line for line in parent.lines if "takes the place of" in line]
    assert len(replaced) == 2


async def _agui_load(client: httpx.AsyncClient, number: int, done: asyncio.Event) -> int:
    """Runs until it is done, each checked; how many."""
    for turn in count(1):
        name = f"agui-{number}-{turn}"
        answer = await client.post(RUN, json=run_body(f"count {WORDS} 0.03", name, name))
        assert answer.status_code == 200, answer.text
        seen = events(answer.text)
        assert (seen[-1]["type"], text(seen)) == ("RUN_FINISHED", COUNTED), seen[-1]
        if done.is_set():
            return turn
    raise AssertionError("unreachable")


async def _graphql_load(client: httpx.AsyncClient, number: int, done: asyncio.Event) -> int:
    for turn in count(1):
        name = f"graphql-{number}-{turn}"
        body = chat(threadId=name, messages=[user(f"u-{name}", f"count {WORDS} 0.03")])
        answer = await client.post("/copilotkit", json=body, headers={"accept": ACCEPT})
        assert answer.status_code == 200, answer.text
        whole = b"".join(payloads(answer.content)).decode()
        assert "".join(re.findall(r'"(\d+ )"', whole)) == COUNTED, whole
        assert "SuccessResponseStatus" in whole
        if done.is_set():
            return turn
    raise AssertionError("unreachable")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_all_processes_let_their_runs_end(tmp_path: Path, stop: signal.Signals) -> None:
    async with several(**file_in(tmp_path)) as parent:
        async with (
            parent.client(of=parent.pids) as (one, pid),
            parent.client(of={*parent.pids} - {pid}) as (other, _),
            reading(one, RUN, run_body("count 40 0.05", "t1", "r1")) as first,
            reading(other, RUN, run_body("count 40 0.05", "t2", "r2")) as second,
        ):
            await first.until("TEXT_MESSAGE_CONTENT")
            await second.until("TEXT_MESSAGE_CONTENT")
            parent.process.send_signal(stop)
            await first.until("RUN_FINISHED")
            await second.until("RUN_FINISHED")
        code, line = await parent.ended()
        assert code == {signal.SIGTERM: 0, signal.SIGINT: 130}[stop]
        assert "stopped; every run has ended" in line


async def test_processes_whose_parent_is_gone_end_their_runs_and_free_the_port(
    tmp_path: Path,
) -> None:
    async with several(**file_in(tmp_path)) as parent:
        async with (
            parent.client(of=parent.pids) as (one, _),
            reading(one, RUN, run_body("count 40 0.05")) as run,
        ):
            await run.until("TEXT_MESSAGE_CONTENT")
            kill(parent.process.pid)
            await run.until("RUN_FINISHED")
        await parent.process.communicate()  # until the last of them has let go of its output
        socket.create_server(("127.0.0.1", int(parent.origin.rpartition(":")[2]))).close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"AGUI_STORE": "memory:"}, ("--processes", "2")),
        ({"AGUI_STORE": "memory:", "AGUI_PROCESSES": "2"}, ()),
    ],
)
async def test_threads_in_memory_are_not_shared_out(
    settings: dict[str, str], words: tuple[str, ...]
) -> None:
    code, out, err = await finished("serve", "--port", "0", *words, **APP, **settings)
    assert (code, out) == (2, "")
    assert err == (
        "agui-runtime: 2 processes need a store that they share, and threads are in memory: set"
        " AGUI_STORE to sqlite:///threads.db, postgresql://... or redis://..., or serve with"
        " --processes 1\n"
    )


@pytest.mark.parametrize("number", ["0", "-1", "two", "1000"])
async def test_a_number_of_processes_that_cannot_be_meant(number: str) -> None:
    code, _, err = await finished("serve", f"--processes={number}", **APP)
    assert code == 2
    assert f"a number of processes is from 1 to 512, not {number!r}" in err


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield [listener]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fails_to_start", "a process did not come up; its own lines say why: giving up"),
        ("dies_at_once", "processes end at once again and again, 3 times in a row: giving up"),
    ],
)
async def test_processes_that_die_at_once_are_given_up(
    name: str,
    says: str,
    listeners: list[socket.socket],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("AGUI_APP", f"tests.fakes.dying:{name}")
    monkeypatch.setenv("AGUI_DATA", str(tmp_path))
    supervisor = Supervisor(1, listeners, Patience(pause=0.01, tries=3))
    assert await supervisor.run("http://here") == 1
    assert [each.message for each in caplog.records if each.levelname == "ERROR"][-1] == says


READIES_AND_DIES = 'echo ready >&"$3"; exit 7'
HANGS = "exec sleep 600"


def programs(folder: Path, *scripts: str) -> str:
    """A Python whose first start is the first of these scripts, and so on; then it is gone."""
    python = folder / "python"
    names = [python, *(folder / f"next-{number}" for number, _ in enumerate(scripts[1:]))]
    for name, following, script in zip(names, [*names[1:], None], scripts, strict=True):
        goes = f'mv "{following}" "{python}"' if following else f'rm "{python}"'
        name.write_text(f"#!/bin/bash\n{goes}\n{script}\n")
        name.chmod(0o755)
    return str(python)


@pytest.mark.parametrize(
    ("scripts", "says"),
    [
        ([READIES_AND_DIES], "a new process could not be started: No such file or directory"),
        ([READIES_AND_DIES, HANGS, READIES_AND_DIES], "was killed by SIGKILL"),
    ],
)
async def test_a_successor_that_cannot_start_or_hangs_is_a_death(
    scripts: list[str],
    says: str,
    listeners: list[socket.socket],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("sys.executable", programs(tmp_path, *scripts))
    supervisor = Supervisor(1, listeners, Patience(ready=3, pause=0.01, tries=3))
    assert await supervisor.run("http://here") == 1
    assert says in caplog.text
    assert "processes end at once again and again, 3 times in a row: giving up" in caplog.text


class Lines(logging.Handler):
    """What a parent in this process writes to its log, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.queue.put_nowait(record.getMessage())

    async def until(self, words: str) -> None:
        while words not in await self.queue.get():
            pass


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    caplog.set_level(logging.INFO, "agui_runtime")
    handler = Lines()
    logger = logging.getLogger("agui_runtime.commands.processes")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


async def test_processes_stay_where_no_new_one_can_be_started(
    listeners: list[socket.socket],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: Lines,
) -> None:
    serves = 'echo ready >&"$3"; read -r order <&"$3"; exit 0'
    monkeypatch.setattr("sys.executable", programs(tmp_path, serves))
    serving = asyncio.create_task(Supervisor(1, listeners).run("http://here"))
    await lines.until("running on")
    os.kill(os.getpid(), signal.SIGHUP)
    await lines.until("the old ones stay")
    os.kill(os.getpid(), signal.SIGTERM)
    assert await serving == 0
