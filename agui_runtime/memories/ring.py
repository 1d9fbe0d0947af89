"""Which keys seal what is remembered in a store."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.core.log_lines import logger_of
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory import MemoryStore

logger = logger_of(__name__)

END = ".key"
"""How the name of the key's file ends, beside the file of the store."""


@runtime_checkable
class InFile(Protocol):
    """A store in a file of this machine."""

    @property
    def path(self) -> Path: ...


def ring_for(store: Store, given: KeyRing | None, *, may_make: bool = True) -> KeyRing:
    """The keys that were given. Without any, what is in memory has a key of its own, and a store in
    a file has one in a file beside it, which only its user may read. Raises Misconfigured for a
    store that others may have, and where there is no such file and none can, or may, be made.
    """
    if given is not None:
        return given
    below = undelegated(store)
    if isinstance(below, MemoryStore):
        return KeyRing([new_key()])
    if isinstance(below, InFile):
        return _ring_in(below.path.with_name(below.path.name + END), may_make)
    raise Misconfigured(
        "what is remembered of users is sealed, and there is no key: set AGUI_KEYS to what"
        " `agui-runtime keys generate` prints, or give Options(keys=KeyRing([...]))"
    )


def _ring_in(file: Path, may_make: bool) -> KeyRing:
    try:
        if may_make and not file.exists():
            _make(file)
            logger.warning(
                "%s was made: it opens what is remembered of users from now on. Keep a copy apart"
                " from those of the store, for nobody can do without it; if there was one before,"
                " put it back, for only that opens what was remembered until now",
                file.name,
            )
        return KeyRing(file.read_text().split())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Misconfigured(
            f"the file of memory's key, beside the store's, cannot be used: {reason}"
        ) from error


def _make(file: Path) -> None:
    """In one step, so that whoever finds it finds all of it."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as text:
            text.write(new_key() + "\n")
        with suppress(FileExistsError):  # another process was faster
            os.link(draft, file)
    finally:
        draft.unlink()
