"""`agui-runtime schedules` as its user meets it, beside no server at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agui_runtime.commands.cli import main

ADD = ("schedules", "add", "0 7 * * 1-5", "What is new?", "--owner", "ann")


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Carries a command out over one file: its exit code and what it writes."""
    monkeypatch.setenv("AGUI_STORE", f"sqlite:///{tmp_path}/threads.db")

    def carried_out(*words: str) -> tuple[int, str, str]:
        code = main(words)
        written = capsys.readouterr()
        return code, written.out, written.err

    return carried_out


Typed = Callable[..., tuple[int, str, str]]


def listed(typed: Typed) -> list[dict[str, str]]:
    _, out, _ = typed("schedules", "list", "--owner", "ann", "--json")
    found: list[dict[str, str]] = json.loads(out)
    return found


def test_a_schedule_is_made_listed_paused_resumed_and_deleted(typed: Typed) -> None:
    code, out, _ = typed(*ADD, "--zone", "Europe/Berlin", "--thread", "t1")
    assert code == 0
    id_, next_ = out.rstrip("\n").split("\t")
    assert listed(typed) == [
        {
            "schedule": id_,
            "agent": "default",
            "cron": "0 7 * * 1-5",
            "zone": "Europe/Berlin",
            "thread": "t1",
            "next": next_,
            "last": None,
            "outcome": None,
            "message": "What is new?",
        }
    ]
    assert typed("schedules", "pause", id_) == (0, "", "")
    assert [each["next"] for each in listed(typed)] == ["paused"]
    assert typed("schedules", "resume", id_) == (0, f"{id_}\t{next_}\n", "")
    _, out, _ = typed("schedules", "list", "--owner", "ann")
    assert out.splitlines()[1].split("\t")[0] == id_
    assert typed("schedules", "delete", id_) == (0, "", "")
    assert listed(typed) == []


def test_what_cannot_be_is_refused_in_one_line(typed: Typed) -> None:
    typed(*ADD)
    for words, said in (
        (("schedules", "pause", "none"), "no schedule 'none'"),
        (("schedules", "add", "0 0 30 2 *", "hi", "--owner", "ann"), "as far as the month"),
        ((*ADD, "--zone", "Mars"), "no time zone"),
        (("schedules", "add", "* * * * * *", "hi", "--owner", "ann"), "60 or more"),
        (("schedules", "add", "0 7 * * *", "hi", "--owner", "a\nb"), "owner: "),
    ):
        code, out, err = typed(*words)
        assert (code, out) == (2, "")
        assert said in err
        assert err.count("\n") == 1
    assert len(listed(typed)) == 1


def test_threads_in_memory_have_no_schedules_for_commands(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGUI_STORE", "memory:")
    code, _, err = typed(*ADD)
    assert code == 2
    assert "a memory store lives in the server's process alone" in err
