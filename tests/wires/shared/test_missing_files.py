"""What is to be done where the built files of a page are missing."""

from __future__ import annotations

from pathlib import Path

from agui_runtime.wires.shared.missing_files import as_html, remedy


def test_only_a_checkout_has_the_task_that_builds_them(tmp_path: Path) -> None:
    package = remedy("ui", tmp_path)
    (tmp_path / "scripts.py").touch()
    assert remedy("ui", tmp_path) == "run `python3 scripts.py ui` once (it uses npm)"
    assert "scripts.py ui" not in package
    assert "install the wheel that `python3 scripts.py wheel` makes in a checkout" in package


def test_commands_are_marked_in_html() -> None:
    assert as_html("run `a b` once") == "run <code>a b</code> once"
