"""Where threads are for whoever names no store: in a file, so that a restart forgets nothing."""

from __future__ import annotations

import os
from errno import EACCES, ENOTDIR
from pathlib import Path
from urllib.parse import quote

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import ThreadInfo
from agui_runtime.sandbox.box import Sandbox, work_below
from agui_runtime.sandbox.work_folders import WorkFolders
from agui_runtime.settings import Settings
from agui_runtime.stores.base import Store

FOLDER = ".agui-runtime"
NAME = "threads"
SUFFIXES = frozenset({".db", ".sqlite", ".sqlite3"})
"""How a file's name ends; what ends otherwise is a folder."""


def url_of_threads(settings: Settings, served_at: str = "") -> str:
    """The URL of the file of threads. `served_at`: the path of a runtime that is not the only one
    of its server; each has its own.
    """
    path = _place(settings)
    file = path if path.suffix in SUFFIXES else path / f"{NAME}.db"
    if served_at:
        file = file.with_name(file.stem + served_at.rstrip("/").replace("/", "-") + file.suffix)
    return f"sqlite:///{quote(str(file))}"


def folder_of(settings: Settings) -> Path:
    """The folder of all that is kept in files."""
    path = _place(settings)
    return path.parent if path.suffix in SUFFIXES else path


def _place(settings: Settings) -> Path:
    return Path(settings.data or FOLDER).expanduser().absolute()


def make_folder(settings: Settings) -> None:
    """Make the folder of the file of threads, for its owner only; raises Misconfigured."""
    folder = folder_of(settings)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error


def check_folder(settings: Settings) -> None:
    """The same for a folder that is not to be made yet."""
    folder = folder_of(settings)
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir():
        raise _unusable(folder, NotADirectoryError(ENOTDIR, f"{there} is no folder"))
    if not os.access(there, os.W_OK | os.X_OK):
        raise _unusable(folder, PermissionError(EACCES, os.strerror(EACCES)))


async def forget_work(settings: Settings, thread: ThreadInfo) -> None:
    """Remove what sandboxes that name no folder have stored of a thread."""
    with work_below(folder_of(settings)):
        folders = WorkFolders(Sandbox().root)
    await folders.forget(thread.owner, thread.thread_id)


def _unusable(folder: Path, error: OSError) -> Misconfigured:
    return Misconfigured(
        f"threads cannot be stored in {folder}: {error.strerror}; set AGUI_DATA to a folder"
        " that can be written, or AGUI_STORE=memory: to forget them with this process"
    )


def check_is_there(store: Store) -> None:
    """Raises Misconfigured for a file that would have to be made only to be looked at."""
    path = getattr(store, "path", None)
    if isinstance(path, Path) and not path.exists():
        raise Misconfigured(
            f"there are no threads at {path}; set AGUI_DATA or AGUI_STORE to where they are"
        )
