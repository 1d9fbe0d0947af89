"""Virtual environments of foreign servers, each made once of its pinned requirements.

They lie outside of the project's own: their packages contradict each other and ours. Run as a
program it makes them all, so that no test has to wait for pip.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts import IN_VENV, ROOT, digest, is_stamped, make_venv, run, say

HERE = Path(__file__).parent
FOLDER = ROOT / ".peers"


def names() -> list[str]:
    return sorted(file.stem for file in (HERE / "requirements").glob("*.txt"))


def environment(name: str) -> Path:
    """The Python of that environment, which is made or renewed if it has to be."""
    folder = FOLDER / name
    requirements = HERE / "requirements" / f"{name}.txt"
    python, stamp = folder / IN_VENV, folder / ".stamp"
    state = digest([requirements], str(folder), sys.version)
    if not (python.exists() and is_stamped(stamp, state)):
        say(f"installing {name} into {FOLDER.name} (once)")
        make_venv(folder)
        quiet = ("--quiet", "--disable-pip-version-check", "--no-deps")
        run(python, "-m", "pip", "install", *quiet, "-r", requirements)
        stamp.write_text(state)
    return python


def main() -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(environment, names()))


if __name__ == "__main__":
    main()
