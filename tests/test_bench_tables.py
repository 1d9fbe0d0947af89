"""What the benches print: tables for people and for pages, and whether the machine was idle."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from bench.idleness import line
from bench.tables import Table


def test_a_table_is_markdown_and_stands_beside_others_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, parser = tmp_path / "figures.json", ArgumentParser()
    file.write_text('{"other": {}}')
    Table.add_options(parser)
    table = Table("us a token", ("ours", "goal"))
    table.add("burst", 1234.5, "met")
    table.show(parser.parse_args(["--markdown", "--json", str(file)]))

    assert "| | ours | goal |\n|---|---|---|\n| burst | 1,234 | met |" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert written["us a token"] == {"burst": {"ours": 1234.5, "goal": "met"}}
    assert "other" in written


def test_a_busy_machine_is_called_so() -> None:
    assert line(0.01).startswith("the machine was idle")
    assert line(1.5).startswith("THE MACHINE WAS NOT IDLE: others had 1.50 of")
