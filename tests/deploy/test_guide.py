"""The commands of `docs/deploy.md` about backups, carried out as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import httpx

from tests.ports import free_port
from tests.programs import ROOT, environment, finished, serving_at
from tests.stores.conftest import postgres as postgres
from tests.stores.postgres_server import PostgresServer
from tests.wires.agui.serving import run_body

PAGE = (ROOT / "docs/deploy.md").read_text()
BLOCK = re.compile(r"<!-- run: (\w+) -->\n```sh\n(.*?)```", re.DOTALL)
COMMANDS = dict(BLOCK.findall(PAGE))
APP = {"AGUI_APP": "tests.fakes.talker:runtime"}
URL = "postgresql://agui:secret@localhost/agui"


async def carried_out(name: str, *changes: tuple[str, str]) -> str:
    """What the commands of a block write, with other places than the page names."""
    text = COMMANDS[name]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    programs = Path(sys.executable).parent
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", text),
        cwd=ROOT,
        env=environment(**APP) | {"PATH": f"{programs}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def threads_at(store: str, *runs: str) -> list[str]:
    """Those that a server over the store lists after these threads had a run each."""
    async with (
        serving_at(free_port(), **APP, AGUI_STORE=store) as (_, origin, _),
        httpx.AsyncClient(base_url=f"{origin}/copilotkit", timeout=60) as client,
    ):
        for thread in runs:
            await client.post("/agent/default/run", json=run_body(thread=thread))
        listed = (await client.get("/threads")).json()["threads"]
    return sorted(each["id"] for each in listed)


async def test_a_sqlite_file_is_copied_beside_its_server_and_put_back(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "backups").mkdir()
    here = ("/var/lib/agui-runtime", f"{tmp_path}/lib")
    there = ("/var/backups", f"{tmp_path}/backups")
    store = f"sqlite:///{tmp_path}/lib/threads.db"
    async with (
        serving_at(free_port(), **APP, AGUI_STORE=store) as (_, origin, _),
        httpx.AsyncClient(base_url=origin, timeout=60) as client,
    ):
        await client.post("/copilotkit/agent/default/run", json=run_body(thread="before"))
        await carried_out("backup", here, there)
    assert await threads_at(store, "after") == ["after", "before"]
    assert "wrong" not in await carried_out("restore", here, there)
    assert await threads_at(store) == ["before"]


async def test_a_dump_of_postgres_is_put_back(postgres: PostgresServer, tmp_path: Path) -> None:
    store = postgres.database()
    await finished("db", "upgrade", AGUI_STORE=store)
    changes = ((URL, store), ("threads.dump", f"{tmp_path}/threads.dump"))
    assert await threads_at(store, "before") == ["before"]
    await carried_out("dump", *changes)
    assert await threads_at(store, "after") == ["after", "before"]
    await carried_out("put_back", *changes)
    assert await threads_at(store) == ["before"]
