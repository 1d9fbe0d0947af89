"""What the environment says is obeyed however an app is served, or refused before it is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime import (
    Caller,
    CopilotRuntime,
    Options,
    PriceTable,
    ServerOptions,
    create_app,
)
from agui_runtime.commands.hosting import hosted
from agui_runtime.core.errors import Misconfigured
from agui_runtime.runtime.titles import ThreadNamer
from agui_runtime.settings import Settings
from agui_runtime.stores.memory import MemoryStore
from tests.programs import ROOT, environment, finished
from tests.runtime.worlds import Scripted, text
from tests.stores.conftest import redis as redis
from tests.stores.servers import RedisServer
from tests.support import client_of
from tests.wires.agui.serving import run_body

PAGE = "https://app.example.com"
INFO = {"method": "info"}
TYPES = {"query": "{ __schema { queryType { name } } }"}


def a_runtime(**more: Any) -> CopilotRuntime:  # noqa: ANN401
    return CopilotRuntime({"default": Scripted(*text("m1", "Hello"))}, **more)


def declare(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"AGUI_{name.upper()}", value)


async def test_an_app_obeys_the_environment_whoever_serves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, path="/chat/", cors_origins=PAGE, production="1", max_body="2000")
    async with client_of(create_app(a_runtime())) as client:
        assert (await client.post("/copilotkit", json=INFO)).status_code == 404
        known = await client.post("/chat", json=INFO, headers={"origin": PAGE})
        other = await client.post("/chat", json=INFO, headers={"origin": "https://x.test"})
        page = await client.get("/chat", headers={"accept": "text/html"})
        schema = (await client.post("/chat", json=TYPES)).json()
        sent = [
            (await client.post(path, json={**body, "more": "x" * 2000})).status_code
            for path, body in (("/chat", INFO), ("/chat", TYPES), ("/chat/agent/default/run", {}))
        ]
    assert known.headers["access-control-allow-origin"] == PAGE
    assert other.status_code == 403
    assert "text/html" not in page.headers["content-type"]
    assert "errors" in schema
    assert sent == [413, 413, 413]


async def test_the_store_that_the_environment_names_is_used(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, store=redis.url)
    for _ in range(2):  # as two processes
        async with client_of(create_app(a_runtime())) as client:
            await client.post("/copilotkit/agent/default/run", json=run_body())
            listed = (await client.get("/copilotkit/threads")).json()["threads"]
            assert [thread["id"] for thread in listed] == ["t1"]


def test_a_store_that_a_runtime_was_given_is_not_exchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, store="redis://user:secret@localhost:6379/0")
    with pytest.raises(Misconfigured, match="AGUI_STORE cannot be obeyed") as refused:
        create_app(a_runtime(store=MemoryStore()))
    assert "secret" not in str(refused.value)


def test_prices_that_a_runtime_was_given_are_not_exchanged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"m": {"input": 1, "output": 2}}')
    declare(monkeypatch, prices=str(file))
    create_app(a_runtime())
    given = Options(prices=PriceTable.read(b"{}", "ours.json"))
    with pytest.raises(Misconfigured, match="AGUI_PRICES cannot be obeyed"):
        create_app(a_runtime(options=given))


def test_two_apps_of_one_runtime_share_the_store_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, store="redis://localhost:6379/0", name_threads="1")
    runtime = a_runtime()
    create_app(runtime)
    store = runtime.store
    create_app(runtime, path="/second")
    assert runtime.store is store
    assert runtime.hook_of(ThreadNamer)


def test_a_store_that_no_url_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, store="mysql://localhost/threads")
    with pytest.raises(Misconfigured, match="redis://"):
        create_app(a_runtime())


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"AGUI_PRODUKTION": "1"}, "AGUI_PRODUKTION is no setting; did you mean AGUI_PRODUCTION?"),
        ({"AGUI_CORS_ORIGIN": PAGE}, "did you mean AGUI_CORS_ORIGINS?"),
        ({"AGUI_path": "/x"}, "did you mean AGUI_PATH?"),
        ({"agui_store": "redis://x"}, "did you mean AGUI_STORE?"),
        (
            {"AGUI_QUALITY": "best"},
            "there are AGUI_ACTIONS, AGUI_ALLOWED_HOSTS, AGUI_ALLOW_ANONYMOUS, ",
        ),
        ({"AGUI_PRODUCTION": "maybe"}, "AGUI_PRODUCTION must be 1 or 0"),
        ({"AGUI_LOG_LEVEL": "loud"}, "debug, info, warning, error, critical, not 'loud'"),
        ({"AGUI_DRAIN_SECONDS": "-1"}, "AGUI_DRAIN_SECONDS must be a number of seconds"),
        ({"AGUI_HEADER_SECONDS": "0"}, "AGUI_HEADER_SECONDS must be more than 0"),
        ({"AGUI_MAX_REQUESTS": "0"}, "AGUI_MAX_REQUESTS must be a whole number from 1"),
        ({"AGUI_MAX_DEPTH": "1000"}, "AGUI_MAX_DEPTH"),
        ({"AGUI_PATH": "/a?b"}, "AGUI_PATH"),
        ({"AGUI_CORS_ORIGINS": "*,https://a.test"}, "AGUI_CORS_ORIGINS"),
        ({"AGUI_CORS_ORIGINS": "a.test"}, "AGUI_CORS_ORIGINS"),
        ({"AGUI_ALLOWED_HOSTS": "http://a.test"}, "AGUI_ALLOWED_HOSTS"),
        ({"AGUI_FORWARD_HEADERS": "cookie"}, "AGUI_FORWARD_HEADERS"),
        ({"AGUI_FORWARD_HEADERS": "*"}, "AGUI_FORWARD_HEADERS"),
        ({"AGUI_FORWARD_HEADERS": "x tenant"}, "AGUI_FORWARD_HEADERS: no header is named"),
        ({"AGUI_LOG_LEVEL": "warn"}, "did you mean warning?"),
        ({"AGUI_PATH": '"/chat"'}, "AGUI_PATH: leave out the quotes around it"),
        ({"AGUI_STORE": "'redis://localhost'"}, "AGUI_STORE: leave out the quotes"),
        ({"AGUI_STORE": "redis://local\nhost"}, "AGUI_STORE has characters that cannot be printed"),
        ({"AGUI_STORE ": "memory:"}, "did you mean AGUI_STORE?"),
        ({"\ufeffAGUI_STORE": "memory:"}, "did you mean AGUI_STORE?"),
        ({"AGUI_METRICS": "http://127.0.0.1:9464"}, "AGUI_METRICS must be a host and a port"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_refused_by_its_name(
    settings: Mapping[str, str], hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as refused:
        create_app(a_runtime())
    assert hint in str(refused.value)
    with pytest.raises(Misconfigured) as refused:
        hosted()
    assert hint in str(refused.value)


@pytest.mark.parametrize("around", ["{}\r", "{}\r\n", "  {} ", "\t{}"])
def test_what_files_of_variables_leave_around_a_value_is_no_part_of_it(around: str) -> None:
    given = {
        "AGUI_MODEL": "openai/gpt-4o-mini",
        "AGUI_API_KEY": "sk-1",
        "OPENAI_API_KEY": "sk-2",
        "AGUI_PATH": "/chat",
        "AGUI_DRAIN_SECONDS": "5",
        "AGUI_PRODUCTION": "1",
        "AGUI_CORS_ORIGINS": PAGE,
        "AGUI_STORE": "memory:",
    }
    spaced = {name: around.format(value) for name, value in given.items()}
    assert Settings.read(spaced) == Settings.read(given)
    assert "model" not in Settings.read({"AGUI_MODEL": around.format("")}).present


@pytest.mark.parametrize("flag", ["1", "true", "TRUE", "yes", "on"])
def test_flags_are_set_by_any_word_for_it(flag: str) -> None:
    assert Settings.read({"AGUI_PRODUCTION": flag}).production


@pytest.mark.parametrize(
    "declared",
    [
        "AGUI_SERVICE_HOST=10.0.0.7",
        "AGUI_RUNTIME_SERVICE_PORT_HTTP=8000",
        "AGUI_PORT=tcp://10.0.0.7:8000",
        "AGUI_STORE_PORT_6379_TCP=tcp://10.0.0.8:6379",
        "AGUI_RUNTIME_PORT_8000_TCP_ADDR=10.0.0.7",
    ],
)
async def test_what_kubernetes_tells_of_a_service_of_that_name_is_no_setting(
    declared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _, value = declared.partition("=")
    monkeypatch.setenv(name, value)
    async with client_of(create_app(a_runtime())) as client:
        assert (await client.get("/healthz")).status_code == 200
    monkeypatch.setenv("AGUI_PORT", "8000")
    with pytest.raises(Misconfigured, match="AGUI_PORT is no setting"):
        create_app(a_runtime())


@pytest.mark.parametrize(
    "name",
    [
        "app",
        "model",
        "api_key",
        "openai_base_url",
        "data",
        "drain_seconds",
        "header_seconds",
        "processes",
    ],
)
def test_what_only_serve_obeys_is_refused_by_an_app(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "http://127.0.0.1:1/v1" if name == "openai_base_url" else "1"
    declare(monkeypatch, **({} if name == "app" else {"model": "openai/x"}) | {name: value})
    with pytest.raises(
        Misconfigured, match=f"only `agui-runtime serve` obeys .*AGUI_{name.upper()}"
    ):
        create_app(a_runtime())


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"AGUI_API_KEY": "sk-1"}, "AGUI_API_KEY needs AGUI_MODEL"),
        ({"AGUI_APP": "bench.app", "AGUI_MODEL": "openai/x"}, "leave out AGUI_MODEL"),
        ({"AGUI_APP": "bench.app", "AGUI_API_KEY": "sk-1"}, "leave out AGUI_API_KEY"),
        ({"AGUI_MODEL": "openai/"}, "names no model"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    settings: Mapping[str, str], hint: str
) -> None:
    with pytest.raises(Misconfigured, match=hint) as refused:
        hosted(Settings.read(settings))
    assert "sk-1" not in str(refused.value)


def test_every_setting_of_the_readme_is_one_and_every_one_is_there() -> None:
    readme = (ROOT / "README.md").read_text() + (ROOT / "docs" / "threads.md").read_text()
    with pytest.raises(Misconfigured) as refused:
        Settings.read({"AGUI_QUALITY": ""})
    known = str(refused.value).partition("there are ")[2].split(", ")
    assert len(known) > 20
    assert [name for name in known if f"`{name}" not in readme] == []


def known(request: object) -> Caller:
    return Caller("ann")


async def status_beyond(app: ASGIApp, path: str = "/copilotkit") -> int:
    """What a connection gets that comes in from another machine."""

    async def there(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "server": ("192.0.2.7", 8000)}, receive, send)

    transport = httpx.ASGITransport(there)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as client:
        if path == "/healthz":
            return (await client.get(path)).status_code
        return (await client.post(path, json=INFO)).status_code


async def test_whoever_knows_nobody_answers_no_other_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await status_beyond(create_app(a_runtime())) == 403
    assert await status_beyond(create_app(a_runtime()), "/healthz") == 200
    assert await status_beyond(create_app(a_runtime(authenticate=known))) == 200
    options = ServerOptions(allow_anonymous=True)
    assert await status_beyond(create_app(a_runtime(), options=options)) == 200
    declare(monkeypatch, allow_anonymous="1")
    assert await status_beyond(create_app(a_runtime())) == 200


async def test_uvicorn_alone_refuses_to_start_with_a_setting_that_it_cannot_obey() -> None:
    code = "import uvicorn; uvicorn.run('tests.fakes.hosted:outer', port=0)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        cwd=ROOT,
        env=environment(AGUI_DRAIN_SECONDS="5", AGUI_PRODUCTION="1"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    assert process.returncode
    assert b"only `agui-runtime serve` obeys AGUI_DRAIN_SECONDS" in err


async def test_serve_names_an_unknown_variable_in_one_line() -> None:
    code, out, err = await finished("serve", AGUI_PRODUCTIONS="1")
    assert (code, out) == (2, "")
    assert err == ("agui-runtime: AGUI_PRODUCTIONS is no setting; did you mean AGUI_PRODUCTION?\n")
