"""`agui-runtime check`: doubts beside faults, and what `--deep` learns of servers and stores."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from agui_runtime.commands.cli import main
from agui_runtime.stores.shared import clocks
from tests.commands.several import file_in
from tests.ports import free_port
from tests.programs import finished
from tests.stores.conftest import postgres as postgres
from tests.stores.mounts import mounted
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer
from tests.support import served


async def checked(*words: str, **settings: str) -> tuple[int | None, dict[str, list[str]]]:
    """The exit code, and what was found, without what is fine, by how bad it is."""
    code, out, err = await finished("check", "--json", *words, **settings)
    assert err == ""
    found: dict[str, list[str]] = {"wrong": [], "warning": []}
    for each in json.loads(out):
        if each["what"] != "playground":  # which may be built here, or not
            found.setdefault(each["level"], []).append(f"{each['what']}: {each['says']}")
    return code, found


async def test_warnings_are_no_faults_unless_they_are_to_be(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")
    redis.start()
    try:
        code, found = await checked(AGUI_STORE=redis.url)
        assert (code, found["wrong"]) == (0, [])
        persistence, eviction = found["warning"]
        assert "set appendonly yes" in persistence
        assert "set maxmemory-policy noeviction" in eviction
        assert (await checked("--strict", AGUI_STORE=redis.url))[0] == 1
        redis.command("CONFIG", "SET", "appendonly", "yes")
        redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        assert (await checked(AGUI_STORE=redis.url))[1]["warning"] == []
    finally:
        redis.kill()


async def test_a_folder_that_cannot_be_made_is_found_before_the_first_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    code, found = await checked(AGUI_DATA=str(tmp_path / "file" / "threads"))
    assert code == 2
    [wrong] = found["wrong"]
    assert f"{tmp_path}/file is no folder; set AGUI_DATA to a folder" in wrong
    assert (await checked(AGUI_DATA=str(tmp_path / "new" / "threads")))[0] == 0
    assert not (tmp_path / "new").exists()


async def test_how_much_a_redis_forgets_is_said(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path, "--save", "")
    redis.start()
    try:
        [warning] = (await checked(AGUI_STORE=redis.url))[1]["warning"]
        assert "writes nothing to disk, and forgets all threads" in warning
        redis.command("CONFIG", "SET", "appendonly", "yes")
        redis.command("CONFIG", "SET", "appendfsync", "no")
        [warning] = (await checked(AGUI_STORE=redis.url))[1]["warning"]
        assert "set appendfsync everysec" in warning
    finally:
        redis.kill()


async def test_what_a_postgresql_may_lose_is_a_warning(postgres: PostgresServer) -> None:
    url = postgres.database()
    code, found = await checked(AGUI_STORE=f"{url}?options=-csynchronous_commit%3Doff")
    assert (code, found["wrong"]) == (0, [])
    assert "set synchronous_commit = on" in "".join(found["warning"])
    assert "set fsync = on" in "".join(found["warning"])  # off, as tests have it


async def test_threads_in_a_small_memory_are_warnings(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "tmpfs", "size=8m") as folder:
        code, found = await checked(AGUI_STORE=f"sqlite:///{folder}/threads.db")
    assert (code, found["wrong"]) == (0, [])
    memory, room = found["warning"]
    assert f"{folder} is memory (tmpfs), and so are threads" in memory
    assert re.search(rf"only [67] MB are free at {folder}: make room", room)


async def test_threads_in_the_files_of_a_container_are_a_warning(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    with mounted(tmp_path / "disk", "tmpfs", "size=512m") as disk:
        (disk / "changes").mkdir()
        (disk / "work").mkdir()
        layers = f"lowerdir={tmp_path}/image,upperdir={disk}/changes,workdir={disk}/work"
        with mounted(tmp_path / "container", "overlay", layers) as folder:
            code, found = await checked(AGUI_STORE=f"sqlite:///{folder}/threads.db")
    assert (code, found["wrong"]) == (0, [])
    [warning] = found["warning"]
    assert f"{folder} belongs to a container, and is gone with it" in warning


@pytest.mark.parametrize(("apart", "says"), [(-90, "90 s ahead of"), (90, "90 s behind")])
def test_a_store_whose_clock_is_another_is_a_warning(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    apart: int,
    says: str,
) -> None:
    redis = RedisServer(tmp_path, "--appendonly", "yes")
    redis.start()
    monkeypatch.setenv("AGUI_STORE", redis.url)
    monkeypatch.setattr(clocks, "time", SimpleNamespace(time=lambda: time.time() + apart))
    try:
        assert main(["check", "--json"]) == 0
    finally:
        redis.kill()
    printed = json.loads(capsys.readouterr().out)
    warnings = [each["says"] for each in printed if each["level"] == "warning"]
    assert any(f"the store's clock is {says} this machine's" in each for each in warnings)


async def test_settings_that_go_ill_together_are_warnings(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/threads.db?synchronous=normal"
    both = {"AGUI_PRODUCTION": "1", "AGUI_DEVELOPMENT": "1", "AGUI_STORE": url}
    code, found = await checked(**both)
    assert code == 0
    says = "\n".join(found["warning"])
    for part in ("leave out one", "AGUI_TOKENS_FILE", "AGUI_CORS_ORIGINS", "synchronous=normal"):
        assert part in says


async def test_deep_asks_servers_and_has_another_process_wake_up(tmp_path: Path) -> None:
    async def models(request: Request) -> Response:
        if request.headers["authorization"] != "Bearer a-key-that-is-long":
            return JSONResponse({"error": {"message": "who are you"}}, 401)
        return JSONResponse({"data": [{"id": "gpt-x"}]})

    async def info(request: Request) -> Response:
        return JSONResponse({"actions": [{"name": "look"}], "agents": []})

    async def agent(request: Request) -> Response:
        return PlainTextResponse("POST only", 405)

    app = Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/remote/info", info, methods=["POST"]),
            Route("/agent", agent),
        ]
    )
    settings = {"AGUI_APP": "tests.fakes.probed:runtime", **file_in(tmp_path)}
    async with served(app) as origin:
        port = origin.rpartition(":")[2]
        code, found = await checked("--deep", "--port", port, PROBED_URL=origin, **settings)
    assert (code, found["wrong"]) == (0, [])
    fine = "\n".join(found["ok"])
    for part in ("lists gpt-x", "(405 to GET)", "offers 0 agents and 1 tools", "another process"):
        assert part in fine
    assert [each for each in found["warning"] if "the port is in use" in each]

    nobody = f"http://127.0.0.1:{free_port()}"
    code, found = await checked("--deep", PROBED_URL=nobody, **settings)
    assert code == 2
    assert [each.partition(":")[0] for each in found["wrong"]] == [
        "agent default",
        "agent far",
        "RemoteEndpoint",
    ]


async def test_a_store_that_is_down_is_wrong_at_every_depth() -> None:
    """All at once: each waits for the store in full."""
    where = f"redis://127.0.0.1:{free_port()}/0"
    levels: list[tuple[str, ...]] = [(), ("--deep",), ("--strict",)]
    for code, found in await asyncio.gather(*(checked(*each, AGUI_STORE=where) for each in levels)):
        assert code == 2
        down = found["wrong"][0]
        assert down.startswith(f"threads: {where.removesuffix('/0')}")
        assert down.endswith(": the store cannot be reached; start it, or correct its URL")


async def test_the_agents_of_a_router_are_listed_with_their_domains(tmp_path: Path) -> None:
    source = """
from agui_runtime import CopilotRuntime
from agui_runtime.wrappers import limited, with_router

async def echo(request):
    yield "hi"

router = with_router({"tasks": echo, "notes": echo}, domains={"notes": "knowledge"})
runtime = CopilotRuntime({"default": limited(router, 4)})
"""
    (tmp_path / "routed.py").write_text(source)
    code, out, _ = await finished("check", AGUI_APP="routed:runtime", PYTHONPATH=str(tmp_path))
    assert code == 0
    assert re.search(r"routes of default\s+tasks, notes \(knowledge\)", out)
