"""`agui-runtime serve --reload`: a process serves, and another one takes its place when a Python
file below the working folder changes. For development.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from agui_runtime.commands.environment import environment
from agui_runtime.core.errors import AguiError, Misconfigured, MissingExtra
from agui_runtime.settings import Settings
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory import MemoryStore

if TYPE_CHECKING:
    from agui_runtime.commands.changes import Changes  # needs an extra
    from agui_runtime.commands.hosting import Hosted
    from agui_runtime.commands.processes import Supervisor

logger = logging.getLogger(__name__)

FAILED = 1
"""The exit code of a server that could not start, or not go on."""

OURS = str(Path(__file__).parents[1])


def serve_reloading(serve: Callable[[Hosted, Changes], int]) -> int:
    """Serve what the environment asks for until a signal comes, the code of the time being.

    `serve` has one process serve and replaces it as files change. Where the app cannot be imported,
    and where its process does not come up, the next change starts all anew.
    """
    environ = environment()  # before an app reads a file of variables into it
    _check_settings(Settings.read())
    with _watched(Path.cwd().resolve()) as changes:
        found = _imported()
        if found is not None:
            _check(found)
            code = serve(found, changes)
            if code != FAILED:
                return code
        sys.stderr.write("agui-runtime: waiting for a change of a Python file; Ctrl-C ends it\n")
        changes.wait()
    _start_anew(environ)


def write_failure(error: Exception) -> None:
    """Write to standard error what an app's module raised, from its own first line on."""
    if isinstance(error, AguiError):
        sys.stderr.write(f"agui-runtime: {error}\n")
        return
    shown = traceback.TracebackException(type(error), error, _of_the_app(error.__traceback__))
    sys.stderr.write("".join(shown.format()))


def _check_settings(settings: Settings) -> None:
    """Raises Misconfigured, and MissingExtra without the package that sees changes."""
    if os.name == "nt":
        raise Misconfigured("on Windows `serve` is one process, and has no --reload")
    if settings.processes > 1:
        raise Misconfigured("--reload is for one process: leave out AGUI_PROCESSES")
    if settings.production:
        raise Misconfigured("--reload is for development: leave it out, or AGUI_PRODUCTION")
    if find_spec("watchfiles") is None:
        raise MissingExtra("--reload", "reload")


def _check(found: Hosted) -> None:
    """The same for what an app says itself."""
    _check_settings(found.settings)
    if any(each.options.production for each in found.served):
        raise Misconfigured("--reload is for development, and the app was given production=True")


def warn_of_threads(found: Hosted) -> None:
    """To be called when log lines are written."""
    if any(isinstance(undelegated(each.store), MemoryStore) for each in found.runtimes):
        logger.warning("threads are in memory: each reload forgets them")


async def run_by_changes(supervisor: Supervisor, origin: str, changes: Changes) -> int:
    """Have it serve, and replace its process at each change; returns the exit code."""
    loop = asyncio.get_running_loop()
    with changes.followed(lambda: loop.call_soon_threadsafe(supervisor.replace_all)):
        return await supervisor.run(origin)


@contextmanager
def _watched(folder: Path) -> Iterator[Changes]:
    from agui_runtime.commands.changes import Changes

    changes = Changes(folder)
    changes.open()
    try:
        yield changes
    finally:
        changes.close()


def _imported() -> Hosted | None:
    """What is to be served; None where that cannot be imported, which it has written then."""
    from agui_runtime.commands.hosting import hosted

    try:
        return hosted()
    except Exception as error:  # noqa: BLE001  # user code: its module is imported
        write_failure(error)
        return None


def _of_the_app(found: TracebackType | None) -> TracebackType | None:
    """Without the lines of ours, and of Python's import, that led there."""
    while found is not None and _is_before_the_app(found.tb_frame.f_code.co_filename):
        found = found.tb_next
    return found


def _is_before_the_app(file: str) -> bool:
    return file.startswith((OURS, "<frozen importlib")) or file.endswith("importlib/__init__.py")


def _start_anew(environ: Mapping[str, str]) -> NoReturn:
    """This process, from its beginning: a module that was imported once stays as it was."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, sys.orig_argv, environ)
