"""The numbers of `serve --processes N`, as Prometheus gets them: at one port, of all processes."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.commands.several import APP, BASE, Several, file_in, kill, several
from tests.hooks.telemetry.test_metrics import samples
from tests.ports import free_port
from tests.programs import finished
from tests.wires.agui.serving import reading, run_body

RUN = f"{BASE}/run"
FINISHED = "agui_runs_total{agent=default,code=,status=finished}"
LIVE = "agui_runs_live{}"


async def scraped(address: str) -> Mapping[str, float]:
    async with httpx.AsyncClient() as client:
        return samples((await client.get(f"http://{address}/metrics")).text)


def processes_in(found: Mapping[str, float]) -> set[int]:
    """Those whose memory is known."""
    name = "process_resident_memory_bytes{process="
    return {int(each.removeprefix(name)[:-1]) for each in found if each.startswith(name)}


async def test_several_processes_are_one_to_prometheus(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with several(**file_in(tmp_path), AGUI_METRICS=address) as parent:
        await _sums_of_what_both_count(parent, address)
        await _one_that_is_killed(parent, address)
        await _ones_that_are_replaced(parent, address)


async def _sums_of_what_both_count(parent: Several, address: str) -> None:
    async with (
        parent.client(of=parent.pids) as (one, pid),
        parent.client(of={*parent.pids} - {pid}) as (other, _),
    ):
        before = await scraped(address)
        assert processes_in(before) == set(parent.pids)
        for client in (one, other):
            for number in range(2):
                name = f"{client}-{number}"
                await client.post(RUN, json=run_body("who", name, name))
        found = await scraped(address)
    assert found[FINISHED] == before[FINISHED] + 4
    assert found["agui_run_seconds_count{agent=default}"] == found[FINISHED]
    assert found["agui_run_seconds_bucket{agent=default,le=+Inf}"] == found[FINISHED]
    assert not [name for name in found if "_created" in name]


async def _one_that_is_killed(parent: Several, address: str) -> None:
    """What it has counted stays, what it was doing does not."""
    async with parent.client(of=parent.pids) as (one, pid):
        async with reading(one, RUN, run_body("hold", "killed")) as run:
            await run.until("TEXT_MESSAGE_CONTENT")
            before = await scraped(address)
            assert before[LIVE] == 1
            kill(pid)
            await parent.until("killed by")
        found = await scraped(address)
    assert found[FINISHED] >= before[FINISHED]
    assert found[LIVE] == 0
    assert pid not in processes_in(found)
    while len(processes_in(found)) < 2:  # until another one has taken its place
        found = await scraped(address)


async def _ones_that_are_replaced(parent: Several, address: str) -> None:
    """They say what they have counted before they go; nobody looked since."""
    before = await scraped(address)
    async with httpx.AsyncClient(base_url=parent.origin, timeout=60) as client:
        for number in range(3):
            await client.post(RUN, json=run_body("who", f"last-{number}", f"last-{number}"))
    parent.process.send_signal(signal.SIGHUP)
    await parent.until("every process was replaced")
    found = await scraped(address)
    assert found[FINISHED] == before[FINISHED] + 3
    assert len(processes_in(found)) == 2
    assert not processes_in(found) & processes_in(before)


async def test_a_port_of_numbers_that_is_taken_is_found_before_any_process(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with several(**file_in(tmp_path), AGUI_METRICS=address):
        settings = file_in(tmp_path) | {"AGUI_METRICS": address, "AGUI_PROCESSES": "2"}
        code, out, err = await finished("serve", "--port", str(free_port()), **APP, **settings)
    assert (code, out) == (2, "")
    assert err == f"agui-runtime: AGUI_METRICS={address} cannot be opened: Address already in use\n"


async def test_a_place_for_spans_that_is_no_url_is_found_before_any_process(tmp_path: Path) -> None:
    settings = file_in(tmp_path) | {"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317"}
    words = ("serve", "--processes", "2", "--port", str(free_port()))
    code, out, err = await finished(*words, **APP, **settings)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("agui-runtime: OTEL_EXPORTER_OTLP_ENDPOINT must be a URL")
