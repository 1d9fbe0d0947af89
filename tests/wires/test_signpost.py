"""What a wrong address answers: a page at the root, elsewhere where the runtime is."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Mount
from starlette.types import ASGIApp
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from agui_runtime import Caller, CopilotRuntime, create_app
from agui_runtime.commands.hosting import mounted
from agui_runtime.core.errors import StoreUnavailable
from tests.runtime.worlds import Scripted, text
from tests.support import client_of, served

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INFO = {"method": "info"}
HELLO = {"query": "{ hello }"}


class Described(Scripted):
    description = "Knows <b>all</b> & more"


def a_runtime(**more: Callable[..., object]) -> CopilotRuntime:
    agents = {"default": Scripted(*text("m1", "Hi")), "re<search": Described()}
    return CopilotRuntime(agents, **more)  # type: ignore[arg-type]  # functions of any kind


async def test_a_browser_at_the_root_is_shown_what_this_is_and_how_to_use_it() -> None:
    async with client_of(create_app(a_runtime(), ui=False)) as client:
        answer = await client.get("/", headers=BROWSER)
        url = f"{client.base_url}/copilotkit"
    assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html")
    assert f"runtimeUrl=&quot;{url}&quot;" in answer.text
    assert f'<a href="{url}">GraphQL playground</a>' in answer.text
    assert "<b>re&lt;search</b> Knows &lt;b&gt;all&lt;/b&gt; &amp; more" in answer.text
    assert f'href="{client.base_url}/healthz"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_every_link_of_the_page_leads_somewhere() -> None:
    async with client_of(create_app(a_runtime(), ui=False)) as client:
        page = (await client.get("/", headers=BROWSER)).text
        own = [it for it in re.findall(r'href="([^"]+)"', page) if str(client.base_url) in it]
        found = [(await client.get(each, headers=BROWSER)).status_code for each in own]
    assert found == [200, 200]


@pytest.mark.parametrize("path", ["/", "/api/copilotkit", "/api/copilotkit/info", "/copilot"])
@pytest.mark.parametrize("body", [INFO, HELLO, {}, None])
async def test_a_wrong_path_says_where_the_runtime_is(path: str, body: object) -> None:
    async with client_of(create_app(a_runtime())) as client:
        send = client.get(path) if body is None else client.post(path, json=body)
        answer = await send
        says = f"there is nothing at {path}; the runtimeUrl of front ends is "
        assert answer.status_code == 404
        assert answer.json()["message"] == f"{says}{client.base_url}/copilotkit"
        assert answer.json()["errors"] == [{"message": answer.json()["message"]}]


async def test_a_wrong_path_below_the_right_one_says_so_too() -> None:
    async with client_of(create_app(a_runtime())) as client:
        answer = await client.get("/copilotkit/api/info")
    assert answer.status_code == 404
    says = "there is nothing at /copilotkit/api/info; the runtimeUrl of front ends is "
    assert answer.json()["message"] == f"{says}{client.base_url}/copilotkit"
    assert answer.json()["errors"] == [{"message": answer.json()["message"]}]


@pytest.mark.parametrize("path", ["/", "/api/copilotkit", "/copilotkit/copilotkit"])
async def test_a_page_up_to_1_10_at_a_wrong_path_is_answered_so_that_it_shows_where(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    headers = {"X-CopilotKit-Runtime-Client-GQL-Version": "1.10.6"}
    async with client_of(create_app(a_runtime())) as client:
        answer = await client.post(path, json=HELLO, headers=headers)
        there = f"{client.base_url}/copilotkit"
    message = f"there is nothing at {path}; the runtimeUrl of front ends is {there}"
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["message"]) == (200, message)
    assert error["extensions"]["statusCode"] == 404
    assert any(each.getMessage().endswith(f"POST: {message}") for each in caplog.records)


async def test_only_what_front_ends_ask_for_is_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with client_of(create_app(a_runtime())) as client:
        await client.get("/wp-login.php")
        await client.get("/a%0Ab%1b/info")
    [line] = [each.getMessage() for each in caplog.records if "nothing at" in each.getMessage()]
    assert "GET: there is nothing at /a%0Ab%1B/info;" in line


async def test_a_slash_at_the_end_is_no_wrong_path() -> None:
    async with client_of(create_app(a_runtime())) as client:
        assert (await client.post("/copilotkit/", json=INFO)).status_code == 200
        assert (await client.post("/copilotkit/", json=HELLO)).status_code == 200


async def test_a_page_of_today_at_the_other_name_of_graphql_is_sent_to_the_runtime() -> None:
    async with client_of(create_app(a_runtime())) as client:
        posted = await client.post("/graphql", json=INFO)
        listed = await client.get("/graphql/info")
        here = await client.post("/graphql", json=HELLO)
    assert posted.status_code == 400
    # Today's clients show `message`, those of GraphQL `errors`.
    [error] = posted.json()["errors"]
    assert posted.json()["message"] == error["message"]
    there = f"{client.base_url}/copilotkit"
    assert error["message"] == f"Only GraphQL is spoken here; set the runtimeUrl to {there}"
    assert listed.json()["message"].endswith("/copilotkit")
    assert here.json() == {"data": {"hello": "Hello World"}}


async def test_a_websocket_at_a_wrong_path_is_refused() -> None:
    async with served(create_app(a_runtime())) as origin:
        with pytest.raises(InvalidStatus):
            async with connect(origin.replace("http", "ws") + "/nowhere"):
                pass


async def test_an_unknown_agent_s_answer_lists_those_that_the_caller_may_see() -> None:
    def authorize(caller: Caller, access: str, resource: object) -> bool:
        return getattr(resource, "agent", None) != "re<search"

    body = {"threadId": "t", "runId": "r", "messages": [], "tools": [], "context": []}
    more: dict[str, object] = {"state": {}, "forwardedProps": {}}
    for runtime, names in (
        (a_runtime(), "default, re<search"),
        (a_runtime(authenticate=lambda request: Caller("ann"), authorize=authorize), "default"),
    ):
        async with client_of(create_app(runtime)) as client:
            answer = await client.post("/copilotkit/agent/wether/run", json=body | more)
        assert answer.status_code == 404
        assert answer.json()["message"] == f"Agent 'wether' does not exist; there are {names}"


async def test_agents_are_shown_to_callers_whom_the_server_knows_and_may_see_them() -> None:
    def authenticate(request: Request) -> Caller | None:
        return Caller("ann") if request.headers.get("authorization") else None

    async with client_of(create_app(a_runtime(authenticate=authenticate), ui=False)) as client:
        stranger = (await client.get("/", headers=BROWSER)).text
        known = (await client.get("/", headers={**BROWSER, "authorization": "Bearer a"})).text
    assert "re&lt;search" not in stranger
    assert "shown to callers whom the server knows" in stranger
    assert "re&lt;search" in known


async def test_there_is_no_page_in_production() -> None:
    async with client_of(create_app(a_runtime(), production=True)) as client:
        answer = await client.get("/", headers=BROWSER)
    assert (answer.status_code, "re<search" in answer.text) == (404, False)


async def test_routes_of_the_app_s_owner_come_first() -> None:
    app = create_app(a_runtime())

    @app.get("/")
    async def home() -> str:
        return "mine"

    async with client_of(app) as client:
        assert (await client.get("/", headers=BROWSER)).json() == "mine"


@pytest.mark.parametrize("root", ["", "/ai"])
async def test_a_runtime_below_a_prefix_knows_its_address(root: str) -> None:
    app = FastAPI()
    app.mount(root, create_app(a_runtime(), ui=False))
    async with client_of(app) as client:
        page = await client.get(f"{root}/", headers=BROWSER)
        wrong = await client.get(f"{root}/nowhere")
        url = f"{client.base_url}{root}/copilotkit"
    assert f"<code>{url}</code>" in page.text
    assert wrong.json()["message"].endswith(f"is {url}")


async def test_several_runtimes_are_listed_together() -> None:
    app: ASGIApp = mounted(
        [
            Mount("/support", create_app(a_runtime())),
            Mount("/sales", create_app(a_runtime(), path="/")),
        ]
    )
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        page = await client.get("/", headers=BROWSER)
        wrong = await client.get("/nowhere")
    assert re.findall(r"<h2><code>(.*?)</code>", page.text) == [
        f"{origin}/support/copilotkit",
        f"{origin}/sales",
    ]
    assert re.findall(r'href="([^"]+/ui)"', page.text) == [
        f"{origin}/support/ui",
        f"{origin}/sales/ui",
    ]
    assert wrong.json()["message"].endswith(f"is {origin}/support/copilotkit or {origin}/sales")


async def test_a_page_of_several_runtimes_says_what_keeps_it_from_knowing_a_caller() -> None:
    def authenticate(request: Request) -> Caller | None:
        raise StoreUnavailable("the store of callers is away")

    apps = {"/a": create_app(a_runtime(authenticate=authenticate)), "/b": create_app(a_runtime())}
    app = mounted([Mount(path, each) for path, each in apps.items()])
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        page = await client.get("/", headers=BROWSER)
    assert page.status_code == 503
    assert "the store of callers is away" in page.text
