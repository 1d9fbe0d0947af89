"""The command line as its user meets it: a process, its output, its exit code."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

import agui_runtime
from agui_runtime.commands.hosting import hosted
from agui_runtime.core.errors import Misconfigured
from agui_runtime.settings import Settings
from tests.programs import ROOT, environment, finished, serving

HEAVY = {"litellm", "agentscope", "redis", "mcp", "sqlalchemy", "alembic"}
"""What no server loads that was not asked for it."""

LATE = {"graphql", "strawberry", "genai_prices"}
"""What it loads beside, or for, its first answers."""


async def test_serve_says_what_is_where_and_answers_there() -> None:
    async with serving() as (_, origin, said), httpx.AsyncClient() as client:
        addresses = re.findall(r"http://\S+", said)
        assert f"{origin}/copilotkit" in addresses
        answer = await client.post(f"{origin}/copilotkit", json={"query": "{ hello }"})
        assert answer.json() == {"data": {"hello": "Hello World"}}
        assert (await client.get(f"{origin}/healthz")).status_code == 200


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_serve_ends_when_it_is_told_to(stop: signal.Signals) -> None:
    async with serving() as (process, _, _):
        process.send_signal(stop)
        _, err = await process.communicate()
        assert b"stopped; every run has ended" in err
        assert b"Traceback" not in err


async def test_serve_stays_on_loopback_without_authentication() -> None:
    code, _, err = await finished("serve", "--host", "0.0.0.0", "--port", "0")
    assert code == 2
    assert "AGUI_ALLOW_ANONYMOUS=1" in err
    assert "Traceback" not in err


async def test_a_wrong_setting_is_one_line_and_exit_code_2() -> None:
    code, out, err = await finished("serve", AGUI_MODEL="openai/gpt-x")
    assert (code, out) == (2, "")
    assert err == "agui-runtime: AGUI_MODEL=openai/gpt-x needs OPENAI_API_KEY\n"


@pytest.mark.parametrize(
    ("model", "meant"),
    [
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("gemini-2.5-flash", "gemini/gemini-2.5-flash"),
        ("llama3", "ollama/llama3"),
    ],
)
def test_a_model_without_its_provider_is_refused_with_what_was_meant(
    model: str, meant: str
) -> None:
    with pytest.raises(Misconfigured, match=f"names no provider; did you mean {meant}"):
        hosted(Settings(model=model))
    here = Settings(model=model, openai_base_url="http://127.0.0.1:1/v1", store="memory:")
    assert hosted(here).runtimes


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("openai/", "names no model; write openai/NAME-OF-THE-MODEL"),
        ("anthropic", "names no model; write anthropic/NAME-OF-THE-MODEL"),
        ("anthropic/", "names no model"),
        ("/gpt-4o", "names no provider; did you mean openai/gpt-4o?"),
        ("openai:gpt-4o", "names no provider; did you mean openai/gpt-4o?"),
        ("OpenAI/gpt-4o", "did you mean openai/gpt-4o?"),
        ("claude/claude-sonnet-4-5", "did you mean anthropic/claude-sonnet-4-5?"),
        ("google/gemini-2.5-flash", "did you mean gemini/gemini-2.5-flash?"),
        ("antropic/claude-sonnet-4-5", "did you mean anthropic/claude-sonnet-4-5?"),
        ("openai/gpt 4o", "has a space"),
    ],
)
def test_a_model_that_cannot_be_meant_is_refused_with_what_was(model: str, says: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        hosted(Settings(model=model, api_key="k"))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"OPENAI_API_KEY": '"sk-1"'}, "OPENAI_API_KEY has spaces or quotes"),
        ({"OPENAI_API_KEY": "Bearer sk-1"}, "OPENAI_API_KEY: leave out the word Bearer"),
        ({"AGUI_API_KEY": "sk 1"}, "AGUI_API_KEY has spaces"),
        ({"OPENAI_API_KEY": " \r"}, "needs OPENAI_API_KEY"),
        ({"AGUI_OPENAI_BASE_URL": "localhost:11434/v1"}, "AGUI_OPENAI_BASE_URL must be a URL that"),
        (
            {"AGUI_OPENAI_BASE_URL": "http://127.0.0.1:11434/v1/chat/completions"},
            "AGUI_OPENAI_BASE_URL: leave out /chat/completions",
        ),
    ],
)
def test_a_key_or_an_address_that_cannot_be_meant_is_refused_by_its_variable(
    environ: dict[str, str], says: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        hosted(Settings.read({"AGUI_MODEL": "openai/m", **environ}))
    assert says in str(refused.value)
    assert "sk-1" not in str(refused.value)


def test_a_key_of_openai_s_beside_another_server_is_not_sent_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = {"AGUI_MODEL": "openai/m", "AGUI_OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    environ = {**there, "OPENAI_API_KEY": "sk-1"}
    hosted(Settings.read(environ))
    [line] = [it.getMessage() for it in caplog.records if "OPENAI_API_KEY" in it.getMessage()]
    assert line.endswith("if the server at AGUI_OPENAI_BASE_URL wants a key, set AGUI_API_KEY")
    caplog.clear()
    hosted(Settings.read({**environ, "AGUI_API_KEY": "k"}))
    hosted(Settings.read(there))
    assert not caplog.records


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("no_such_module:app", "No module named 'no_such_module'; start in the folder"),
        ("tests/fakes/hosted.py:outer", "did you mean tests.fakes.hosted:outer?"),
        ("./my_app.py", "did you mean my_app:runtime?"),
        (":runtime", "did you mean my_app:runtime?"),
        ("bench.app:runtimes", "bench.app has no runtimes; did you mean runtime?"),
        ("tests.fakes.hosted:nothing_like_it", "tests.fakes.hosted has no nothing_like_it; it has"),
        ("tests.fakes.agents:ScriptedAgent", "is the class ScriptedAgent"),
        ("agui_runtime.commands.cli:_look_here_first", "call it in the module, app = _look_here"),
        ("agui_runtime.core.ids:fault_of", "is an agent; name a CopilotRuntime(agents="),
        ("os:environ", "is a dict; name a CopilotRuntime(agents=...)"),
        ("agui_runtime.core.ids:MAX_ID", "is not a CopilotRuntime, an ASGI app, or a list"),
    ],
)
def test_what_can_be_no_app_is_refused_with_what_to_name(target: str, says: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        hosted(Settings(app=target))
    assert says in str(refused.value)


async def test_check_says_what_is_there() -> None:
    code, out, _ = await finished("check", AGUI_APP="bench.app:runtime")
    assert code == 0
    found = [tuple(line.split("\t")[:2]) for line in out.splitlines()]
    found = [each for each in found if each[1] != "playground"]  # which need not be built here
    agents = [("ok", "agent default"), ("ok", "agent bench")]
    assert found == [("ok", "app"), *agents, ("ok", "threads"), ("ok", "callers")]


@pytest.mark.parametrize(
    ("settings", "what", "says"),
    [
        ({"AGUI_APP": "no_such_module:app"}, "app", "No module named 'no_such_module'"),
        ({"AGUI_MODEL": "openai/gpt-x"}, "app", "needs OPENAI_API_KEY"),
        ({"AGUI_STORE": "sqlite:////no/such/folder/t.db"}, "threads", "no folder /no/such/folder"),
        ({"AGUI_STOR": "x"}, "app", "did you mean AGUI_STORE?"),
    ],
)
async def test_check_says_what_is_wrong(settings: dict[str, str], what: str, says: str) -> None:
    code, out, err = await finished("check", "--json", **settings)
    assert code == 2
    wrong = [each for each in json.loads(out) if not each["ok"]]
    assert [each["what"] for each in wrong] == [what]
    assert says in wrong[0]["says"]
    assert "Traceback" not in err


async def test_check_makes_no_file(tmp_path: Path) -> None:
    code, out, _ = await finished("check", AGUI_DATA=str(tmp_path / "new"))
    assert code == 0
    assert "which the first start makes" in out
    assert not (tmp_path / "new").exists()  # quick


async def test_agents_are_listed() -> None:
    code, out, _ = await finished("agents", "--json", AGUI_APP="bench.app:runtime")
    assert code == 0
    assert [each["agent"] for each in json.loads(out)] == ["default", "bench"]


async def test_schema_prints_the_sdl() -> None:
    code, out, _ = await finished("schema")
    assert code == 0
    assert "type Query {" in out
    assert "generateCopilotResponse(" in out


async def test_a_server_begins_to_listen_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from agui_runtime.commands import serving;"
        "from agui_runtime.commands.hosting import hosted; hosted();"
        "print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        cwd=ROOT,
        env=environment(AGUI_DATA=str(tmp_path / "threads.db")),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    loaded = set(re.findall(r"'(\w+)'", err.decode()))
    assert {"fastapi", "uvicorn", "sqlite3"} <= loaded
    assert not (HEAVY | LATE) & loaded


async def test_nor_by_the_first_answers_of_a_server() -> None:
    asked = {"id": "u1", "role": "user", "content": "What is loaded?"}
    run = {"threadId": "t1", "runId": "r1", "messages": [asked], "state": {}, "tools": []}
    body = {**run, "context": [], "forwardedProps": {}}
    settings = {"AGUI_APP": "tests.fakes.modules:runtime"}
    async with (
        serving(**settings) as (_, origin, _),
        httpx.AsyncClient(base_url=f"{origin}/copilotkit") as client,
    ):
        for query in ("{ hello }", "{ availableAgents { agents { name } } }"):
            assert "errors" not in (await client.post("", json={"query": query})).json()
        assert (await client.get("/info")).status_code == 200
        told = await client.post("/agent/default/run", json=body)

    loaded = set(re.findall(r"\w+", told.text))
    assert {"fastapi", "strawberry"} <= loaded
    assert not HEAVY & loaded


async def test_the_release_is_said_before_anything_heavy_is_loaded() -> None:
    code = (
        "import sys; from agui_runtime.commands.cli import main; main(['--version']);"
        "heavy = {'ag_ui', 'email', 'fastapi', 'httpx'};"
        "print(sorted({m.split('.')[0] for m in sys.modules} & heavy))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.decode() == f"agui-runtime {agui_runtime.__version__}\n[]\n"


async def test_an_app_is_imported_from_the_working_folder(tmp_path: Path) -> None:
    lines = ["from agui_runtime import CopilotRuntime", "async def hello(request):", "    yield"]
    lines.append("runtime = CopilotRuntime({'hello': hello})")
    (tmp_path / "own_app.py").write_text("\n".join(lines))
    program = Path(sys.executable).parent / "agui-runtime"
    process = await asyncio.create_subprocess_exec(
        *(str(program), "check"),
        cwd=tmp_path,
        env=environment(AGUI_APP="own_app:runtime"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert "agent hello" in out.decode()


def test_every_public_name_is_there() -> None:
    assert [
        name for name in agui_runtime.__all__ if getattr(agui_runtime, name, None) is None
    ] == []
    assert not hasattr(agui_runtime, "create_ap")
