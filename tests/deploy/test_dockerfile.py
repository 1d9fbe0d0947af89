"""What can be seen of the image without building it; `python3 scripts.py image` builds it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts import files_below
from tests.deploy.dockerfile import is_sent, rules_of, stages_of
from tests.programs import ROOT

DOCKERFILE = ROOT / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def test_hadolint_has_nothing_to_say() -> None:
    words = [str(HADOLINT), "--failure-threshold", "style", str(DOCKERFILE)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_all_that_it_copies_is_sent_to_the_builder_and_nothing_that_is_built() -> None:
    rules = rules_of(ROOT / ".dockerignore")
    copied = [
        source
        for stage in stages_of(DOCKERFILE)
        for step in stage.steps
        if step.name == "COPY" and not step.text.startswith("--from")
        for source in step.words[:-1]
    ]
    files = [
        str(file.relative_to(ROOT))
        for source in copied
        for file in (files_below(ROOT / source) if (ROOT / source).is_dir() else [ROOT / source])
    ]
    kept_back = {file for file in files if not is_sent(file, rules)}
    made = ("node_modules", "__pycache__", "dist", "diagrams")
    assert "agui_runtime/app.py" in files
    assert [file for file in kept_back if not set(made) & set(Path(file).parts)] == []
    assert [file for file in set(files) - kept_back if set(made[:2]) & set(Path(file).parts)] == []
    assert not is_sent(".env", rules)
    assert not is_sent(".git/config", rules)


def test_it_runs_as_nobody_in_particular_and_gets_its_signals() -> None:
    last = stages_of(DOCKERFILE)[-1]
    assert last.only("USER").text == "10001:10001"
    assert last.only("ENTRYPOINT").text.startswith("[")
    assert last.only("STOPSIGNAL").text == "SIGTERM"
