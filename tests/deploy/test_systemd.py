"""The units, as systemd itself judges it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agui_runtime.commands.cli import parser
from agui_runtime.commands.serving import GRACE
from agui_runtime.settings import Settings
from tests.programs import ROOT

FOLDER = ROOT / "deploy/systemd"
UNITS = {
    "agui-runtime.service": ("serve",),
    "agui-runtime-worker@.service": ("worker", "--queues", "%i"),
}
"""And what they start."""
SERVER, WORKER = UNITS
EACH = pytest.mark.parametrize("name", UNITS)
WORST = 1.5
"""Of 10, which systemd gives to a unit that restricts nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The units with their drop-ins, where the program is this environment's."""
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    program = str(Path(sys.executable).with_name("agui-runtime"))
    for name in UNITS:
        made = tmp_path / name
        text = made.read_text()
        assert text.count("ExecStart=/opt/agui-runtime/bin/agui-runtime ") == 1
        made.write_text(
            text.replace("ExecStart=/opt/agui-runtime/bin/agui-runtime", f"ExecStart={program}")
        )
    return tmp_path


def lines_of(name: str) -> list[tuple[str, str]]:
    """Its words and what they are set to, without comments."""
    lines = (FOLDER / name).read_text().splitlines()
    parted = [line.partition("=") for line in lines if not line.startswith("#")]
    return [(word, value) for word, _, value in parted]


def analyzed(*words: str) -> tuple[int, str]:
    found = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)
    return found.returncode, found.stdout + found.stderr


@pytest.mark.parametrize("name", [SERVER, WORKER.replace("@", "@default")])
def test_systemd_knows_every_word(folder: Path, name: str) -> None:
    assert analyzed("verify", str(folder / name)) == (0, "")


@EACH
def test_it_may_do_little(folder: Path, name: str) -> None:
    threshold = f"--threshold={WORST * 10:.0f}"
    code, words = analyzed("security", "--offline=true", threshold, str(folder / name))
    assert code == 0, words


@EACH
def test_its_settings_are_obeyed_and_its_time_is_enough(name: str) -> None:
    lines = lines_of(name)
    given = [value.partition("=") for word, value in lines if word == "Environment"]
    settings = Settings.read({variable: value for variable, _, value in given})
    assert settings.store == "sqlite:///%S/agui-runtime/threads.db"  # %S begins with a slash
    service = dict(lines)
    assert float(service["TimeoutStopSec"]) >= settings.drain_seconds + GRACE
    assert service["KillMode"] == "mixed"


@EACH
def test_it_starts_a_command_that_there_is(name: str) -> None:
    _, *words = dict(lines_of(name))["ExecStart"].split()
    assert tuple(words) == UNITS[name]
    parser().parse_args([word.replace("%i", "default") for word in words])


def test_a_worker_has_the_servers_file_and_rights() -> None:
    server, worker = lines_of(SERVER), lines_of(WORKER)
    rights = [each[each.index(("DynamicUser", "yes")) :] for each in (server, worker)]
    assert rights[0] == rights[1]
    # A server's user has the name of its unit.
    assert ("User", Path(SERVER).stem) in worker
    for word in ("StateDirectory", "WorkingDirectory", "LimitNOFILE", "TimeoutStopSec"):
        assert dict(worker)[word] == dict(server)[word]
    shared = ("EnvironmentFile", "-/etc/agui-runtime/environment")
    assert shared in server
    assert shared in worker
