"""Saved states as lines of JSON: exported, and imported into another store."""

from __future__ import annotations

import orjson
import pytest

from agui_runtime.stores.base import AgentState, Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.states import StateSchema, StateStoreManager
from tests.stores.kept_states import TRIP, exported, keep
from tests.stores.states.test_states import clock as clock, store as store


async def test_what_was_exported_is_the_same_after_its_import(store: Store) -> None:
    states = StateStoreManager(store)
    await keep(store, "t1", {"city": "Rome", "text": "ä\n\u2028"}, at=2)
    await keep(store, "t2", [1, None], owner="bob", agent="trip#note")
    lines = await exported(states)
    fresh = MemoryStore()
    report = await StateStoreManager(fresh).import_lines(lines)
    assert (report.saved, report.problems) == (2, {})
    thread = await fresh.threads.get("t2")
    assert thread is not None
    assert (thread.owner, thread.agent) == ("bob", "default")
    again = [orjson.loads(line) for line in await exported(StateStoreManager(fresh))]
    for line, before in zip(again, map(orjson.loads, lines), strict=True):
        assert line | {"savedAt": 0} == before | {"savedAt": 0}


async def test_an_import_migrates_and_checks(store: Store) -> None:
    old = MemoryStore()
    await keep(old, "t1", {"town": "Rome"})
    await keep(old, "t2", {"town": 5})
    await keep(old, "t3", {"city": "Bonn"}, at=9)
    lines = await exported(StateStoreManager(old))
    schema = StateSchema(TRIP, version=2, migrations={1: lambda state: {"city": state["town"]}})
    states = StateStoreManager(store, {"trip": schema})
    report = await states.import_lines(lines)
    assert (report.saved, sorted(report.problems)) == (1, [2, 3])
    assert "/city: 5 is not of type 'string'" in report.problems[2]
    assert "version 9" in report.problems[3]
    assert await store.threads.get("t2") is None
    stored = await store.states.load("t1", "trip")
    assert stored is not None
    assert (stored.state, stored.schema_version) == ({"city": "Rome"}, 2)


async def test_an_import_replaces_only_when_told_to_and_never_anothers(store: Store) -> None:
    states = StateStoreManager(store)
    await keep(store, "t1", {"n": 1})
    lines = await exported(states)
    await states.save("t1", "trip", AgentState({"n": 2}))
    report = await states.import_lines(lines)
    assert report.saved == 0
    assert "version 2" in report.problems[1]
    assert (await states.import_lines(lines, overwrite=True)).saved == 1
    saved = await states.load("t1", "trip")
    assert saved is not None
    assert saved.state == {"n": 1}
    stolen = [orjson.dumps(orjson.loads(lines[0]) | {"owner": "eve"})]
    report = await states.import_lines(stolen, overwrite=True)
    assert report.problems == {1: "thread 't1' belongs to another owner here"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "the line is not JSON"),
        (b"[]", "the line: "),
        (b'{"threadId": "t"}', "owner: Field required"),
        (
            b'{"threadId": "a\\u0000b", "owner": "o", "threadAgent": "x", "agent": "x"}',
            "threadId: ",
        ),
        (
            b'{"threadId":"t","owner":"o","threadAgent":"x","agent":"x","state":1,'
            b'"schemaVersion":0}',
            "schemaVersion: ",
        ),
        (
            b'{"threadId":"t","owner":"o","threadAgent":"x","agent":"x","state":1,"messages":[{}]}',
            "messages.0.id: ",
        ),
    ],
)
async def test_a_bad_line_is_told_and_keeps_out_no_other(
    store: Store, line: bytes, problem: str
) -> None:
    good = b'{"threadId": "t1", "owner": "o", "threadAgent": "x", "agent": "x", "state": 1}'
    report = await StateStoreManager(store).import_lines([line, b"\n", good])
    assert report.saved == 1
    assert list(report.problems) == [1]
    assert report.problems[1].startswith(problem)
    assert await store.threads.get("t") is None
