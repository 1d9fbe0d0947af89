"""What the new folder may be called, which is also the name of a Python project."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from itertools import chain

from agui_runtime.core.errors import Misconfigured

LONGEST = 64
NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.ASCII | re.IGNORECASE)
VERSION = re.compile(r"[<>=!~]")
DEVICES = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
    ]
)
"""Names that Windows gives to no file, whatever follows a dot in them."""


def check_name(name: str) -> None:
    """Raises Misconfigured, saying what it may be."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise Misconfigured(
            f"{name[:LONGEST]!r} cannot be the name of a project, whose folder is made here: give"
            f" up to {LONGEST} letters, digits, '-', '_' or '.', a letter or digit at either end"
        )
    if name.lower().partition(".")[0] in DEVICES:
        raise Misconfigured(f"{name!r} is the name of a device on Windows; choose another one")


def check_is_none_of_its_packages(name: str, project: str) -> None:
    """Raises Misconfigured where the text of a pyproject.toml has the project need a package of its
    own name.
    """
    table = tomllib.loads(project)["project"]
    optional = table["optional-dependencies"].values()
    if _plain(name) in set(_names([*table["dependencies"], *chain(*optional)])):
        raise Misconfigured(
            f"{name!r} is a package that the project needs, which pip would take it for; choose"
            " another name"
        )


def _names(requirements: Iterable[str]) -> Iterator[str]:
    """Those of the packages and of their extras, which are often named after a package."""
    for each in requirements:
        yield from map(_plain, re.findall(r"[a-z][\w.-]*", VERSION.split(each)[0], re.IGNORECASE))


def _plain(name: str) -> str:
    """As package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()
