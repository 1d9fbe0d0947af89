"""Programs of the operating system that a machine may lack."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tasks.processes import Problem, run_slowly

ELSEWHERE = {
    "bubblewrap": ("bwrap", "bin/bwrap"),
    "iproute2": ("ip", "sbin/ip"),
    "pgbouncer": ("pgbouncer", "sbin/pgbouncer"),
    "procps": ("kill", "bin/kill"),
    "systemd": ("systemd-analyze", "bin/systemd-analyze"),
    "postgresql": ("initdb", "lib/postgresql/*/bin/initdb"),
}
"""Packages with a program that may have another name, and its place below /usr: not every user has
that in the PATH.
"""


def is_there(name: str) -> bool:
    program, place = ELSEWHERE.get(name, (name, None))
    return bool(shutil.which(program)) or bool(place and any(Path("/usr").glob(place)))


def need_programs(*names: str) -> None:
    missing = [name for name in names if not is_there(name)]
    if missing:
        need_packages(*missing)


def need_packages(*packages: str) -> None:
    """Install Debian packages where that is allowed; elsewhere say what is missing."""
    if not shutil.which("apt-get"):
        raise Problem(f"please install {' and '.join(packages)}: there is no apt-get to do it with")
    if os.name == "nt" or os.geteuid() != 0:
        words = " ".join(packages)
        raise Problem(f"please run: sudo apt-get install --no-install-recommends {words}")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt_get = ("apt-get", "-q", "--option", "Acquire::Retries=3")
    run_slowly("reading what Debian has (apt)", *apt_get, "update", env=env)
    install = (*apt_get, "install", "--yes", "--no-install-recommends", *packages)
    run_slowly(f"installing {', '.join(packages)} (apt)", *install, env=env)
