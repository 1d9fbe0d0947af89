"""The virtual environment in `.venv`, and the lock files that say what is in it."""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tasks.processes import ROOT, digest, is_stamped, run, run_slowly
from tasks.system import need_packages

VENV = ROOT / ".venv"
IN_VENV = "Scripts/python.exe" if os.name == "nt" else "bin/python"
PYTHON = VENV / IN_VENV

RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"  # the runtime lock and more, at the same versions
USUALLY = {RUNTIME_LOCK: "half a minute", DEV_LOCK: "two minutes"}

LOCKER = "uv==0.13.8"
LOCKED_PARTS = {
    DEV_LOCK: ["--all-extras", "--group", "dev"],
    RUNTIME_LOCK: [
        "--extra",
        "sql",
        "--extra",
        "prices",
        "--group",
        "build",
        "--constraint",
        DEV_LOCK.name,
    ],
}
LOCK_OPTIONS = (
    *("--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header"),
    *("--no-emit-index-url", "--default-index", "https://pypi.org/simple"),
    # A young release is not locked: most of the poisoned ones are found within days.
    *("--exclude-newer", "2 days"),
)


def install(lock: Path) -> None:
    """Make `.venv` hold the lock's packages and this project; calls no pip when it does already."""
    if is_installed(DEV_LOCK) or is_installed(lock):
        return
    if not PYTHON.exists():
        make_venv(VENV)
    count = lock.read_text().count("==")
    what = f"installing {count} packages into {VENV.name} (once; about {USUALLY[lock]})"
    pip_install = (PYTHON, "-m", "pip", "install", "--progress-bar=off", "--no-deps")
    run_slowly(what, *pip_install, "--require-hashes", "-r", lock)
    run_slowly("installing the project itself", *pip_install, "--no-build-isolation", "-e", ROOT)
    compile_below(ROOT / "agui_runtime", ROOT / ".ci")
    stamp_of(lock).write_text(state_of(lock))


def compile_below(*folders: Path) -> None:
    """Write the bytecode of all modules, as pip does for packages: in an environment that keeps
    Python from it (PYTHONDONTWRITEBYTECODE), each start would compile them anew.
    """
    run(PYTHON, "-m", "compileall", "-q", "-x", "node_modules", *folders)


def is_installed(lock: Path) -> bool:
    return PYTHON.exists() and is_stamped(stamp_of(lock), state_of(lock))


def stamp_of(lock: Path) -> Path:
    return VENV / f".stamp-{lock.stem}"


def state_of(lock: Path) -> str:
    # The folder's name stands in the installed files: a .venv that was moved is a broken one.
    return digest([lock, ROOT / "pyproject.toml"], str(ROOT))


def make_venv(folder: Path) -> None:
    if find_spec("ensurepip") is None:  # Debian ships venv apart from Python
        need_packages(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    what = f"making {folder.name} with Python {sys.version.split()[0]}"
    run_slowly(what, sys.executable, "-m", "venv", "--clear", folder)


def lock(*arguments: str) -> None:
    """Write both lock files; versions in them stay unless `--upgrade` is given."""
    with tempfile.TemporaryDirectory() as folder:
        make_venv(Path(folder))
        python = Path(folder, IN_VENV)
        run_slowly(f"installing {LOCKER}", python, "-m", "pip", "install", LOCKER)
        for file, parts in LOCKED_PARTS.items():
            options = (*LOCK_OPTIONS, *parts, *arguments, "--output-file", file.name)
            run(python, "-m", "uv", "pip", "compile", *options, "pyproject.toml")
