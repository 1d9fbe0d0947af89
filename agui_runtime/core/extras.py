"""Which command brings an extra of this package into the environment that is in use. Its answers go
by the metadata of the installed package.
"""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import orjson

PACKAGE = "agui-runtime"


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


def _is_set_up_by_its_folder(package: Distribution) -> bool:
    """Whether this Python is the `.venv` of the folder that the package is run from (PEP 610)."""
    source = orjson.loads(package.read_text("direct_url.json") or "{}")
    url = source.get("url", "").removeprefix("file://").rstrip("/").encode()
    folder = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), url)
    is_editable = source.get("dir_info", {}).get("editable", False)
    return bool(is_editable and folder) and sys.prefix == f"{folder.decode()}/.venv"
