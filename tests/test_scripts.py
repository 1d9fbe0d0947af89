"""`scripts.py`: what it brings for which tests, and what it says while something takes its time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import NEEDS, ROOT, files_below, needs_of, run_slowly

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


def test_what_takes_long_says_what_it_is_and_when_it_was_done(
    capfd: pytest.CaptureFixture[str],
) -> None:
    run_slowly("counting (once)", sys.executable, "-c", "print('WARNING: of no use')")
    said = capfd.readouterr().err.splitlines()
    assert said[0] == "* counting (once)"
    assert said[-1].endswith(" s  done")
    assert not any("WARNING" in line for line in said)


def test_what_fails_shows_all_that_it_said(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run_slowly("counting", sys.executable, "-c", "print('one'); raise SystemExit('no two')")
    said = capfd.readouterr().err
    assert "one" in said
    assert "no two" in said


def test_a_command_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "scripts.py"), "tset"]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "  test       [--fast] [pytest arguments]" in told.stdout
