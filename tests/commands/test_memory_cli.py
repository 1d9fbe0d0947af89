"""`agui-runtime memory` as its user meets it, beside no server at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agui_runtime.commands.cli import main
from agui_runtime.commands.memory_cli import memory_in
from agui_runtime.core.key_ring import new_key
from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.stores.open import open_store

Typed = Callable[..., tuple[int, str, str]]

OWNER = ("--owner", "ann")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of one in which something is remembered of ann, from the thread t1, and of bob."""
    url = f"sqlite:///{tmp_path}/threads.db"
    monkeypatch.setenv("AGUI_STORE", url)
    monkeypatch.setenv("AGUI_KEYS", new_key())
    asyncio.run(_remembered(url))
    return url


async def _remembered(url: str) -> None:
    store = open_store(url)
    await store.open()
    await store.threads.obtain("t1", "ann", "default")
    memory = memory_in(store)
    origin = Origin("t1", "r1", "u1", "rules")
    await memory.remember("ann", [Proposal("associative", "Likes\ttea", origin)])
    await memory.remember("ann", [Proposal("core", "Ann", key="name")])
    await memory.remember("bob", [Proposal("core", "Bob", key="name")])
    await store.close()


@pytest.fixture
def typed(store: str, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Carries a command out over the store: its exit code and what it writes."""

    def carried_out(*words: str) -> tuple[int, str, str]:
        code = main(words)
        written = capsys.readouterr()
        return code, written.out, written.err

    return carried_out


def texts(typed: Typed, *words: str) -> list[str]:
    code, out, _ = typed("memory", "list", *words, "--json")
    assert code == 0
    return [each["text"] for each in json.loads(out)]


def test_what_is_remembered_is_listed_exported_and_deleted(typed: Typed, tmp_path: Path) -> None:
    _, out, _ = typed("memory", "list", *OWNER)
    header, first, second = out.splitlines()
    assert header.split("\t") == ["entry", "tier", "key", "text", "thread", "updated", "by"]
    id_, tier, key, text, thread, _, by = first.split("\t")
    assert (tier, key, text, thread, by) == ("core", "name", "Ann", "", "user")
    assert second.split("\t")[3:5] == ["Likes tea", "t1"]
    assert texts(typed, *OWNER, "--tier", "associative") == ["Likes tea"]
    file = tmp_path / "ann.json"
    assert typed("memory", "export", *OWNER, str(file))[2] == "2 entries exported\n"
    exported = json.loads(file.read_text())["entries"]
    assert exported[1]["origin"]["threadId"] == "t1"
    assert typed("memory", "delete", id_, *OWNER) == (0, "", "")
    code, _, err = typed("memory", "delete", id_, *OWNER)
    assert (code, err) == (2, f"agui-runtime: there is no entry '{id_}'\n")
    assert texts(typed, *OWNER) == ["Likes tea"]


def test_an_owner_is_forgotten_where_that_is_agreed_to(typed: Typed) -> None:
    code, _, err = typed("memory", "forget", *OWNER)
    assert (code, err) == (2, "agui-runtime: nothing was deleted; in a script say --yes\n")
    assert typed("memory", "forget", *OWNER, "--yes") == (0, "", "")
    assert texts(typed, *OWNER) == []
    assert texts(typed, "--owner", "bob") == ["Bob"]


def test_who_has_lost_the_keys_may_begin_anew(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGUI_KEYS", new_key())
    assert typed("memory", "list", *OWNER)[0] == 2
    assert typed("memory", "reset")[0] == 2
    assert typed("memory", "reset", "--yes") == (0, "", "")
    assert texts(typed, *OWNER) == texts(typed, "--owner", "bob") == []


def test_a_thread_goes_with_what_came_from_it_or_both_stay(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lost:
        lost.setenv("AGUI_KEYS", new_key())
        code, _, err = typed("threads", "delete", "t1", "--memory", "--yes")
        assert (code, "a key that is not there" in err) == (2, True)
    assert "t1" in typed("threads", "list", *OWNER)[1]
    assert typed("threads", "delete", "t1", "--memory", "--yes")[0] == 0
    assert "t1" not in typed("threads", "list", *OWNER)[1]
    assert texts(typed, *OWNER) == ["Ann"]


def test_without_a_key_it_says_what_to_do(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGUI_KEYS")
    code, out, err = typed("memory", "list", *OWNER)
    assert (code, out) == (2, "")
    assert "the file of memory's key" in err
