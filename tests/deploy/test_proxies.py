"""nginx and Caddy before real servers, as `deploy/` sets them up, over TLS."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from websockets.asyncio.client import connect

from agui_runtime.app import create_app
from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.options import ServerOptions
from tests.clients.held_streams import Halting, read_all
from tests.deploy.proxies import Certificate, Front, Proxy
from tests.fakes.talker import talking
from tests.ports import free_port
from tests.programs import serving_at
from tests.support import served
from tests.wires.agui.serving import events, frames, reading, run_body, types
from tests.wires.graphql.subscribing import ANSWER, PROTOCOL, Socket, data

RUN = "/copilotkit/agent/default/run"
CONNECT = "/copilotkit/agent/default/connect"
APP = {"AGUI_APP": "tests.fakes.talker:runtime"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.made(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, certificate: Certificate) -> Proxy:
    return Proxy(request.param, certificate)


@asynccontextmanager
async def halting(
    proxy: Proxy, folder: Path, options: ServerOptions | None = None, **changes: str
) -> AsyncIterator[tuple[Front, Halting]]:
    """The proxy before a server whose agent waits until its first word has been read."""
    agent = Halting()
    app = create_app(CopilotRuntime(agents={"default": agent}), options=options)
    async with served(app) as origin, proxy.before([origin], folder, changes) as front:
        yield front, agent


async def test_each_event_comes_by_itself_over_http_2_too(proxy: Proxy, tmp_path: Path) -> None:
    async with halting(proxy, tmp_path) as (front, agent):
        async with front.client() as client:
            assert (await client.get("/copilotkit/info")).http_version == "HTTP/2"
            await read_all(client, f"{front.origin}/copilotkit", agent)
        async with httpx.AsyncClient(verify=front.trusted) as client:
            await read_all(client, f"{front.origin}/copilotkit", agent)


async def test_a_subscription_over_a_websocket_comes_event_by_event(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with halting(proxy, tmp_path) as (front, agent):
        url = f"{front.origin}/copilotkit".replace("https", "wss")
        protocols: list[Any] = [PROTOCOL]  # a NewType of str
        async with connect(url, ssl=front.trusted, subprotocols=protocols) as connection:
            socket = await Socket(connection).initialised()
            await socket.subscribe("1", ANSWER, data=data())
            said = ""
            while (message := await socket.hear())["type"] == "next":
                said += message["payload"]["data"]["generateCopilotResponse"]["delta"] or ""
                if said == "first":
                    agent.go.set()
    assert (message["type"], said) == ("complete", "firstsecond")


async def test_what_is_too_large_is_refused_by_the_runtime_and_what_is_not_passes(
    proxy: Proxy, tmp_path: Path
) -> None:
    app = create_app(
        CopilotRuntime(agents={"default": talking}),
        options=ServerOptions(body=BodyLimits(bytes=2_000_000)),
    )
    async with (
        served(app) as origin,
        proxy.before([origin], tmp_path) as front,
        front.client() as client,
    ):
        passed = await client.post(RUN, json=run_body("x" * 1_900_000))
        refused = await client.post(RUN, json=run_body("x" * 2_000_000, run="r2"))
    assert types(events(passed.text))[-1] == "RUN_FINISHED"
    assert refused.status_code == 413
    assert "2000000 bytes" in refused.json()["message"]


async def test_the_largest_body_that_is_allowed_by_itself_passes(
    proxy: Proxy, tmp_path: Path
) -> None:
    arrived = b" " * BodyLimits().bytes + b"{}"  # refused for its size by the runtime
    app = create_app(CopilotRuntime(agents={"default": talking}))
    async with (
        served(app) as origin,
        proxy.before([origin], tmp_path) as front,
        front.client(**{"content-type": "application/json"}) as client,
    ):
        refused = await client.post(RUN, content=arrived)
    assert refused.status_code == 413
    assert "32000000 bytes" in refused.json()["message"]


async def test_below_a_prefix_it_is_the_same(proxy: Proxy, tmp_path: Path) -> None:
    options = ServerOptions(path="/ai/copilotkit")
    change = {"/copilotkit": "/ai/copilotkit"}
    async with (
        halting(proxy, tmp_path, options, **change) as (front, agent),
        front.client() as client,
    ):
        await read_all(client, f"{front.origin}/ai/copilotkit", agent)


async def test_nothing_beside_the_runtime_is_open_to_strangers(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with halting(proxy, tmp_path) as (front, _), front.client() as client:
        answers = [
            await client.get(path) for path in ("/healthz", "/readyz", "/", "/copilotkitten")
        ]
    assert not [it for it in answers if "ok" in it.text.split() or "agui_runtime" in it.text]
    assert [answer.headers.get("x-request-id") for answer in answers] == [None] * 4


async def test_the_runtime_learns_who_called_and_not_what_callers_make_up(
    proxy: Proxy, tmp_path: Path
) -> None:
    seen = []

    def who(request: Request) -> Caller:
        assert request.client is not None
        seen.append((request.client.host, request.url.scheme))
        return Caller("ann")

    app = create_app(CopilotRuntime(agents={"default": talking}, authenticate=who))
    made_up = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "ftp"}
    async with (
        served(app) as origin,
        proxy.before([origin], tmp_path) as front,
        front.client(**made_up) as client,
    ):
        assert (await client.get("/copilotkit/info")).status_code == 200
    assert seen == [("127.0.0.1", "https")]


def sign_in(proxy: Proxy, folder: Path) -> dict[str, str]:
    """What makes the proxy ask for a name and a password, and pass on the name."""
    if proxy.name == "nginx":
        (folder / "passwords").write_text("ann:{PLAIN}secret\nbob:{PLAIN}secret\n")
        asking = f'auth_basic "users"; auth_basic_user_file {folder}/passwords;'
        line = 'proxy_set_header X-Forwarded-User "";'
        return {line: f"{asking} {line.replace(chr(34) * 2, '$remote_user')}"}
    words = ("caddy", "hash-password", "--plaintext", "secret")
    hashed = subprocess.check_output(words, text=True).strip()
    users = f"basicauth {{\n\t\t\tann {hashed}\n\t\t\tbob {hashed}\n\t\t}}"
    return {
        "header_up -X-Forwarded-User": "header_up X-Forwarded-User {http.auth.user.id}",
        "handle @runtime {\n": f"handle @runtime {{\n\t\t{users}\n",
    }


async def test_the_users_that_it_signs_in_have_threads_of_their_own(
    proxy: Proxy, tmp_path: Path
) -> None:
    known = {"AGUI_PROXY_HEADER": "X-Forwarded-User", "AGUI_PROXY_ADDRESSES": "127.0.0.1"}
    async with (
        serving_at(free_port(), **APP, **known) as (_, origin, _),
        proxy.before([origin], tmp_path, sign_in(proxy, tmp_path)) as front,
        front.client(**{"x-forwarded-user": "ann"}) as client,
    ):
        strange = await client.post(RUN, json=run_body())
        await client.post(RUN, json=run_body(), auth=("ann", "secret"))
        threads = [
            (await client.get("/copilotkit/threads", auth=(user, "secret"))).json()["threads"]
            for user in ("ann", "bob")
        ]
    assert strange.status_code == 401
    assert [[each["id"] for each in listed] for listed in threads] == [["t1"], []]


async def test_a_reader_goes_on_from_its_cursor_when_the_server_was_restarted_behind_it(
    proxy: Proxy, tmp_path: Path
) -> None:
    port, place = free_port(), {"AGUI_DATA": str(tmp_path / "threads.db")}
    origin = f"http://127.0.0.1:{port}"
    async with proxy.before([origin], tmp_path) as front, front.client() as client:
        async with (
            serving_at(port, **APP, **place) as (process, _, _),
            reading(client, RUN, run_body("count 1000 0.01")) as reader,
        ):
            for number in range(5):
                await reader.until(f'"{number} "')
            process.kill()
            await process.communicate()
        seen = frames(reader.seen.rpartition("\n\n")[0])
        async with serving_at(port, **APP, **place):
            after = {"last-event-id": str(seen[-1][0])}
            body = run_body(messages=[])
            more = await client.post(CONNECT, json=body, headers=after)
            while more.status_code > 500:  # where the proxy has not seen yet that it is back
                more = await client.post(CONNECT, json=body, headers=after)
    everything = [*seen, *frames(more.text)]
    numbers = [int(str(cursor).rpartition(".")[2]) for cursor, _ in everything if cursor]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert everything[-1][1].get("code") == "OWNER_LOST"


async def statuses_of_runs(client: httpx.AsyncClient) -> list[int]:
    """Those of six in turn, which two replicas would get alternately."""
    bodies = [run_body(thread=f"t{number}") for number in range(6)]
    return [(await client.post(RUN, json=body)).status_code for body in bodies]


async def test_a_replica_that_drains_gets_no_new_runs(proxy: Proxy, tmp_path: Path) -> None:
    place = {"AGUI_DATA": str(tmp_path / "threads.db")}
    async with (
        serving_at(free_port(), **APP, **place, AGUI_DRAIN_SECONDS="100") as (leaving, one, _),
        serving_at(free_port(), **APP, **place) as (_, two, _),
        proxy.before([one, two], tmp_path) as front,
        front.client() as client,
        httpx.AsyncClient(base_url=one) as direct,
        reading(direct, RUN, run_body("hold", thread="held")) as held,
    ):
        await held.until("TEXT_MESSAGE_CONTENT")
        os.kill(leaving.pid, signal.SIGTERM)
        while (await direct.get("/readyz")).status_code != 503:
            pass
        statuses = await statuses_of_runs(client)
        while proxy.name == "caddy" and 503 in statuses:  # which looks every second
            statuses = await statuses_of_runs(client)
        os.kill(leaving.pid, signal.SIGTERM)
        await held.until("SHUTDOWN")
    assert statuses == [200] * 6
