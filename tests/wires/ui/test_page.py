"""The page for people over HTTP: who is shown it, its views, its files, what is missing."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime import (
    AguiWire,
    CopilotRuntime,
    GraphQLWire,
    ServerOptions,
    UiWire,
    Wire,
    create_app,
)
from agui_runtime.core.errors import Misconfigured
from agui_runtime.settings import Settings
from agui_runtime.wires.shared.options import DEFAULT_OPTIONS
from tests.runtime.worlds import Scripted, text
from tests.support import client_of

INDEX = '<!doctype html><script type="module" src="./assets/index-1a2b.js"></script>'
SCRIPT = "console.log(1)"
BROWSER = {"accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as `python3 scripts.py ui` leaves it."""
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / ".stamp").write_text("secret")
    (assets / "index-1a2b.js").write_text(SCRIPT)
    (assets / "index-1a2b.js.gz").write_bytes(gzip.compress(b"compressed"))
    return tmp_path


def runtime() -> CopilotRuntime:
    return CopilotRuntime({"default": Scripted(*text("m1", "Hi"))})


def app(files: Path, options: ServerOptions = DEFAULT_OPTIONS) -> FastAPI:
    wires: list[Wire] = [GraphQLWire(), UiWire(files), AguiWire()]
    return create_app(runtime(), wires=wires, options=options)


VIEWS = (
    "/ui",
    "/ui/",
    "/ui/threads/t1",
    "/ui/threads/t1/",
    "/ui/threads/a%2Fb/runs/r%201?at=4-1",
    "/ui/state/t1/default",
    "/ui/numbers",
    "/ui/agents",
)


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize("mount", ["", "/deep/down"])
async def test_every_view_finds_its_files_wherever_it_is_mounted(
    built: Path, path: str, mount: str
) -> None:
    outer = FastAPI()
    outer.mount(mount, app(built))
    async with client_of(outer) as client:
        page = await client.get(mount + path, headers=BROWSER)
        script = str(page.url.join(page.text.partition('src="')[2].partition('"')[0]))
        found = await client.get(script)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert found.text == "compressed"


@pytest.mark.parametrize(
    "path",
    [
        "/ui/nothing",
        "/ui/threads/t1/run/r1",
        "/ui/assets/other.js",
        "/ui/.stamp",
        "/ui/%2e%2e/wire.py",
        "/ui/assets/..%2f.stamp",
        "/ui/assets/..%2Findex.html",
        f"/ui/assets/{'a' * 300}.js",
    ],
)
async def test_nothing_else_is_the_page_or_a_file_of_it(built: Path, path: str) -> None:
    async with client_of(app(built)) as client:
        answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")


async def test_files_are_compressed_beforehand_and_may_be_stored_for_good(built: Path) -> None:
    async with client_of(app(built)) as client:
        small = await client.get("/ui/assets/index-1a2b.js")
        plain = await client.get("/ui/assets/index-1a2b.js", headers={"accept-encoding": ""})
    assert (small.text, small.headers["content-encoding"]) == ("compressed", "gzip")
    assert (plain.text, plain.headers.get("content-encoding")) == (SCRIPT, None)
    for each in (small, plain):
        assert each.headers["content-type"].startswith("text/javascript")
        assert each.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "accept-encoding" in each.headers["vary"].lower()


async def test_the_policy_lets_it_reach_this_server_alone(built: Path) -> None:
    async with client_of(app(built)) as client:
        answers = [await client.get(path) for path in ("/ui", "/ui/config.json", "/ui/nothing")]
    for each in answers:
        policy = each.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'"} <= {*policy}
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in each.headers["content-security-policy"]
        assert each.headers["x-content-type-options"] == "nosniff"


async def test_a_frame_has_an_origin_of_its_own_and_reaches_nothing(built: Path) -> None:
    async with client_of(app(built)) as client:
        frame = await client.get("/ui/frame.html")
    policy = frame.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'self'", "base-uri 'none'"} <= {*policy}
    assert "sandbox allow-scripts allow-forms" in policy
    assert "connect-src" not in frame.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/copilotkit", "/", "/ai/chat"])
