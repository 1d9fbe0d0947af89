"""The command that an error about a missing package names, by where this Python comes from."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from agui_runtime.core.extras import install_command

METADATA = """Metadata-Version: 2.4
Name: agui-runtime
Version: 1.0
Requires-Dist: fastapi>=0.1
Requires-Dist: redis>=8.1; extra == 'redis'
Requires-Dist: asyncpg>=0.31; extra == "postgres"
Requires-Dist: alembic!=1.21,>=1.20; extra == 'postgres'
"""


def installed(
    monkeypatch: pytest.MonkeyPatch, folder: Path, prefix: Path, editable: str = ""
) -> None:
    """As if this Python, at `prefix`, held the package from that folder."""
    info = folder / "agui_runtime-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(METADATA)
    if editable:
        (info / "direct_url.json").write_text(
            f'{{"url": "{editable}", "dir_info": {{"editable": true}}}}'
        )
    monkeypatch.setattr(sys, "prefix", str(prefix))
    found = metadata.PathDistribution(info)
    monkeypatch.setattr("agui_runtime.core.extras.distribution", lambda name: found)


def test_a_folder_that_sets_itself_up_brings_it_by_its_own_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "my folder"
    installed(monkeypatch, tmp_path / "site", home / ".venv", home.as_uri())
    assert install_command("redis") == "python3 scripts.py serve --with redis"


@pytest.mark.parametrize("editable", ["", "file:///elsewhere"])
def test_elsewhere_it_is_this_python_s_pip_with_what_the_extra_consists_of(
    editable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, tmp_path / "site", tmp_path / ".venv", editable)
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python")
    words = shlex.split(install_command("postgres"))
    assert words[0] == "/opt/my python/bin/python"
    assert words[1:] == ["-m", "pip", "install", "asyncpg>=0.31", "alembic!=1.21,>=1.20"]


def test_a_server_without_the_package_names_the_command_in_one_line() -> None:
    code = (
        "import os, sys; sys.modules['redis'] = None;"
        "os.environ |= {'AGUI_STORE': 'redis://127.0.0.1:1/0'};"
        "from agui_runtime.commands.cli import main; sys.exit(main(['serve']))"
    )
    words = [sys.executable, "-c", code]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith("agui-runtime: the Redis store needs a package that is not there: ")
    assert line.endswith(install_command("redis"))
