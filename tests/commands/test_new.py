"""`agui-runtime new`: what it writes works as it stands, and nothing that is there is harmed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from agui_runtime.commands.cli import main
from agui_runtime.commands.new.table import TEMPLATES
from tests.deploy.dockerfile import is_sent, rules_of
from tests.programs import environment

VARIABLE = re.compile(r"environ(?:\.get\(|\[)['\"](\w+)|const \{ (\w+) = ")
QUICK = ["openai", "agentscope", "remote"]
"""Templates whose packages the tests have; `scripts.py templates` tries all of them."""

EVERY = pytest.mark.parametrize("template", TEMPLATES)

New: TypeAlias = Callable[..., tuple[int, str, str]]
"""Runs `agui-runtime new` with these words in a folder of its own: exit code, output, errors."""


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> New:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["new", *words])
        return code, *capsys.readouterr()

    return run


def tool(project: Path, *words: str) -> None:
    """Run a module in the project, which has to succeed."""
    program(project, "python", "-m", *words)


def program(project: Path, name: str, *words: str) -> None:
    """The same for a program of the environment that the tests have."""
    cache = {"MYPY_CACHE_DIR": str(project.parent / "mypy"), "RUFF_NO_CACHE": "true"}
    settings = environment(**cache)
    del settings["AGUI_STORE"]  # of these tests; a newcomer has none
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *words],
        cwd=project,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@EVERY
def test_every_file_of_a_template_is_complete(new: New, tmp_path: Path, template: str) -> None:
    assert new("demo", "--template", template)[0] == 0
    texts = {str(path): text.decode() for path, text in snapshot(tmp_path / "demo").items()}
    assert [path for path, text in texts.items() if re.search(r"\{\{\w+\}\}", text)] == []
    assert [path for path in texts if path.endswith(".in") or "dot-" in path] == []
    project = tomllib.loads((tmp_path / "demo" / "pyproject.toml").read_text())["project"]
    assert project["name"] == "demo"
    assert any(each.startswith("agui-runtime") for each in project["dependencies"])


@EVERY
def test_its_python_is_clean(new: New, tmp_path: Path, template: str) -> None:
    new("demo", "--template", template)
    tool(tmp_path / "demo", "ruff", "check")
    tool(tmp_path / "demo", "ruff", "format", "--check")


@EVERY
def test_its_container_is_well_described(new: New, tmp_path: Path, template: str) -> None:
    new("demo", "--template", template)
    project = tmp_path / "demo"
    words = ("--failure-threshold", "style", "Dockerfile")
    program(project, "hadolint", *words)
    program(project, "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (project / "Dockerfile").read_text(), re.M)
    sources = [project / source for line in copied for source in line.split()]
    assert [source.name for source in sources if not source.exists()] == []
    rules = rules_of(project / ".dockerignore")
    unsent = {
        str(file.relative_to(project))
        for source in sources
        for file in ([source] if source.is_file() else source.rglob("*"))
        if file.is_file() and not is_sent(str(file.relative_to(project)), rules)
    }
    assert unsent == set()
    assert not is_sent(".env", rules)
    assert not is_sent("page/node_modules/vite/package.json", rules)


@EVERY
def test_the_example_of_an_environment_names_every_variable(
    new: New, tmp_path: Path, template: str
) -> None:
    new("demo", "--template", template)
    project = tmp_path / "demo"
    programs = [*project.glob("[!t]*.py"), project / "page" / "vite.config.ts"]
    found = {
        name for file in programs for pair in VARIABLE.findall(file.read_text()) for name in pair
    } - {""}
    found.add("OPENAI_BASE_URL")  # which most frameworks read themselves
    example = (project / ".env.example").read_text()
    assert "OPENAI_API_KEY" in found
    assert found == set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert [line for line in example.splitlines() if "sk-" in line] == []


@pytest.mark.parametrize("template", QUICK)
def test_it_passes_its_own_test(new: New, tmp_path: Path, template: str) -> None:
    new("demo", "--template", template)
    tool(tmp_path / "demo", "pytest", "-q")


@pytest.mark.parametrize("template", ["remote"])
def test_its_types_are_right(new: New, tmp_path: Path, template: str) -> None:
    new("demo", "--template", template)
    tool(tmp_path / "demo", "mypy")


def test_a_folder_that_is_not_empty_is_not_touched(new: New, tmp_path: Path) -> None:
    mine = tmp_path / "demo" / "page" / "index.html"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    (tmp_path / "demo" / "app.py").write_text("mine, too")
    before = snapshot(tmp_path)
    code, out, err = new("demo")
    assert (code, out) == (2, "")
    assert "app.py, page/index.html" in err
    assert err.count("\n") == 1
    assert "README.md" not in err
    assert snapshot(tmp_path) == before


def test_a_folder_with_other_files_is_not_touched_either(new: New, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "notes.txt").write_text("mine")
    code, _, err = new("demo")
    assert (code, "overwritten" in err) == (2, False)
    assert [path.name for path in snapshot(tmp_path)] == ["notes.txt"]


def test_an_empty_folder_is_filled(new: New, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    assert new("demo")[0] == 0
    assert (tmp_path / "demo" / "app.py").is_file()


@pytest.mark.parametrize("kind", ["file", "link", "broken link"])
def test_what_is_no_folder_is_not_followed(new: New, tmp_path: Path, kind: str) -> None:
    elsewhere, place = tmp_path / "elsewhere", tmp_path / "demo"
    if kind == "file":
        place.write_text("mine")
    else:
        place.symlink_to(elsewhere)
    if kind == "link":
        elsewhere.mkdir()
    before = snapshot(tmp_path)
    code, _, err = new("demo")
    assert (code, err.count("\n")) == (2, 1)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../demo", "a/b", "/tmp/demo", "a\\b", "~", "-demo", "demo-", ".demo"),
        *(
            "de mo",
            "démo",
            "de\nmo",
            "demo\n",
            "$(id)",
            "a;b",
            "x" * 65,
            "NUL",
            "con.txt",
            "{{name}}",
        ),
        *("agui-runtime", "agui_runtime", "AGUI.Runtime", "python-dotenv", "pytest"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_in_a_line(
    new: New, tmp_path: Path, name: str
) -> None:
    code, out, err = new("--", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["demo", "my-app", "my_app", "My.App2", "7", "x" * 64])
def test_any_name_of_a_project_does(new: New, tmp_path: Path, name: str) -> None:
    assert new(name)[0] == 0
    assert (tmp_path / name / "app.py").is_file()


def test_a_framework_is_no_name_for_what_needs_it(new: New) -> None:
    code, _, err = new("langchain", "--template", "langgraph")
    assert (code, "package that the project needs" in err) == (2, True)
    assert new("langchain", "--template", "openai")[0] == 0


def test_an_unknown_template_is_refused_with_those_that_there_are(new: New, tmp_path: Path) -> None:
    code, out, err = new("demo", "--template", "langraph")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert ", ".join(TEMPLATES) in err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(
    new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    code, _, err = new("demo")
    assert (code, err) == (2, "agui-runtime: demo cannot be written: No space left on device\n")


def test_an_environment_without_pip_is_filled_by_uv(
    new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agui_runtime.commands.new.next_steps.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/usr/bin")
    assert f"uv pip install --python {shlex.quote(sys.executable)} ." in new("demo")[1]


@EVERY
def test_commands_are_those_of_the_environment_in_use(
    new: New, monkeypatch: pytest.MonkeyPatch, template: str
) -> None:
    here = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", f"{here}{os.pathsep}/usr/bin")
    _, active, _ = new("active", "--template", template)
    assert "&& python -m pip install ." in active
    assert re.search(r"^  agui-runtime serve app:app$", active, re.MULTILINE)
    monkeypatch.setenv("PATH", "/usr/bin")
    _, other, _ = new("other", "--template", template)
    python = shlex.quote(sys.executable)
    assert f"{python} -m pip install ." in other
    assert f"{python} -m agui_runtime serve app:app" in other
