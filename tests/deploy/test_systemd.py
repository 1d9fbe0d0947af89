"""The unit, as systemd itself judges it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agui_runtime.commands.serving import GRACE
from agui_runtime.settings import Settings
from tests.programs import ROOT

FOLDER = ROOT / "deploy/systemd"
UNIT = FOLDER / "agui-runtime.service"
WORST = 1.5
"""Of 10, which systemd gives to a unit that restricts nothing."""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with its drop-ins, where the program is this environment's."""
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    made = tmp_path / UNIT.name
    program = str(Path(sys.executable).with_name("agui-runtime"))
    text = made.read_text()
    assert text.count("ExecStart=/opt/agui-runtime/bin/agui-runtime ") == 1
    made.write_text(
        text.replace("ExecStart=/opt/agui-runtime/bin/agui-runtime", f"ExecStart={program}")
    )
    return made


def analyzed(*words: str) -> tuple[int, str]:
    found = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)
    return found.returncode, found.stdout + found.stderr


def test_systemd_knows_every_word(unit: Path) -> None:
    assert analyzed("verify", str(unit)) == (0, "")


def test_it_may_do_little(unit: Path) -> None:
    threshold = f"--threshold={WORST * 10:.0f}"
    code, words = analyzed("security", "--offline=true", threshold, str(unit))
    assert code == 0, words


def test_its_settings_are_obeyed_and_its_time_is_enough() -> None:
    lines = [line.partition("=") for line in UNIT.read_text().splitlines()]
    given = [value.partition("=") for name, _, value in lines if name == "Environment"]
    settings = Settings.read({name: value for name, _, value in given})
    assert settings.store == "sqlite:///%S/agui-runtime/threads.db"  # %S begins with a slash
    service = {name: value for name, _, value in lines}
    assert float(service["TimeoutStopSec"]) >= settings.drain_seconds + GRACE
    assert service["KillMode"] == "mixed"
