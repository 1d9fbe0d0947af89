"""By which settings runs are carried out by workers, and what of them cannot be obeyed."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Options, create_app
from agui_runtime.agents.agent import current_run
from agui_runtime.app import Served
from agui_runtime.commands.cli import main
from agui_runtime.commands.hosting import hosted
from agui_runtime.commands.queue_findings import queue_findings
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Caller, RunContext, RunRequest
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.core.queueing import JobUnreadable
from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime import job_bodies
from agui_runtime.stores.layers.delegating import jobs_of
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.wires.shared.options import ServerOptions
from tests.runtime.test_workers import at_work, events_of, opened, request_of
from tests.runtime.worlds import Scripted, text

REDIS = "redis://127.0.0.1:1/0"
SECRET = "Bearer s3cret"


def runtime_with(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], options: Options | None = None
) -> CopilotRuntime:
    """What an app makes of a runtime under these settings."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    runtime = CopilotRuntime({"default": Scripted(*text("hello"))}, options=options)
    create_app(runtime)
    return runtime


def test_the_settings_of_workers_are_options_of_the_runtime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = new_key()
    runtime = runtime_with(
        monkeypatch,
        {
            "AGUI_QUEUE": REDIS,
            "AGUI_QUEUES": "research=gpu, writer = gpu",
            "AGUI_WORKER_TIMEOUT": "30",
            "AGUI_APP_VERSION": "2026-11-27",
            "AGUI_KEYS": f"{key}, {new_key()}",
        },
    )
    options = runtime.options
    assert options.run_in is not None
    assert options.keys is not None
    assert options.run_in.where == REDIS
    assert (options.queues, options.worker_timeout) == ({"research": "gpu", "writer": "gpu"}, 30)
    assert options.app_version == "2026-11-27"
    assert options.keys.ids[0] == KeyRing([key]).ids[0]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"AGUI_QUEUE": "amqp://ann:s3cret@rabbit"}, "AGUI_QUEUE: the URL of a queue starts with"),
        ({"AGUI_QUEUES": "research=gpu"}, "AGUI_QUEUES: set AGUI_QUEUE, too"),
        ({"AGUI_WORKER_TIMEOUT": "30"}, "AGUI_WORKER_TIMEOUT: set AGUI_QUEUE, too"),
        ({"AGUI_APP_VERSION": "7"}, "AGUI_APP_VERSION: set AGUI_QUEUE, too"),
        ({"AGUI_QUEUE": REDIS, "AGUI_APP_VERSION": "3f2a91c"}, "which of two versions is newer"),
        ({"AGUI_QUEUE": REDIS, "AGUI_WORKER_TIMEOUT": "0"}, "more than 0 seconds"),
        ({"AGUI_QUEUE": REDIS, "AGUI_QUEUES": "gpu"}, "must be like research=gpu"),
        ({"AGUI_QUEUE": REDIS, "AGUI_QUEUES": "a=g p u"}, "is no name of a queue"),
        ({"AGUI_QUEUE": REDIS, "AGUI_QUEUES": "a=x,a=y"}, "names two queues for 'a'"),
        ({"AGUI_KEYS": "s3cret"}, "AGUI_KEYS: number 1 is none that"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_by_the_variable(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        runtime_with(monkeypatch, variables)
    assert says in refusal.value.message
    assert "s3cret" not in refusal.value.message


def test_a_queue_by_two_ways_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misconfigured, match="AGUI_QUEUE cannot be obeyed"):
        runtime_with(monkeypatch, {"AGUI_QUEUE": REDIS}, Options(run_in=HereQueue()))


async def test_threads_in_memory_are_refused_where_workers_are_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGUI_QUEUE", REDIS)
    app = create_app(CopilotRuntime({"default": Scripted(*text("hello"))}))
    with pytest.raises(Misconfigured, match="threads are in memory: set AGUI_STORE"):
        async with app.router.lifespan_context(app):
            pass


@pytest.mark.parametrize("agent", ["resarch", "former"])
def test_a_queue_of_an_agent_that_there_is_not_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    (tmp_path / f"agents_of_{agent}.py").write_text(
        "from agui_runtime import CopilotRuntime\n"
        "from tests.runtime.worlds import Scripted\n"
        "runtime = CopilotRuntime({'research': Scripted()}, aliases={'former': 'research'})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name, value in {
        "AGUI_APP": f"agents_of_{agent}:runtime",
        "AGUI_QUEUE": REDIS,
        "AGUI_STORE": f"sqlite:///{tmp_path}/threads.db",
        "AGUI_QUEUES": f"{agent}=gpu",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=agent):
        hosted()
    monkeypatch.setenv("AGUI_QUEUES", "research=gpu")
    monkeypatch.delitem(sys.modules, f"agents_of_{agent}")
    assert hosted().runtimes[0].options.queues == {"research": "gpu"}


def test_runtimes_whose_runs_a_worker_would_confuse_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGUI_QUEUE", REDIS)
    monkeypatch.setenv("AGUI_STORE", f"sqlite:///{tmp_path}/threads.db")
    monkeypatch.syspath_prepend(tmp_path)
    for number, (agent, confused) in enumerate({"default": True, "sales": False}.items()):
        (tmp_path / f"several{number}.py").write_text(
            "from starlette.routing import Mount\n"
            "from agui_runtime import CopilotRuntime, create_app\n"
            "from tests.runtime.worlds import Scripted\n"
            f"mounts = [Mount(f'/{{name}}', create_app(CopilotRuntime({{name: Scripted()}})))\n"
            f"    for name in ('default', 'other')]\n"
            f"mounts += [Mount('/more', create_app(CopilotRuntime({{{agent!r}: Scripted()}})))]\n"
        )
        monkeypatch.setenv("AGUI_APP", f"several{number}:mounts")
        if confused:
            with pytest.raises(Misconfigured, match=r"'default'.*whose run"):
                hosted()
        else:
            assert len(hosted().runtimes) == 3


@pytest.mark.parametrize("sealed", [True, False])
async def test_the_start_says_once_that_agents_on_workers_see_no_headers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, sealed: bool
) -> None:
    if sealed:
        monkeypatch.setenv("AGUI_KEYS", new_key())
    options = Options(run_in=HereQueue())
    app = create_app(CopilotRuntime({"default": Scripted(*text("hello"))}, options=options))
    with caplog.at_level(logging.WARNING):
        async with app.router.lifespan_context(app):
            pass
    assert caplog.text.count("see no headers of requests") == (0 if sealed else 1)


