"""Tokens of an identity provider: which are believed, which are not, and when keys are read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import jwt
import pytest
from starlette.requests import Request

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.authentication import json_web_tokens
from agui_runtime.authentication.json_web_tokens import JsonWebTokens, TokenRules
from agui_runtime.authentication.key_sets import KeyAge, KeysUnavailable
from agui_runtime.core.errors import Misconfigured, MissingExtra
from tests.authentication.issuer import AUDIENCE, NAME, Issuer
from tests.runtime.worlds import Scripted, text
from tests.support import client_of, served

RULES = TokenRules(NAME, AUDIENCE)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def keys(issuer: Issuer, tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(issuer.key_set()))
    return path


@pytest.fixture
async def provider() -> AsyncIterator[tuple[Issuer, str]]:
    issuer = Issuer()
    async with served(issuer.app) as origin:
        yield issuer, f"{origin}/jwks.json"


def bearing(token: str) -> Request:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return Request({"type": "http", "headers": headers})


async def test_the_caller_of_a_good_token_is_its_subject_with_all_of_its_claims(
    issuer: Issuer, keys: Path
) -> None:
    caller = await JsonWebTokens(keys, RULES)(bearing(issuer.token(team="blue")))
    assert caller is not None
    assert (caller.owner, caller.claims["team"]) == ("ann", "blue")


async def test_another_claim_may_be_the_owner(issuer: Issuer, keys: Path) -> None:
    rules = TokenRules(NAME, AUDIENCE, owner="email")
    assert await JsonWebTokens(keys, rules)(bearing(issuer.token(email="a@b.c"))) is not None
    assert await JsonWebTokens(keys, rules)(bearing(issuer.token())) is None
    assert await JsonWebTokens(keys, rules)(bearing(issuer.token(email=["a"]))) is None


PAST, FUTURE = 1_000_000_000, 4_000_000_000


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": PAST},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": FUTURE},
        {"iat": FUTURE},
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "others"},
        {"aud": None},
        {"aud": {"copilot": 1}},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 20_000},
    ],
    ids=str,
)
async def test_a_token_whose_claims_are_not_right_is_refused(
    issuer: Issuer, keys: Path, claims: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    token = issuer.token(None, **claims)
    assert await JsonWebTokens(keys, RULES)(bearing(token)) is None
    assert "a token was refused" in caplog.text
    assert token not in caplog.text


async def test_clocks_may_differ_by_the_leeway(issuer: Issuer, keys: Path) -> None:
    now = time.time()
    late = issuer.token(exp=now - 20, nbf=now + 20)
    assert await JsonWebTokens(keys, RULES)(bearing(late)) is not None
    strict = TokenRules(NAME, AUDIENCE, leeway=0)
    assert await JsonWebTokens(keys, strict)(bearing(late)) is None


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(issuer: Issuer, algorithm: str) -> str:
    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(issuer.claims())}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """The confusion: HMAC with what everybody may know."""
    body = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(issuer.claims())}"
    digest = hmac.digest(issuer.public_pem(), body.encode(), hashlib.sha256)
    return f"{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def of_another(issuer: Issuer) -> str:
    other = Issuer()
    return other.token()


def changed(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{part(issuer.claims(sub='admin'))}.{signature}"


FORGED: list[Callable[[Issuer], str]] = [
    lambda issuer: unsigned(issuer, "none"),
    lambda issuer: unsigned(issuer, "None"),
    lambda issuer: unsigned(issuer, "RS256"),
    signed_with_the_public_key,
    of_another,
    changed,
    lambda issuer: issuer.token({"kid": "curve"}),
    lambda issuer: issuer.token({"kid": "unknown"}),
    lambda issuer: jwt.encode(issuer.claims(), issuer.keys["one"], "RS512", {"kid": "one"}),
    lambda issuer: issuer.token() + "x" * 17_000,
    lambda issuer: part("[" * 9000) + ".e30.e30",
    lambda issuer: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30",
    lambda issuer: f"{part({'alg': ['RS256']})}.e30.e30",
    lambda issuer: f"{part({'alg': 'RS256', 'kid': {'a': 1}})}.e30.e30",
    lambda issuer: "a.b.c",
    lambda issuer: "é",
]


@pytest.mark.parametrize("forge", FORGED)
async def test_a_forged_token_is_refused(
    issuer: Issuer, keys: Path, forge: Callable[[Issuer], str]
) -> None:
    assert await JsonWebTokens(keys, RULES)(bearing(forge(issuer))) is None


async def test_a_key_with_a_secret_in_it_verifies_nothing(issuer: Issuer, tmp_path: Path) -> None:
    secret = base64.urlsafe_b64encode(b"x" * 32).rstrip(b"=").decode()
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [{"kty": "oct", "k": secret, "kid": "s"}]}))
    token = jwt.encode(issuer.claims(), "x" * 32, "HS256", {"kid": "s"})
    assert await JsonWebTokens(path, RULES)(bearing(token)) is None


@pytest.mark.parametrize(
    "broken",
    [{"key_ops": None}, {"key_ops": 3}, {"key_ops": "verify"}, {"n": 5}, {"n": ""}, {"e": None}],
    ids=str,
)
async def test_a_key_that_cannot_be_used_does_not_stop_the_others(
    broken: dict[str, object],
    issuer: Issuer,
    tmp_path: Path,
) -> None:
    first, *others = issuer.key_set()["keys"]
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [{**first, **broken}, first, *others]}))
    assert await JsonWebTokens(path, RULES)(bearing(issuer.token())) is not None
    path.write_text(json.dumps({"keys": [{**first, **broken}]}))
    assert await JsonWebTokens(path, RULES)(bearing(issuer.token())) is None


async def test_a_token_without_a_key_id_may_be_of_any_key(issuer: Issuer, keys: Path) -> None:
    assert await JsonWebTokens(keys, RULES)(bearing(issuer.token({}))) is not None
    token = jwt.encode(issuer.claims(), issuer.curve, "ES256")
    assert await JsonWebTokens(keys, RULES)(bearing(token)) is not None


@pytest.mark.parametrize("algorithms", [["none"], ["HS256"], ["RS256", "HS256"], [], "RS256"])
def test_algorithms_that_could_be_confused_are_refused(algorithms: list[str]) -> None:
    with pytest.raises(Misconfigured, match="algorithms"):
        TokenRules(NAME, AUDIENCE, algorithms=algorithms)


async def test_a_new_key_is_read_when_a_token_names_it(provider: tuple[Issuer, str]) -> None:
    issuer, url = provider
    known = JsonWebTokens(url, RULES, KeyAge(pause=0))
    assert await known(bearing(issuer.token())) is not None
    assert await known(bearing(issuer.token())) is not None
    assert issuer.requests == 1
    old = issuer.token()
    issuer.rotate()
    assert await known(bearing(issuer.token())) is not None
    assert issuer.requests == 2
    assert await known(bearing(old)) is None


async def test_forged_key_ids_do_not_make_the_issuer_busy(provider: tuple[Issuer, str]) -> None:
    issuer, url = provider
    known = JsonWebTokens(url, RULES)
    for number in range(20):
        assert await known(bearing(issuer.token({"kid": f"forged-{number}"}))) is None
    assert issuer.requests == 1


async def test_while_the_issuer_is_down_its_known_keys_stay(
    provider: tuple[Issuer, str], caplog: pytest.LogCaptureFixture
) -> None:
    issuer, url = provider
    known = JsonWebTokens(url, RULES, KeyAge(fresh=0, pause=0))
    assert await known(bearing(issuer.token())) is not None
    issuer.is_down = True
    assert await known(bearing(issuer.token())) is not None
    assert "it answers 503" in caplog.text


async def test_where_no_key_was_ever_read_nobody_is_called_unknown(
    provider: tuple[Issuer, str],
) -> None:
    issuer, url = provider
    issuer.is_down = True
    with pytest.raises(KeysUnavailable):
        await JsonWebTokens(url, RULES)(bearing(issuer.token()))


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", '{"keys": []}', '{"keys": [1]}', "<html>"], ids=str
)
async def test_keys_that_cannot_be_read_are_refused_with_their_place(
    content: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "jwks.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misconfigured, match=r"jwks\.json"):
        await JsonWebTokens(path, RULES).open()


@pytest.mark.parametrize(
    "url", ["http://issuer.example/jwks", "ftp://x/jwks", "https://u:secret@x/jwks", "https:///x"]
)
def test_keys_come_over_no_open_line(url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        JsonWebTokens(url, RULES)
    assert "secret" not in str(refused.value)


def test_without_the_packages_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_web_tokens, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"JsonWebTokens needs .*jwt"):
        JsonWebTokens("jwks.json", RULES)


@pytest.mark.parametrize("url", ["https://[::1/jwks", "https://issuer.example:port/jwks"])
def test_a_place_of_keys_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="this is no URL"):
        JsonWebTokens(url, RULES)


async def test_an_app_reads_the_keys_before_it_answers(provider: tuple[Issuer, str]) -> None:
    issuer, url = provider
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    app = create_app(runtime, authenticate=JsonWebTokens(url, RULES))
    async with client_of(app) as client:
        assert issuer.requests == 1
        headers = {"authorization": f"Bearer {issuer.token()}"}
        known = await client.get("/copilotkit/threads", headers=headers)
        headers = {"authorization": f"Bearer {issuer.token(exp=1)}"}
        late = await client.get("/copilotkit/threads", headers=headers)
        forged = await client.get(
            "/copilotkit/threads", headers={"authorization": f"Bearer {changed(issuer)}"}
        )
    assert known.status_code == 200
    assert (late.status_code, late.headers["www-authenticate"]) == (401, "Bearer")
    assert (late.json(), late.status_code) == (forged.json(), forged.status_code)
