"""Which command brings an extra of this package into the environment that is in use. Its answers go
by the metadata of the installed package.
"""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import NamedTuple

import orjson

PACKAGE = "agui-runtime"


class Origin(NamedTuple):
    """A folder, or a file with this digest; or a URL, or nothing, for what came from an index."""

    path: str
    is_editable: bool
    sha256: str | None


def install_command(extra: str) -> str:
    """What to type: the folder's own command where that has set up this Python, else this Python's
    pip with what the extra consists of, which needs no index that knows this package.
    """
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        return f"pip install {shlex.quote(f'{PACKAGE}[{extra}]')}"
    if _is_set_up_by_its_folder(package):
        return f"python3 scripts.py serve --with {extra}"
    names = " ".join(map(shlex.quote, requirements_of(extra, package)))
    return f"{shlex.quote(sys.executable)} -m pip install {names}"


def requirements_of(extra: str, package: Distribution) -> list[str]:
    """What the extra consists of; those that it contains are spelt out in the metadata."""
    split = [line.partition(";") for line in package.requires or ()]
    conditions = {f"extra == '{extra}'", f'extra == "{extra}"'}
    return [name.strip() for name, _, condition in split if condition.strip() in conditions]


def origin_of(package: Distribution) -> Origin:
    """Where the package was installed from, as its installer noted it (PEP 610)."""
    source = orjson.loads(package.read_text("direct_url.json") or "{}")
    url = source.get("url", "").removeprefix("file://").rstrip("/").encode()
    path = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), url)
    return Origin(
        path.decode(),
        is_editable=source.get("dir_info", {}).get("editable", False),
        sha256=source.get("archive_info", {}).get("hashes", {}).get("sha256"),
    )


def _is_set_up_by_its_folder(package: Distribution) -> bool:
    """Whether this Python is the `.venv` of the folder that the package is run from."""
    origin = origin_of(package)
    return bool(origin.is_editable and origin.path) and sys.prefix == f"{origin.path}/.venv"
