"""What an app is told by arguments: beside the environment, and against it."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime import (
    AguiWire,
    BodyLimits,
    ServerLimits,
    ServerOptions,
    Wire,
    WireOptions,
    create_app,
)
from agui_runtime.core.errors import Misconfigured
from tests.stores.conftest import redis as redis
from tests.support import client_of
from tests.test_settings import PAGE, a_runtime, declare
from tests.wires.agui.serving import run_body


async def test_an_argument_that_is_none_leaves_the_choice_to_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, allowed_hosts="app.example")
    app = create_app(a_runtime(), allowed_hosts=None, remote_path=None)
    assert app.state.served.options.allowed_hosts == ("app.example",)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"path": "/mine"}, "AGUI_PATH"),
        ({"options": ServerOptions(path="/mine")}, "AGUI_PATH"),
        ({"cors_origins": ["*"]}, "AGUI_CORS_ORIGINS"),
        ({"production": False}, "AGUI_PRODUCTION"),
        ({"limits": ServerLimits(requests=5)}, "AGUI_MAX_REQUESTS"),
        ({"options": ServerOptions(body=BodyLimits(bytes=5))}, "AGUI_MAX_BODY"),
    ],
)
def test_an_argument_that_contradicts_the_environment_is_refused(
    arguments: dict[str, Any], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(
        monkeypatch,
        path="/theirs",
        cors_origins=PAGE,
        production="1",
        max_requests="6",
        max_body="6",
    )
    with pytest.raises(Misconfigured, match=f"{named} cannot be obeyed"):
        create_app(a_runtime(), **arguments)


async def test_an_argument_that_says_the_same_is_obeyed_with_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, path="/theirs", production="1", max_body="100")
    app = create_app(a_runtime(), path="/theirs/", limits=ServerLimits(7, 8))
    chosen = app.state.served.options
    assert (chosen.path, chosen.production, chosen.body.bytes) == ("/theirs", True, 100)
    assert (chosen.limits.caller_requests, chosen.limits.requests) == (7, 8)


@pytest.mark.parametrize(
    "arguments",
    [
        {"options": ServerOptions(), "path": "/x"},
        {"wires": [], "options": ServerOptions()},
        {"wires": [], "remote_path": "/remote"},
    ],
)
def test_what_is_said_twice_or_says_nothing_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match=r"ServerOptions|wires"):
        create_app(a_runtime(), **arguments)


@pytest.mark.parametrize("by", ["environment", "argument"])
async def test_a_wire_that_is_named_is_spoken_beside_copilotkits_own(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "environment":
        declare(monkeypatch, wires=" copilotkit_remote, ")
    named = None if by == "environment" else ["copilotkit_remote"]
    async with client_of(create_app(a_runtime(), wires=named)) as client:
        assert (await client.post("/copilotkit_remote/info", json={})).status_code == 200
        assert (await client.get("/copilotkit/info")).status_code == 200


async def test_an_empty_list_of_names_leaves_copilotkits_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, wires="")
    async with client_of(create_app(a_runtime())) as client:
        assert (await client.get("/copilotkit/info")).status_code == 200


@pytest.mark.parametrize("name", ["telnet", "GRAPHQL", "copilotkit_remote.", "wires"])
def test_a_wire_that_there_is_not_is_refused_with_those_there_are(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Misconfigured, match=f"^wires: there is no '{name}'; .*copilotkit_remote"):
        create_app(a_runtime(), wires=[name])
    declare(monkeypatch, wires=f"copilotkit_remote,{name}")
    with pytest.raises(Misconfigured, match=f"^AGUI_WIRES: there is no '{name}'; .*copilotkit_rem"):
        create_app(a_runtime())


@pytest.mark.parametrize(
    ("wires", "hint"),
    [
        (["copilotkit_remote", AguiWire()], "'copilotkit_remote' is a name"),
        (["copilotkit_remote", "copilotkit_remote"], "named twice"),
        ("copilotkit_remote", "must be a list"),
        ([AguiWire], "the name of one"),
    ],
)
def test_a_list_of_wires_that_cannot_be_meant_is_refused(wires: Any, hint: str) -> None:  # noqa: ANN401
    with pytest.raises(Misconfigured, match=hint):
        create_app(a_runtime(), wires=wires)


@pytest.mark.parametrize("wires", [["copilotkit_remote"], [AguiWire()]])
def test_wires_that_are_named_twice_are_refused(
    wires: list[Wire | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, wires="")
    with pytest.raises(Misconfigured, match="AGUI_WIRES cannot be obeyed"):
        create_app(a_runtime(), wires=wires)
    declare(monkeypatch, wires="copilotkit_remote")
    with pytest.raises(Misconfigured, match="more than one is named"):
        create_app(a_runtime(), remote_path="/remote")


async def test_deprecated_options_are_obeyed_and_say_what_to_write() -> None:
    with pytest.warns(
        DeprecationWarning, match=r"ServerOptions\(body=BodyLimits\(bytes="
    ) as warned:
        options = WireOptions(max_body=100, oldest_clients=True, development=True)
    assert "AguiWire(oldest_clients=...)" in str(warned[0].message)
    assert warned[0].filename == __file__
    app = create_app(a_runtime(), wire_options=options)
    assert app.state.served.options == ServerOptions(development=True, body=BodyLimits(bytes=100))
    async with client_of(app) as client:
        answer = await client.post("/copilotkit/agent/default/run", json=run_body())
        assert answer.status_code == 413
        assert (await client.post("/copilotkit/threads/clear")).status_code == 204


def test_deprecated_options_are_refused_beside_what_replaces_them() -> None:
    with pytest.warns(DeprecationWarning):
        options = WireOptions(max_body=1)
    twice: list[dict[str, Any]] = [{"options": ServerOptions()}, {"wires": []}]
    for given in twice:
        with pytest.raises(Misconfigured, match="wire_options: say it in"):
            create_app(a_runtime(), wire_options=options, **given)
    with pytest.raises(Misconfigured, match="max_depth"):
        WireOptions(max_depth=201)


def test_an_argument_that_there_is_not_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="cors_origin"):
        create_app(a_runtime(), cors_origin="*")  # type: ignore[call-arg]  # the mistake
