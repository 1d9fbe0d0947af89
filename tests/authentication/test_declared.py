"""Who is asking, as settings say it: obeyed however an app is served, or refused before it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agui_runtime import Caller, CopilotRuntime, create_app
from agui_runtime.authentication import BearerTokens
from agui_runtime.core.errors import Misconfigured
from tests.authentication.issuer import AUDIENCE, NAME, Issuer
from tests.programs import finished
from tests.runtime.worlds import Scripted, text
from tests.support import client_of

TOKEN = "0123456789abcdef"
LIST = "/copilotkit/threads"
JWT = {"JWT_ISSUER": NAME, "JWT_AUDIENCE": AUDIENCE}
PROXY = {"PROXY_HEADER": "x-user", "PROXY_ADDRESSES": "127.0.0.1"}


def a_runtime(**more: object) -> CopilotRuntime:
    return CopilotRuntime({"default": Scripted(*text("m1", "Hello"))}, **more)  # type: ignore[arg-type]


def declare(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"AGUI_{name}", value)


async def statuses(runtime: CopilotRuntime, *tokens: str) -> list[int]:
    async with client_of(create_app(runtime)) as client:
        headers = [{"authorization": f"Bearer {token}"} for token in tokens]
        return [(await client.get(LIST, headers=each)).status_code for each in headers]


async def test_tokens_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, TOKENS=f"ann:{TOKEN}, bob:{TOKEN}-b")
    assert await statuses(a_runtime(), TOKEN, f"{TOKEN}-b", f"{TOKEN}-c") == [200, 200, 401]


async def test_or_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"ann:{TOKEN}")
    declare(monkeypatch, TOKENS_FILE=str(path))
    assert await statuses(a_runtime(), TOKEN, "x") == [200, 401]


async def test_tokens_of_an_issuer_are_known_by_its_keys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    issuer, path = Issuer(), tmp_path / "jwks.json"
    path.write_text(json.dumps(issuer.key_set()))
    declare(monkeypatch, JWT_JWKS=str(path), **JWT, JWT_OWNER="email")
    known, unknown = issuer.token(email="a@b.example"), issuer.token()
    assert await statuses(a_runtime(), known, unknown) == [200, 401]


async def test_a_proxy_may_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, **PROXY)
    async with client_of(create_app(a_runtime())) as client:
        assert (await client.get(LIST, headers={"x-user": "ann"})).status_code == 200
        assert (await client.get(LIST)).status_code == 401


async def test_several_apps_of_one_runtime_obey_the_same_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, TOKENS=f"ann:{TOKEN}")
    runtime = a_runtime()
    create_app(runtime)
    assert await statuses(runtime, TOKEN, "x") == [200, 401]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"TOKENS": f"ann:{TOKEN}", "TOKENS_FILE": "x"}, "choose one"),
        ({"TOKENS": f"ann:{TOKEN}", **PROXY}, "choose one"),
        ({"JWT_JWKS": "jwks.json"}, "set AGUI_JWT_ISSUER, AGUI_JWT_AUDIENCE, too"),
        ({"JWT_LEEWAY": "5"}, "set AGUI_JWT_JWKS"),
        ({"JWT_JWKS": "jwks.json", **JWT, "JWT_ALGORITHMS": "none"}, "AGUI_JWT_ALGORITHMS.*'none'"),
        ({"JWT_JWKS": "jwks.json", **JWT, "JWT_LEEWAY": "9000"}, "leeway: from 0 to 300"),
        ({"JWT_JWKS": "http://issuer.example/k", **JWT}, "https://"),
        ({"PROXY_HEADER": "x-user"}, "set AGUI_PROXY_ADDRESSES, too"),
        ({**PROXY, "PROXY_ADDRESSES": "proxy.local"}, "is no address or network"),
        ({"TOKENS": "ann"}, "AGUI_TOKENS, entry 1: write it as owner:token"),
        ({"TOKENS_FILE": "/nowhere/tokens"}, "/nowhere/tokens: No such file"),
        ({"TOKENS": f"ann:{TOKEN}", "ALLOW_ANONYMOUS": "1"}, "AGUI_ALLOW_ANONYMOUS"),
        ({"TOKEN": "x"}, "did you mean AGUI_TOKENS"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(
    settings: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, **settings)
    with pytest.raises(Misconfigured, match=reason):
        create_app(a_runtime())


def test_who_is_asking_is_not_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def who(request: object) -> Caller:
        return Caller("ann")

    tokens = BearerTokens({TOKEN: "ann"})
    with pytest.raises(Misconfigured, match="has one already"):
        create_app(a_runtime(authenticate=who), authenticate=tokens)
    create_app(a_runtime(authenticate=who), authenticate=who)
    declare(monkeypatch, TOKENS=f"ann:{TOKEN}")
    with pytest.raises(Misconfigured, match="the runtime was given `authenticate`"):
        create_app(a_runtime(authenticate=who))
    with pytest.raises(Misconfigured, match="the runtime was given `authenticate`"):
        create_app(a_runtime(), authenticate=tokens)


@pytest.mark.parametrize("keys", ["/nowhere/jwks.json", "http://127.0.0.1:1/jwks.json"])
async def test_serve_does_not_start_with_keys_that_cannot_be_read(keys: str) -> None:
    settings = {f"AGUI_{name}": value for name, value in {**JWT, "JWT_JWKS": keys}.items()}
    code, _, errors = await finished("serve", "--port", "0", **settings)
    assert code == 2
    (line,) = errors.splitlines()
    assert f"the keys at {keys}: " in line


async def test_serve_beyond_loopback_needs_no_more_than_tokens() -> None:
    """It is refused for its store, and not for whom it lets in."""
    settings = {"AGUI_TOKENS": f"ann:{TOKEN}", "AGUI_DATA": "/dev/null/threads.db"}
    code, _, errors = await finished("serve", "--host", "0.0.0.0", "--port", "0", **settings)
    assert code == 2
    assert "refusing to listen" not in errors
