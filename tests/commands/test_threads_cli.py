"""`agui-runtime threads export|import` as its user meets it: processes, files, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from agui_runtime.core.events import Event, RunInfo
from agui_runtime.stores.base import RunEnd
from agui_runtime.stores.open import open_store
from tests.programs import finished
from tests.stores.conftest import postgres as postgres, redis as redis
from tests.stores.test_contract import claimed, delta


async def talk(url: str, thread: str = "t1") -> None:
    store = open_store(url)
    await store.open()
    lease = await claimed(store, RunInfo(thread, "r1", "default", "ann", 1.0))
    await store.log.append(lease, [delta(0)])
    end: Event = {"type": "RUN_FINISHED", "threadId": thread, "runId": "r1"}
    await store.log.release(lease, RunEnd([end], "finished", 2.0))
    await store.close()


@pytest.fixture(params=["redis", "postgres"])
def servers_url(request: pytest.FixtureRequest) -> str:
    server = request.getfixturevalue(request.param)
    return str(server.url if request.param == "redis" else server.database())


async def test_a_team_moves_from_a_file_to_a_server_and_back(
    servers_url: str, tmp_path: Path
) -> None:
    source, file = f"sqlite:///{tmp_path}/old.db", tmp_path / "threads.jsonl"
    await talk(source)
    code, _, report = await finished("threads", "export", str(file), AGUI_STORE=source)
    assert (code, report) == (0, "1 threads, 1 runs, 0 states; 0 problems\n")
    code, _, report = await finished("threads", "import", str(file), AGUI_STORE=servers_url)
    assert (code, report) == (0, "1 threads, 1 runs, 0 states; 0 problems\n")
    code, lines, _ = await finished("threads", "export", AGUI_STORE=servers_url)
    assert code == 0
    _, *rest = lines.splitlines()  # the thread's own line has other times
    assert rest == file.read_text().splitlines()[1:]
    code, _, report = await finished(
        "threads", "import", str(file), AGUI_DATA=str(tmp_path / "new")
    )
    assert (code, report) == (0, "1 threads, 1 runs, 0 states; 0 problems\n")


async def test_what_is_there_already_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    store, file = f"sqlite:///{tmp_path}/threads.db", tmp_path / "threads.jsonl"
    await talk(store)
    await finished("threads", "export", str(file), AGUI_STORE=store)
    code, _, report = await finished("threads", "import", str(file), AGUI_STORE=store)
    assert code == 1
    assert "line 1: thread 't1' is there already; it stays as it is" in report


@pytest.mark.parametrize(
    ("words", "settings", "says"),
    [
        (("export",), {"AGUI_STORE": "memory:"}, "a memory store lives in the server's process"),
        (("export",), {"AGUI_DATA": "{folder}/none"}, "there are no threads at"),
        (("import", "{folder}/none"), {"AGUI_STORE": "sqlite:///{folder}/a.db"}, "No such file"),
        (("export",), {"AGUI_STORE": "mysql://x"}, "starts with one of"),
    ],
)
async def test_what_cannot_be_done_is_one_line(
    tmp_path: Path, words: tuple[str, ...], settings: dict[str, str], says: str
) -> None:
    given = {name: text.replace("{folder}", str(tmp_path)) for name, text in settings.items()}
    arguments = [word.replace("{folder}", str(tmp_path)) for word in words]
    code, out, err = await finished("threads", *arguments, **given)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1
