"""The wheel that this package was installed from: as long as no index has it, a project's container
gets it from the project's own folder.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from agui_runtime.core.extras import PACKAGE, origin_of


class Wheel(NamedTuple):
    """A file, by its name."""

    name: str
    content: bytes


def installed_wheel() -> Wheel | None:
    """None where the installation came from elsewhere, or the file has gone or changed since."""
    try:
        origin = origin_of(distribution(PACKAGE))
    except PackageNotFoundError:
        return None
    file = Path(origin.path)
    if file.suffix != ".whl" or not file.is_file():
        return None
    content = file.read_bytes()
    return Wheel(file.name, content) if sha256(content).hexdigest() == origin.sha256 else None
