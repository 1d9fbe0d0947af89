"""Lines of several processes on one output."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.programs import ROOT

LINES, LENGTH = 60, 15_000
PROGRAM = f"""
import logging, sys
from agui_runtime.commands.whole_lines import write_whole_lines
write_whole_lines()
logging.basicConfig(format="%(message)s")
print("ready")
sys.stdin.readline()
for _ in range({LINES}):
    logging.warning(sys.argv[1] * {LENGTH})
"""


def test_a_long_line_is_not_written_into_the_midst_of_another() -> None:
    """The pipe is full, so that writers wait in the midst of their lines."""
    reader, writer = os.pipe()
    with start("a", writer) as one, start("b", writer) as other:
        os.close(writer)
        for process in (one, other):
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        for process in (one, other):
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.close()
        text = b""
        while part := os.read(reader, 1000):
            text += part
        os.close(reader)
    assert (one.returncode, other.returncode) == (0, 0)
    lines = text.decode().splitlines()
    assert sorted(lines) == ["a" * LENGTH] * LINES + ["b" * LENGTH] * LINES


def start(word: str, output: int) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-c", PROGRAM, word)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=output, cwd=ROOT)