async def test_it_learns_where_the_runtime_is_relative_to_itself(built: Path, path: str) -> None:
    async with client_of(app(built, ServerOptions(path=path))) as client:
        config = await client.get("/ui/config.json")
        url = config.url.join(config.json()["runtime"])
        info = await client.get(f"{str(url).rstrip('/')}/info")
    assert info.json()["version"] == config.json()["version"]


async def test_a_page_can_only_be_read(built: Path) -> None:
    async with client_of(app(built)) as client:
        answer = await client.post("/ui", json={})
        head = await client.head("/ui")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (head.status_code, head.text) == (200, "")


async def test_a_browser_at_the_root_is_sent_to_it(built: Path) -> None:
    outer = FastAPI()
    outer.mount("/deep", app(built))
    async with client_of(app(built)) as client:
        page = await client.get("/", headers=BROWSER, follow_redirects=True)
        data = await client.get("/")
    async with client_of(outer) as client:
        deep = await client.get("/deep/", headers=BROWSER, follow_redirects=True)
    assert (page.url.path, page.status_code, data.status_code) == ("/ui/", 200, 404)
    assert (deep.url.path, deep.status_code) == ("/deep/ui/", 200)


async def test_while_its_files_are_missing_it_says_which_command_brings_them(
    tmp_path: Path,
) -> None:
    async with client_of(app(tmp_path)) as client:
        before = await client.get("/ui/threads/t1")
        (tmp_path / "building.txt").write_text("installing <packages>")
        during = await client.get("/ui")
    assert (before.status_code, during.status_code) == (503, 503)
    assert "python3 scripts.py ui" in before.text
    assert f"{before.url.copy_with(path='/copilotkit')}" in before.text
    assert "installing &lt;packages&gt;" in during.text


SHOWN: Mapping[str, tuple[ServerOptions, bool]] = {
    "usual": (ServerOptions(), True),
    "not wanted": (ServerOptions(ui=False), False),
    "production": (ServerOptions(production=True), False),
    "wanted in production": (ServerOptions(production=True, ui=True), True),
    "at its own path": (ServerOptions(path="/ui"), False),
}


@pytest.mark.parametrize("case", SHOWN)
async def test_who_is_shown_it_is_a_choice(built: Path, case: str) -> None:
    options, shown = SHOWN[case]
    async with client_of(app(built, options)) as client:
        answer = await client.get("/ui/numbers", headers=BROWSER)
    assert (answer.text.startswith("<!doctype html><script")) is shown


@pytest.mark.parametrize(("ui", "status"), [(None, 404), (True, 200)])
async def test_beyond_loopback_it_is_shown_only_where_it_is_wanted(
    built: Path, ui: bool | None, status: int
) -> None:
    made = app(built, ServerOptions(ui=ui, allow_anonymous=True))
    transport = httpx.ASGITransport(served_at("192.0.2.1", made))
    async with httpx.AsyncClient(transport=transport, base_url="http://192.0.2.1") as client:
        page = await client.get("/ui", headers=BROWSER)
        root = await client.get("/", headers=BROWSER)
    assert page.status_code == status
    assert (root.status_code == 307) is bool(ui)


def served_at(address: str, app: ASGIApp) -> ASGIApp:
    """The app, whose connections come in at this address."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "server": (address, 80)}, receive, send)

    return served


def test_a_page_that_is_wanted_and_cannot_be_shown_is_refused() -> None:
    with pytest.raises(Misconfigured, match="UiWire"):
        create_app(runtime(), wires=[AguiWire()], options=ServerOptions(ui=True))
    with pytest.raises(Misconfigured, match="below /ui"):
        create_app(runtime(), path="/ui/ai", ui=True)


def test_the_environment_says_whether_there_is_a_page() -> None:
    assert Settings.read({}).ui is None
    assert Settings.read({"AGUI_UI": "1"}).ui is True
    assert Settings.read({"AGUI_UI": "0"}).ui is False
