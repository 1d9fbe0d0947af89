"""`agui-runtime threads list|show|rename|archive|delete` and `runs`, beside a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands.several import APP, BASE, file_in
from tests.programs import finished, serving
from tests.wires.agui.serving import reading, run_body


async def printed(*words: str, **settings: str) -> Any:  # noqa: ANN401  # any JSON
    code, out, err = await finished(*words, "--json", **settings)
    assert code == 0, err
    return json.loads(out)


async def listed(*words: str, **settings: str) -> list[str]:
    found = await printed("threads", "list", "--owner", "anonymous", *words, **settings)
    return [each["thread"] for each in found]


async def test_a_thread_from_its_list_to_its_end(tmp_path: Path) -> None:
    store = file_in(tmp_path)
    async with (
        serving(**APP, **store) as (_, origin, _),
        httpx.AsyncClient(base_url=origin, timeout=60) as client,
    ):
        await client.post(f"{BASE}/run", json=run_body("count 3 0", "t1", "r1"))
        async with reading(client, f"{BASE}/run", run_body("hold", "t2", "r2")) as live:
            await live.until("TEXT_MESSAGE_CONTENT")
            assert await listed(**store) == ["t2", "t1"]
            runs = await printed("runs", "list", "t2", **store)
            assert [(each["run"], each["status"]) for each in runs] == [("r2", "running")]
            code, _, err = await finished("threads", "delete", "t2", "--yes", **store)
            assert (code, "Traceback" in err) == (2, False)  # while it runs
            assert (await finished("runs", "stop", "t2", **store))[0] == 0
            await live.until("RUN_FINISHED")
        assert (await finished("runs", "stop", "t2", **store))[0] == 1

        shown = await printed("threads", "show", "t1", **store)
        assert [(each["role"], each["content"]) for each in shown] == [
            ("user", "count 3 0"),
            ("assistant", "0 1 2 "),
        ]
        assert (await finished("threads", "rename", "t1", "Numbers", **store))[0] == 0
        assert (await finished("threads", "archive", "t2", **store))[0] == 0
        assert await listed(**store) == ["t1"]
        assert set(await listed("--archived", **store)) == {"t1", "t2"}
        code, out, _ = await finished("threads", "list", "--owner", "anonymous", **store)
        assert out.splitlines()[1].split("\t")[:3] == ["t1", "default", "Numbers"]

        code, _, err = await finished("threads", "delete", "t1", **store)
        assert (code, err) == (2, "agui-runtime: nothing was deleted; in a script say --yes\n")
        assert (await finished("threads", "delete", "t1", "--yes", **store))[0] == 0
        assert await listed(**store) == []


@pytest.mark.parametrize(
    "words",
    [
        ("threads", "show", "nope"),
        ("threads", "rename", "nope", "x"),
        ("threads", "archive", "nope"),
        ("threads", "delete", "nope", "--yes"),
        ("runs", "list", "nope"),
        ("runs", "stop", "nope"),
    ],
)
async def test_a_thread_that_is_not_there_is_one_line(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    store = file_in(tmp_path)
    assert (await finished("db", "upgrade", **store))[0] == 0
    code, out, err = await finished(*words, **store)
    assert (code, out) == (2, "")
    assert "nope" in err
    assert err.count("\n") == 1
