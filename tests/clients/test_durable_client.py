"""The published client of Durable Streams reads runs and threads, as they come and later."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.clients.browser import node
from tests.programs import ROOT
from tests.runtime.worlds import Scripted, Waiting, text
from tests.wires.agui.serving import types
from tests.wires.rest.serving import events_at, serving, started

FOLDER = Path(__file__).parent / "durable"


async def reading(*words: str) -> str:
    """What a program of Node prints, in the folder that has the client."""
    process = await asyncio.create_subprocess_exec(
        node(), *words, cwd=FOLDER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def read(**job: object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(await reading("client.mjs", json.dumps(job)))
    return found


async def test_a_live_run_is_read_to_its_end_in_each_way_and_again_from_an_offset() -> None:
    agent = Waiting(*text("m1", "Hello"))
    async with serving(agent) as client:
        run = await started(client, threadId="t1", runId="r1")
        url = f"{str(client.base_url).rstrip('/')}/threads/t1/runs/r1/stream"
        both = asyncio.gather(read(url=url, live="long-poll"), read(url=url, live="sse"))
        agent.go.set()
        polled, streamed = await both
        whole = await events_at(client, run["events"])
        later = await read(url=url, live=False)
        rest = await read(url=url, live=False, offset=f"{run['cursor'].split('.')[0]}_{2:016}")
    assert polled == streamed
    assert polled["items"] == later["items"] == whole
    assert rest["items"] == whole[2:]
    assert (polled["closed"], later["closed"]) == (True, True)


async def test_the_example_of_the_page_reads_a_thread() -> None:
    page = (ROOT / "docs" / "rest.md").read_text()
    [code] = re.findall(r"^```js\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        await events_at(client, (await started(client, threadId="t1"))["events"])
        origin = str(client.base_url.join("/")).rstrip("/")
        printed = await reading(
            "--input-type=module", "-e", code.replace("http://127.0.0.1:8000", origin)
        )
    assert types([{"type": each} for each in re.findall(r"type: '(\w+)'", printed)])[-1] == (
        "RUN_FINISHED"
    )
