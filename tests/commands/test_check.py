"""`agui-runtime check`: doubts beside faults, and what `--deep` learns of servers and stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.commands.several import file_in
from tests.ports import free_port
from tests.programs import finished
from tests.stores.conftest import postgres as postgres
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
    code, found = await checked("--strict", AGUI_STORE=redis.url)
    assert code == 2
    assert f"127.0.0.1:{redis.port}" in found["wrong"][0]


async def test_what_a_postgresql_may_lose_is_a_warning(postgres: PostgresServer) -> None:
    url = postgres.database()
    code, found = await checked(AGUI_STORE=f"{url}?options=-csynchronous_commit%3Doff")
    assert (code, found["wrong"]) == (0, [])
    assert "set synchronous_commit = on" in "".join(found["warning"])


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


@pytest.mark.parametrize("level", ["--deep", "--strict"])
async def test_a_store_that_is_down_is_wrong_at_every_depth(level: str) -> None:
    code, found = await checked(level, AGUI_STORE=f"redis://127.0.0.1:{free_port()}/0")
    assert code == 2
    assert found["wrong"][0].startswith("threads: ")