class Headers:
    """Says which headers it sees."""

    name, description = "default", "headers"

    async def run(self, request: RunAgentInput) -> AsyncIterator[object]:
        yield str(dict(current_run.get().headers))


def with_headers() -> RunRequest:
    made = request_of("t1")
    context = RunContext(Caller("ann"), "q1", headers={"authorization": SECRET})
    return RunRequest(made.input, context, fingerprint=made.fingerprint)


@pytest.mark.parametrize("keys", [KeyRing([new_key()]), None])
async def test_headers_reach_an_agent_on_a_worker_if_they_can_be_sealed(
    keys: KeyRing | None,
) -> None:
    async with opened(MemoryStore(), Headers(), keys=keys) as runtime:
        handle = await runtime.start(with_headers())
        async with at_work(runtime):
            events = await events_of(handle)
    assert (SECRET in str(events)) is (keys is not None)


async def test_what_waits_holds_no_header_that_can_be_read_or_moved() -> None:
    ring = KeyRing([new_key()])
    body = await job_bodies.written(with_headers(), job_bodies.Luggage(), ring)
    assert b"s3cret" not in body
    request, _ = await job_bodies.read(body, ring)
    assert request.context.headers == {"authorization": SECRET}
    with pytest.raises(JobUnreadable):
        await job_bodies.read(body.replace(b'"t1"', b'"t2"'), ring)
    with pytest.raises(JobUnreadable):
        await job_bodies.read(body, KeyRing([new_key()]))


async def test_a_worker_without_the_key_fails_the_run_and_goes_on() -> None:
    store, queue = MemoryStore(), HereQueue()
    async with (
        opened(store, Headers(), run_in=queue, keys=KeyRing([new_key()])) as web,
        opened(store, Headers(), run_in=queue) as work,
    ):
        handle = await web.start(with_headers())
        async with at_work(work):
            events = await events_of(handle)
    assert [each["type"] for each in events] == ["RUN_STARTED", "RUN_ERROR"]
    assert events[0]["input"]["messages"][0]["content"] == "hello"  # what its user wrote is kept
    assert events[-1]["code"] == "JOB_UNREADABLE"


def test_keys_are_made_and_named_by_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "generate"]) == 0
    key = capsys.readouterr().out.strip()
    monkeypatch.setenv("AGUI_KEYS", f"{key},{new_key()}")
    assert main(["keys", "check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines] == ["seals and opens", "opens"]
    assert key not in "".join(lines)
    monkeypatch.delenv("AGUI_KEYS")
    assert main(["keys", "check"]) == 2
    assert "keys generate" in capsys.readouterr().err


def test_check_names_the_queue_and_where_nobody_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "AGUI_MODEL": "openai/gpt-4o-mini",
        "OPENAI_API_KEY": "none",
        "AGUI_QUEUE": REDIS,
        "AGUI_QUEUES": "default=gpu",
        "AGUI_STORE": "memory:",
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["check"]) == 2
    found = capsys.readouterr().out
    assert f"{REDIS}: the queue cannot be reached" in found
    assert "threads are in memory: set AGUI_STORE" in found
    assert "see no headers of requests" in found


async def test_check_counts_workers_and_says_where_there_are_none() -> None:
    options = Options(run_in=HereQueue(), queues={"research": "gpu"}, keys=KeyRing([new_key()]))
    runtime = CopilotRuntime({"default": Scripted(*text("hello"))}, options=options)
    await jobs_of(runtime.store).take("w1", ["default"], 0)
    found = [each async for each in queue_findings(Served(runtime, ServerOptions(), None))]
    missing = "no worker, 0 runs wait: start `agui-runtime worker --queues gpu`"
    assert [(each.what, each.says, each.level) for each in found] == [
        ("queue", "this process", "ok"),
        ("queue default", "1 workers, 0 runs wait", "ok"),
        ("queue gpu", missing, "warning"),
    ]
