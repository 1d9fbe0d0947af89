"""The guard of what a token costs: when it fails, and when it compares nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from bench.counting import Taken
from bench.opcodes import PYTHON, Row, compare


def row(token: int, name: str = "wire") -> Row:
    code = row.__code__
    return Row(name, lambda words: Taken(Counter({code: 500 + token * words}), 90 * words))


def known(python: str = PYTHON, **tokens: int) -> Mapping[str, Any]:
    costs = {f"{wire}, burst": token for wire, token in tokens.items()} or {"wire": 100}
    rows = {name: {"token": token, "run": 500, "bytes": 90} for name, token in costs.items()}
    return {"python": python, "rows": rows}


@pytest.mark.parametrize(("token", "code"), [(100, 0), (109, 0), (91, 0), (111, 1), (89, 1)])
def test_what_differs_by_more_than_a_tenth_fails(
    token: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(known(), [row(token)]) == code
    assert ("changed by more than 10%: wire" in capsys.readouterr().out) == bool(code)


def test_on_another_python_nothing_is_compared_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert compare(known("2.7"), [row(1000)]) == 0
    assert (
        f"not compared: the numbers are of Python 2.7, this is {PYTHON}" in capsys.readouterr().out
    )


@pytest.mark.parametrize(("token", "code"), [(120, 0), (121, 1)])
def test_a_token_that_is_dear_beside_agui_fails(
    token: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row(100, "agui, burst"), row(token, "new, burst")]
    assert compare(known(agui=100, new=token), rows) == code
    words = "a token costs more than 1.2 times what it does on AG-UI's wire: new, burst"
    assert (words in capsys.readouterr().out) == bool(code)
