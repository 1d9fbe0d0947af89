"""Sets the project up, then serves, tests or checks it. Runs on a bare Python >= 3.11.

What is installed is what the lock files and package-lock.json files say, once: a stamp beside each
installation holds the hash of what it was made from. The commands are in `.ci/tasks`.
"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - an older one should hear what is wrong
    sys.exit("Python 3.11 or newer is needed")

sys.path.insert(0, str(Path(__file__).resolve().parent / ".ci"))

from tasks.commands import main
from tasks.node import find_node, npm_build, wheel_node
from tasks.processes import ROOT, digest, files_below, is_stamped, run, run_slowly, say
from tasks.python import (
    DEV_LOCK,
    IN_VENV,
    PYTHON,
    is_installed,
    make_venv,
    stamp_of,
    state_of,
)
from tasks.testing import NEEDS, needs_of, prepare_tests

__all__ = [
    "DEV_LOCK",
    "IN_VENV",
    "NEEDS",
    "PYTHON",
    "ROOT",
    "digest",
    "files_below",
    "find_node",
    "is_installed",
    "is_stamped",
    "make_venv",
    "needs_of",
    "npm_build",
    "prepare_tests",
    "run",
    "run_slowly",
    "say",
    "stamp_of",
    "state_of",
    "wheel_node",
]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
