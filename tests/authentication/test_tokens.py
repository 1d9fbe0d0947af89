"""Bearer tokens that an operator hands out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.requests import Request

from agui_runtime.authentication import BearerTokens
from agui_runtime.authentication.tokens import hashed, new_token
from agui_runtime.commands.cli import main
from agui_runtime.core.errors import Misconfigured

ANN, BOB = "ann-0123456789abcdef", "bob-0123456789abcdef"
DIGEST = hashed(ANN)


def bearing(*values: str) -> Request:
    headers = [(b"authorization", value.encode()) for value in values]
    return Request({"type": "http", "headers": headers})


def owner_of(tokens: BearerTokens, *values: str) -> str | None:
    caller = tokens(bearing(*values))
    return None if caller is None else caller.owner


@pytest.mark.parametrize("known", [{ANN: "ann", BOB: "bob"}, {DIGEST: "ann", hashed(BOB): "bob"}])
def test_a_token_stands_for_its_owner(known: Mapping[str, str]) -> None:
    tokens = BearerTokens(known)
    assert owner_of(tokens, f"Bearer {ANN}") == "ann"
    assert owner_of(tokens, f"bearer  {BOB}") == "bob"


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("",),
        ("Bearer",),
        ("Bearer ",),
        (f"Basic {ANN}",),
        (ANN,),
        (f"Bearer {ANN}x",),
        (f"Bearer {ANN[:-1]}",),
        (f"Bearer {DIGEST}",),
        (f"Bearer {ANN} {ANN}",),
        (f"Bearer {ANN}", f"Bearer {ANN}"),
        ("Bearer \u00e9",),
    ],
)
def test_whatever_else_is_sent_stands_for_nobody(
    values: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert owner_of(BearerTokens({ANN: "ann", DIGEST: "ann"}), *values) is None
    [line] = [each.getMessage() for each in caplog.records]
    assert line in {"the request has no bearer token", "a token was refused: nobody has it"}


def test_a_file_holds_tokens_or_their_digests(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# of the team\n\nann:{DIGEST}\n  team:bob : {BOB}  \n")
    tokens = BearerTokens.read(path)
    assert owner_of(tokens, f"Bearer {ANN}") == "ann"
    assert owner_of(tokens, f"Bearer {BOB}") == "team:bob"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ann", "write it as owner:token"),
        (f":{ANN}", "write it as owner:token"),
        (f":{DIGEST}", "write it as owner:token"),
        ("ann:short", "at least 16 characters"),
        ("ann:with a blank in it", "letters, digits"),
        ("ann:sha256:12ab", "64 hexadecimal digits"),
        (f"bob:{ANN}", "belongs to another owner"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_and_no_token_shown(
    line: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"ann:{ANN}\n{line}\n")
    with pytest.raises(Misconfigured, match=reason) as refused:
        BearerTokens.read(path)
    assert f"{path}, line 2" in refused.value.message
    assert not any(each in refused.value.message for each in (ANN, "short", "blank", "12ab"))


@pytest.mark.parametrize("content", [None, b"", b"# nobody", b"\xff\xfe"], ids=str)
def test_a_file_without_tokens_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured):
        BearerTokens.read(path)


def test_new_tokens_are_long_and_never_the_same() -> None:
    made = {new_token() for _ in range(50)}
    assert len(made) == 50
    assert owner_of(BearerTokens(dict.fromkeys(made, "ann")), f"Bearer {min(made)}") == "ann"


def test_the_command_line_makes_a_token_and_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["token", "ann"]) == 0
    token, line = (each.split()[-1] for each in capsys.readouterr().out.splitlines())
    path = tmp_path / "tokens"
    path.write_text(line)
    assert owner_of(BearerTokens.read(path), f"Bearer {token}") == "ann"
