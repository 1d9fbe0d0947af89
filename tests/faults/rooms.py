"""A disk that a test fills: a small file system where one may be mounted, else a limit on what the
processes may write.
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

SIZE = "64m"
ALMOST_NOTHING = 4096


class SmallDisk:
    """A folder with little room. `is_real`: it is a file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_real = False
        self._ballast = folder / "ballast"

    def open(self) -> None:
        self.folder.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=777", "none", str(self.folder)]
        if os.geteuid() == 0:
            done = subprocess.run(mount, capture_output=True, check=False)
            self.is_real = done.returncode == 0

    def close(self) -> None:
        if self.is_real:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
            self.is_real = False

    def fill(self, processes: Sequence[int]) -> None:
        """Leave no room for what these write."""
        if self.is_real:
            with suppress(OSError), self._ballast.open("wb", buffering=0) as out:
                while out.write(bytes(4096)):
                    pass
        else:
            limit(processes, ALMOST_NOTHING)

    def make_room(self, processes: Sequence[int]) -> None:
        if self.is_real:
            self._ballast.unlink()
        else:
            limit(processes, resource.RLIM_INFINITY)


def limit(processes: Sequence[int], size: int) -> None:
    """Let none of them write behind so many bytes of a file, as a quota would."""
    for process in processes:
        _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))
