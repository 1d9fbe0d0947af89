"""Commands that are run, files that are hashed, and what the user is told meanwhile."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parents[2]
LOOK_EVERY = 5.0  # seconds
WIDTH = 70
NOISE = ("warning", "npm warn", "looking in")


class Problem(Exception):
    """Something the user has to put right; its text says how."""


def say(text: str) -> None:
    print(f"* {text}", file=sys.stderr, flush=True)  # stdout is for what a command prints


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command to its end; raises CalledProcessError when it fails."""
    subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=True)


def run_slowly(
    what: str, *command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> None:
    """The same for a command that takes a while: says what is done, how far it has come and how
    long it took. The command's own output, warnings too, is shown only when it fails.
    """
    say(what)
    words, begun = [str(part) for part in command], time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(words, cwd=cwd, env=env, stdout=output, stderr=output)
        code = _watched(process, output, begun)
        if code:
            print(_text(output), file=sys.stderr)
            raise subprocess.CalledProcessError(code, words)
    _tell(begun, f"done: {what}")


def become(*command: str | Path) -> NoReturn:
    """Turn this process into the command, so that signals reach it directly.

    It stays in the user's folder, from where AGUI_APP is imported.
    """
    words = [str(part) for part in command]
    if os.name == "nt":  # exec would return to the shell while the command still runs
        sys.exit(subprocess.run(words, check=False).returncode)
    os.execv(words[0], words)


def digest(files: Iterable[Path], *more: str) -> str:
    """A hash of the files' names and contents and of whatever else matters."""
    seen = hashlib.sha256("\0".join(more).encode())
    for file in files:
        seen.update(f"\0{file.relative_to(ROOT)}\0".encode())
        seen.update(file.read_bytes())
    return seen.hexdigest()


def is_stamped(stamp: Path, state: str) -> bool:
    return stamp.is_file() and stamp.read_text() == state


def files_below(folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[Path]:
    """Every file, in a steady order; folders of those names are not entered."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in without)
        yield from (Path(here, name) for name in sorted(files))


def _watched(process: subprocess.Popen[bytes], output: IO[str], begun: float) -> int:
    """The exit code; meanwhile the last line of the output is told now and then."""
    try:
        while True:
            try:
                return process.wait(LOOK_EVERY)
            except subprocess.TimeoutExpired:
                _tell(begun, _latest(_text(output)))
    finally:
        process.kill()  # after Ctrl-C; one that has ended does not notice
        process.wait()


def _latest(text: str) -> str:
    """The last line that says how far the command is."""
    lines = (line.partition(" (from ")[0].strip() for line in reversed(text.splitlines()))
    return next((line for line in lines if line and not line.lower().startswith(NOISE)), "...")


def _text(output: IO[str]) -> str:
    output.seek(0)
    return output.read()


def _tell(begun: float, text: str) -> None:
    print(f"{time.monotonic() - begun:6.0f} s  {text[:WIDTH]}", file=sys.stderr, flush=True)
