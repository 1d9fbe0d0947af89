"""What `check` finds: a line each, fine, doubtful or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from agui_runtime.commands.listing import write_json, write_row

Level: TypeAlias = Literal["ok", "warning", "wrong"]

DONE, DOUBTFUL, WRONG = 0, 1, 2


class Finding(NamedTuple):
    """What was looked at, and what to know or do about it."""

    what: str
    says: str
    level: Level = "ok"


def write_findings(findings: Sequence[Finding], *, json: bool) -> None:
    if json:
        write_json([{**each._asdict(), "ok": each.level != "wrong"} for each in findings])
        return
    for each in findings:
        write_row(each.level, each.what, each.says)


def exit_code(findings: Sequence[Finding], *, strict: bool) -> int:
    """2 for what is wrong; where it is `strict`, 1 for what is doubtful."""
    levels = {each.level for each in findings}
    if "wrong" in levels:
        return WRONG
    return DOUBTFUL if strict and "warning" in levels else DONE
