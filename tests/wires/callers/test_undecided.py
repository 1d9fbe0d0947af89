"""An `authenticate`, `authorize` or `before_request` that fails, hangs or answers what it must not:
whatever is asked of a server, by whichever wire, is refused, and one line says why. The first two
are reported in the wire's own words, the last one, before any wire, in words that all of them read.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from agui_runtime.core.access import Undecided
from agui_runtime.runtime import decisions
from tests.wires.callers.operations import OPEN, Operation, operations
from tests.wires.callers.routes import Case, cases
from tests.wires.callers.test_second_caller import opened
from tests.wires.callers.world import SECRET, World, world
from tests.wires.graphql.serving import PATH
from tests.wires.graphql.subscribing import PROTOCOL, Socket

BROWSER = {"accept": "text/html"}


def raises(*_: object) -> Any:  # noqa: ANN401  # what is no answer
    raise RuntimeError("the directory is down: /srv/passwords")


async def raises_later(*_: object) -> Any:  # noqa: ANN401
    await asyncio.sleep(0)
    raises()


async def times_out(*_: object) -> Any:  # noqa: ANN401
    raise TimeoutError("the directory says nothing")


def answers_what_it_must_not(*_: object) -> Any:  # noqa: ANN401
    return "ann"


async def awaits_what_is_cancelled(*_: object) -> Any:  # noqa: ANN401
    task = asyncio.ensure_future(asyncio.Event().wait())
    task.cancel()
    await task


def exits(*_: object) -> Any:  # noqa: ANN401
    sys.exit(3)


async def hangs(*_: object) -> Any:  # noqa: ANN401
    await asyncio.Event().wait()


WAYS: Mapping[str, tuple[Callable[..., Any], int]] = {
    each.__name__: (each, 503 if each is hangs else 500)
    for each in (
        *(raises, raises_later, times_out, answers_what_it_must_not),
        *(awaits_what_is_cancelled, exits, hangs),
    )
}
"""Functions that decide nothing, and the status of what is answered then."""

UNASKED = {
    "inspector/learning",  # which is nowhere
    *("GET /healthz", "GET /readyz", "GET /openapi.json", "GET /docs"),
    *(f"GET {base}/health" for base in ("/copilotkit", "/graphql")),
    *(f"GET {base}/playground/{{name}}" for base in ("/copilotkit", "/graphql")),
}
"""Routes for which nobody has to be known."""


FILTERED = "GET /copilotkit/cpk-debug-events"
"""A stream that `authorize` decides about piece by piece."""


@pytest.fixture(params=sorted(WAYS))
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(decisions, "PATIENCE", 0.02 if request.param == "hangs" else 5)
    return str(request.param)


def told(caplog: pytest.LogCaptureFixture) -> int:
    """The number of lines, none with more than that; then they are forgotten."""
    lines = [each.getMessage() for each in caplog.records]
    caplog.clear()
    assert not [line for line in lines if "\n" in line]
    return len(lines)


async def of_route(client: httpx.AsyncClient, case: Case) -> tuple[int, str]:
    headers = case.example.headers
    answer = await client.request(case.method, case.path, json=case.body, headers=headers)
    return answer.status_code, answer.text


@pytest.mark.parametrize("function", ["authenticate", "authorize"])
async def test_every_route_says_that_nobody_decided(
    function: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    decide, expected = WAYS[way]
    async with world("ann") as site:
        before = await site.of_ann()
        broken(site, function, decide)
        for case in cases():
            if case.name in UNASKED:
                continue
            if function == "authorize" and (case.example.open or case.name == FILTERED):
                continue
            status, text = await of_route(site.client, case)
            assert (case.name, status) == (case.name, expected)
            assert f"`{function}`" in text
            assert SECRET not in text
            assert "passwords" not in text
            assert (case.name, told(caplog)) == (case.name, 1)
        page = await site.client.get("/", headers=BROWSER)
        assert (page.status_code, f"`{function}`" in page.text) == (expected, True)
        assert told(caplog) == 1
        assert await site.of_ann() == before


@pytest.mark.parametrize("function", ["authenticate", "authorize"])
async def test_every_operation_says_that_nobody_decided(
    function: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    decide, expected = WAYS[way]
    async with world("ann") as site:
        before = await site.of_ann()
        broken(site, function, decide)
        for operation in operations():
            if function == "authorize" and operation.name in OPEN:
                continue
            answer = await site.client.post(PATH, json=body_of(operation))
            [error] = errors_of(answer.text)
            assert (operation.name, error["extensions"]["statusCode"]) == (operation.name, expected)
            assert error["message"].startswith(f"`{function}`")
            assert (operation.name, told(caplog)) == (operation.name, 1)
        assert await site.of_ann() == before


async def test_every_operation_on_a_socket_does(way: str, caplog: pytest.LogCaptureFixture) -> None:
    decide, expected = WAYS[way]
    async with world("ann") as site, opened(site, "ann") as socket:
        broken(site, "authorize", decide)
        for operation in operations():
            if operation.name in OPEN:
                continue
            await socket.subscribe(operation.name, operation.text, **operation.variables)
            while '"errors"' not in (text := json.dumps(await socket.hear())):
                if '"error"' in text:
                    break
            assert f'"statusCode": {expected}' in text
            assert (operation.name, told(caplog)) == (operation.name, 1)
            while '"complete"' not in text and '"type": "error"' not in text:
                text = json.dumps(await socket.hear())


async def test_every_route_and_operation_is_refused_where_what_comes_before_it_fails(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    decide, expected = WAYS[way]
    async with world("ann", before_request=decide) as site:
        for case in cases():
            status, text = await of_route(site.client, case)
            assert (case.name, status) == (case.name, expected)
            assert "`before_request`" in text
            assert SECRET not in text
            assert "passwords" not in text
            assert (case.name, told(caplog)) == (case.name, 1)
        for operation in operations():
            answer = await site.client.post(PATH, json=body_of(operation))
            [error] = errors_of(answer.text)
            assert (operation.name, answer.status_code) == (operation.name, expected)
            assert error["message"].startswith("`before_request`")
            assert (operation.name, told(caplog)) == (operation.name, 1)
        address = str(site.client.base_url).replace("http", "ws").rstrip("/") + PATH
        with pytest.raises(InvalidStatus):
            await connect(address, subprotocols=[Subprotocol(PROTOCOL)])
        assert told(caplog) == 1


async def test_a_socket_is_closed_where_nobody_decides_whose_it_is(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    decide, _ = WAYS[way]
    async with world("ann") as site:
        broken(site, "authenticate", decide)
        address = str(site.client.base_url).replace("http", "ws").rstrip("/") + PATH
        async with connect(address, subprotocols=[Subprotocol(PROTOCOL)]) as connection:
            socket = Socket(connection)
            await socket.say("connection_init")
            code, reason = await socket.closed()
        within = decisions.PATIENCE if way == "hangs" else None
        assert (code, reason) == (4500, str(Undecided("authenticate", within)))
        assert told(caplog) == 1


def broken(site: World, function: str, decide: Callable[..., Any]) -> None:
    """From now on, nobody decides."""
    if function == "authenticate":
        site.runtime.authenticate = decide
    else:
        site.runtime.permissions._authorize = decide


def body_of(operation: Operation) -> dict[str, Any]:
    return {"query": operation.text, "variables": operation.variables}


def errors_of(text: str) -> list[dict[str, Any]]:
    """Those of a whole answer, or of one in parts."""
    if not text.lstrip().startswith("{"):
        parts = [part.removeprefix("data: ") for part in text.splitlines()]
        text = next(part for part in parts if '"errors"' in part)
    found = json.loads(text)
    found = found.get("payload", found)
    errors: list[dict[str, Any]] = found.get("errors") or found["incremental"][0]["errors"]
    return errors
