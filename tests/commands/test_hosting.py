"""What AGUI_APP may name beside a runtime, served by `serve` as its user would."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from tests.programs import finished, serving
from tests.stores.conftest import redis as redis
from tests.stores.servers import RedisServer
from tests.wires.agui.serving import events, run_body, text

APPS = "tests.fakes.hosted"


async def run(client: httpx.AsyncClient, url: str, thread: str = "t1") -> str:
    answer = await client.post(f"{url}/agent/default/run", json=run_body(thread=thread))
    return text(events(answer.text))


async def test_an_app_with_options_of_its_own() -> None:
    async with (
        serving(AGUI_APP=f"{APPS}:app") as (_, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        file = {"audio": ("a.webm", b"12345", "audio/webm")}
        written = await client.post("/chat/transcribe", files=file)
        assert written.json()["text"] == "5 bytes"
        assert await run(client, "/chat") == "support"
        assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_an_app_that_a_runtime_is_mounted_in() -> None:
    async with (
        serving(AGUI_APP=f"{APPS}:outer") as (_, origin, said),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        assert f"{origin}/inner/copilotkit" in said
        assert await run(client, "/inner/copilotkit") == "sales"
        assert (await client.get("/entered")).json() == ["own"]


async def test_several_runtimes_side_by_side_with_the_lifespans_of_all() -> None:
    async with (
        serving(AGUI_APP=f"{APPS}:mounts") as (_, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        assert await run(client, "/support/chat") == "support"
        assert await run(client, "/sales/inner/copilotkit") == "sales"
        assert (await client.get("/sales/entered")).json() == ["own"]
        for probe in ("/healthz", "/readyz"):
            assert (await client.get(probe)).status_code == 200


async def test_a_wrapped_app() -> None:
    async with (
        serving(AGUI_APP=f"{APPS}:wrapped") as (_, origin, said),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        assert f"{origin}/copilotkit" in said
        assert await run(client, "/copilotkit") == "sales"


async def test_an_app_obeys_the_settings_that_its_arguments_leave_open() -> None:
    settings = {"AGUI_PRODUCTION": "1", "AGUI_MAX_BODY": "500", "AGUI_DRAIN_SECONDS": "1"}
    async with (
        serving(AGUI_APP=f"{APPS}:mounts", **settings) as (_, origin, said),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        assert "playground" not in said
        for url in ("/support/chat", "/sales/inner/copilotkit"):
            page = await client.get(url, headers={"accept": "text/html"})
            assert page.headers["content-type"].startswith("application/")
            large = await client.post(f"{url}/agent/default/run", json={"x": "x" * 500})
            assert large.status_code == 413


async def test_settings_that_an_apps_module_reads_from_a_file_are_obeyed() -> None:
    async with (
        serving(AGUI_APP="tests.fakes.declared:runtime") as (_, origin, said),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        assert f"{origin}/declared" in said
        assert await run(client, "/declared") == "declared"
        renamed = await client.get("/declared/info", headers={"host": "localhost"})
        assert renamed.status_code == 403


@pytest.mark.parametrize("name", ["app", "outer", "mounts", "wrapped"])
async def test_all_runtimes_are_drained(name: str) -> None:
    async with serving(AGUI_APP=f"{APPS}:{name}") as (process, _, _):
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert b"stopped; every run has ended" in err
    assert b"Traceback" not in err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"AGUI_APP": f"{APPS}:app", "AGUI_PATH": "/x", "AGUI_PRODUCTION": "1"},
            "AGUI_PATH cannot be obeyed: the app was given path='/chat'",
        ),
        (
            {"AGUI_APP": "tests.fakes.declared:other", "AGUI_STORE": "memory:"},
            "no runtime of `create_app` to obey AGUI_ALLOWED_HOSTS, AGUI_PATH, AGUI_STORE",
        ),
        (
            {"AGUI_APP": f"{APPS}:sales", "AGUI_MODEL": "openai/x"},
            "has agents of its own: leave out AGUI_MODEL",
        ),
        ({"AGUI_APP": f"{APPS}:strange"}, "is not a CopilotRuntime, an ASGI app, or a list of"),
        ({"AGUI_APP": f"{APPS}:APPS"}, "has no APPS"),
    ],
)
async def test_what_cannot_be_obeyed_is_refused(settings: dict[str, str], says: str) -> None:
    code, _, err = await finished("serve", "--port", "0", **settings)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["app", "outer", "mounts"])
async def test_an_app_listens_beyond_loopback_only_if_all_its_runtimes_know_who_asks(
    name: str,
) -> None:
    code, _, err = await finished(
        "serve", "--host", "0.0.0.0", "--port", "0", AGUI_APP=f"{APPS}:{name}"
    )
    assert code == 2
    assert "AGUI_ALLOW_ANONYMOUS=1" in err


async def test_threads_are_listed_from_the_store_that_the_environment_names(
    redis: RedisServer,
) -> None:
    async with (
        serving(AGUI_STORE=redis.url) as (_, origin, _),
        httpx.AsyncClient(base_url=f"{origin}/copilotkit") as client,
    ):
        await client.post("/agent/default/run", json=run_body())
        listed = (await client.get("/threads")).json()["threads"]
        messages = (await client.get("/threads/t1/messages")).json()["messages"]
    assert [thread["id"] for thread in listed] == ["t1"]
    assert messages[0]["role"] == "user"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "No such file"),
        ('{"gpt":\n {"input": -1, "output": 1}}', "prices.json, line 2: gpt.input"),
    ],
)
async def test_prices_that_cannot_be_read_are_refused_at_the_start(
    tmp_path: Path, text: str | None, says: str
) -> None:
    file = tmp_path / "prices.json"
    if text is not None:
        file.write_text(text)
    code, _, errors = await finished("serve", AGUI_PRICES=str(file))
    assert code == 2
    assert says in errors
    assert "Traceback" not in errors


async def test_runs_cost_what_the_file_of_prices_says(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"counted": {"input": 1000, "output": 0}}')
    settings = {"AGUI_PRICES": str(file), "AGUI_STORE": "memory:"}
    async with (
        serving(AGUI_APP=f"{APPS}:counting", **settings) as (_, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        await client.post("/copilotkit/agent/default/run", json=run_body(thread="t1"))
        [run] = (await client.get("/copilotkit/threads/t1/runs")).json()["runs"]
    assert run["cost"] == {"usd": "0.007", "prices": "prices.json"}
