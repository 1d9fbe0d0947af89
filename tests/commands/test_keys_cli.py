"""`agui-runtime keys rotate` as whoever replaces a key meets it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agui_runtime.commands.cli import main
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import MemoryUnreadable
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.memories.test_memory import fact, texts


async def count(url: str, *keys: str) -> int:
    """How much is known of Ann; each time it is one more."""
    memory = Memory()
    options = Options(keys=KeyRing(keys) if keys else None)
    async with CopilotRuntime({}, store=url, memory=memory, options=options).lifespan():
        known = len(await memory.list("ann"))
        await memory.remember("ann", [fact(f"{known} {'abcdef'[known] * 9}")])
        return len(await texts(memory, "ann"))


def test_a_key_of_the_settings_is_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, old, new = f"sqlite:///{tmp_path}/threads.db", new_key(), new_key()
    monkeypatch.setenv("AGUI_STORE", url)
    assert asyncio.run(count(url, old)) == 1
    monkeypatch.setenv("AGUI_KEYS", new)
    assert main(["keys", "rotate"]) == 2
    assert "keep a key behind the new one" in capsys.readouterr().err
    assert main(["keys", "check", "--memory"]) == 1
    assert capsys.readouterr().err == "2 were wrapped by a key that is not there\n"
    monkeypatch.setenv("AGUI_KEYS", f"{new},{old}")
    assert main(["keys", "check", "--memory"]) == 0
    of_new, of_old = capsys.readouterr().out.splitlines()
    assert of_new.endswith("seals and opens, has wrapped 0")
    assert of_old.endswith("opens, has wrapped 2")
    assert main(["keys", "rotate"]) == 0
    assert capsys.readouterr().out == "2 keys are wrapped by the first of the server's keys\n"
    assert asyncio.run(count(url, new)) == 2
    with pytest.raises(MemoryUnreadable):
        asyncio.run(count(url, old))


def test_a_key_in_the_file_beside_the_store_is_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, file = f"sqlite:///{tmp_path}/threads.db", tmp_path / "threads.db.key"
    monkeypatch.setenv("AGUI_STORE", url)
    monkeypatch.delenv("AGUI_KEYS", raising=False)
    assert asyncio.run(count(url)) == 1
    old, new = file.read_text(), new_key()
    file.write_text(f"{new}\n{old}")
    assert main(["keys", "rotate"]) == 0
    file.write_text(f"{new}\n")
    assert asyncio.run(count(url)) == 2
    file.unlink()
    assert main(["keys", "rotate"]) == 2
    assert "the file of memory's key" in capsys.readouterr().err
    assert not file.exists()
