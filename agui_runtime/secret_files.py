"""Secrets in files, whose places variables name: `AGUI_API_KEY_FILE` for `AGUI_API_KEY`. Unlike a
variable, a file has an owner, and is what Docker, Kubernetes and systemd hand secrets out as.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from agui_runtime.core.errors import Misconfigured

IN_FILE = "_FILE"

SECRETS = (
    *("AGUI_API_KEY", "AGUI_KEYS", "AGUI_QUEUE", "AGUI_STORE", "AGUI_TELEMETRY_KEY"),
    "OPENAI_API_KEY",
)
"""The variables that may hold a secret, each of which a file may hold in its place. For bearer
tokens, `AGUI_TOKENS_FILE` is a setting of its own: its lines are read by another rule.
"""

FILE_VARIABLES = tuple(name + IN_FILE for name in SECRETS)

LARGEST = 65_536
"""Bytes of such a file."""


class FromFiles(NamedTuple):
    """The environment with what the files hold, and the variables that they stand for."""

    environ: Mapping[str, str]
    names: frozenset[str]


def with_secrets(environ: Mapping[str, str]) -> FromFiles:
    """Read the files that the environment names; raises Misconfigured, which names the variable
    and neither file nor secret, for one that cannot be read or contradicts another variable.
    """
    found: dict[str, str] = {}
    for name in SECRETS:
        if path := environ.get(name + IN_FILE, "").strip():
            if environ.get(name, "").strip():
                raise Misconfigured(f"{name} and {name}{IN_FILE} are both set: leave out one")
            found[name] = _secret(name + IN_FILE, path)
    return FromFiles({**environ, **found}, frozenset(found))


def exposed(environ: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each file of secrets that more users than need be may read."""
    named = {name: environ.get(name, "").strip() for name in (*FILE_VARIABLES, "AGUI_TOKENS_FILE")}
    return tuple(
        f"{name}: {who} may read the file, and with it the secret: chmod 600 does away with that"
        for name, path in named.items()
        if path and (who := _who_else_reads(path))
    )


def _secret(name: str, path: str) -> str:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would be read once, or never end
            raise Misconfigured(f"{name}: it must name a regular file")
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise Misconfigured(f"{name}: the file cannot be read: {reason}") from None
    if len(content) > LARGEST:
        raise Misconfigured(f"{name}: the file has more than {LARGEST:,} bytes: no secret has")
    if not text.strip():
        raise Misconfigured(f"{name}: the file is empty")
    return text.removesuffix("\n").removesuffix("\r")


def _who_else_reads(path: str) -> str | None:
    """A file of another owner may be this process's by its group alone, as Kubernetes mounts it, or
    by a list that shows as the group's rights, as systemd does; its own one needs no group.
    """
    if os.name == "nt":  # has no such rights
        return None
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # who reads the file says so
        return None
    if found.st_mode & stat.S_IROTH:
        return "everybody on this machine"
    if found.st_mode & stat.S_IRGRP and found.st_uid == os.geteuid():
        return "its group"
    return None
