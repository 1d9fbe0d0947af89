"""Virtual environments of foreign servers, each made once of its pinned requirements.

They lie outside of the project's own: their packages contradict each other and ours. Run as a
program it makes them all, so that no test has to wait for pip.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts import IN_VENV, ROOT, digest, is_stamped, make_venv, run, say

HERE = Path(__file__).parent
FOLDER = ROOT / ".peers"


def names() -> list[str]:
    return sorted(file.stem for file in (HERE / "requirements").glob("*.txt"))


def environment(name: str) -> Path:
    """The Python of that environment, which is made or renewed if it has to be."""
    requirements = HERE / "requirements" / f"{name}.txt"
    return installed(FOLDER / name, "--no-deps", "-r", str(requirements), files=[requirements])


def installed(folder: Path, *words: str, files: Sequence[Path] = ()) -> Path:
    """The Python of the environment in the folder, with what pip installs for these words; it is
    made anew for other words, and when one of the files says something else.
    """
    python, stamp = folder / IN_VENV, folder / ".stamp"
    state = digest(files, str(folder), sys.version, *words)
    if not (python.exists() and is_stamped(stamp, state)):
        say(f"installing {folder.name} into {folder.parent.name} (once)")
        make_venv(folder)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words)
        stamp.write_text(state)
    return python


def main() -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(environment, names()))


if __name__ == "__main__":
    main()
