"""Changes of Python files below a folder, seen by a thread. Needs the extra `reload`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread

from watchfiles import Change, watch
from watchfiles.main import FileChange

from agui_runtime.core.errors import Misconfigured

logger = logging.getLogger(__name__)

SETTLED = 300
"""Milliseconds in which changes count as one: editors write several files at once."""

LOOK = 100
"""Milliseconds after which the watch says that nothing has changed."""

NOT_THE_APPS = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})
"""Folders in which no Python file is the app's; those that begin with a dot have none either."""


class Changes:
    """What has changed since it was opened. A change that nobody follows waits for who does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_watching = Event()
        self._is_over = Event()
        self._has_changed = Event()
        self._lock = Lock()
        self._follower: Callable[[], object] | None = None
        self._problem: str | None = None
        self._thread = Thread(target=self._watch, name="changes", daemon=True)

    def open(self) -> None:
        """From now on changes are seen; raises Misconfigured where the system does not do that."""
        self._thread.start()
        self._is_watching.wait()
        if self._problem is not None:
            raise Misconfigured(f"--reload cannot watch {self._folder}: {self._problem}")

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()

    def wait(self) -> None:
        """Until something changes, or at once where something has since it was last followed."""
        self._has_changed.wait()
        self._has_changed.clear()

    @contextmanager
    def followed(self, follower: Callable[[], object]) -> Iterator[None]:
        """While the block runs, call this for each change, and for those that came before it. It is
        called in a thread.
        """
        with self._lock:
            self._follower = follower
            if self._has_changed.is_set():
                follower()
            self._has_changed.clear()
        try:
            yield
        finally:
            with self._lock:
                self._follower = None

    def _watch(self) -> None:
        try:
            for changed in self._seen():
                self._is_watching.set()
                if changed:
                    self._note(changed)
        except (OSError, RuntimeError) as error:  # the system watches no more files
            self._problem = str(error)
            logger.error("changes are no longer seen: %s", error)
        finally:
            self._is_watching.set()

    def _seen(self) -> Iterator[set[FileChange]]:
        """What has changed, and an empty set when nothing has."""
        return watch(
            self._folder,
            watch_filter=self._is_of_the_app,
            debounce=SETTLED,
            stop_event=self._is_over,
            rust_timeout=LOOK,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )

    def _is_of_the_app(self, change: Change, path: str) -> bool:
        within = Path(path).relative_to(self._folder)
        hidden = any(part.startswith(".") or part in NOT_THE_APPS for part in within.parts)
        return within.suffix == ".py" and not hidden

    def _note(self, changed: set[FileChange]) -> None:
        names = sorted(str(Path(path).relative_to(self._folder)) for _, path in changed)
        more = f" and {len(names) - 1} more" if names[1:] else ""
        logger.info("%s%s changed", names[0], more)
        with self._lock:
            self._has_changed.set()
            if self._follower is not None:
                self._follower()
