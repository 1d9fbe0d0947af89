"""A thread as releases of the first schema wrote it, to be put into a snapshot of that schema."""

from __future__ import annotations

from agui_runtime.core.figures import Cost, RunFigures, Tokens
from agui_runtime.stores.base import Store
from tests.stores.test_contract import read

EVENTS = b'[{"type":"CUSTOM","name":"one","value":1}]'

FIRST_THREAD: tuple[tuple[str, *tuple[object, ...]], ...] = (
    (
        "insert into agui_thread (id, owner, agent, created, updated, epoch, place, first, seq,"
        " size, tokens, ended, spent)"
        " values ('t1', 'ann', 'default', 1, 2, 'e', '', 1, 1, 43, 7, 'n', 0)",
    ),
    (
        "insert into agui_run (thread_id, first, run_id, agent, owner, fingerprint, status,"
        " started, ended, schema_version, bytes, model, provider, input_tokens, cost)"
        " values ('t1', 1, 'r1', 'default', 'ann', '', 'finished', 1, 2, 1, 43, 'm', 'p', 5, 0.25)",
    ),
    (
        "insert into agui_chunk (thread_id, last, first, run_id, written, bytes, events)"
        " values ('t1', 1, 1, 'r1', 1, 43, ?)",
        EVENTS,
    ),
    ("insert into agui_message (thread_id, id) values ('t1', 'm1')",),
)


async def reads_the_first_thread(store: Store) -> None:
    """What of it every later release shows."""
    [record] = await read(store, 1)
    assert record.event["name"] == "one"
    [run] = await store.threads.runs("t1")
    assert run.figures == RunFigures("p", "m", Tokens(input=5), Cost("0.25", ""))
