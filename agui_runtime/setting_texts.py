"""How the texts of environment variables are read: numbers, lists, flags. Pure. Each reader is
given the name of its variable, which its errors name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from agui_runtime.core.errors import Misconfigured
from agui_runtime.wires.shared.paths import base_of

PREFIX = "AGUI_"


def as_it_is(name: str, value: str) -> str:
    return value


def path(name: str, value: str) -> str:
    return base_of(value, name) or "/"


def seconds(name: str, value: str) -> float:
    if not (value.isascii() and value.replace(".", "", 1).isdigit()):
        raise Misconfigured(f"{name} must be a number of seconds, not {value!r}")
    return float(value)


def some_seconds(name: str, value: str) -> float:
    given = seconds(name, value)
    if not given:
        raise Misconfigured(f"{name} must be more than 0 seconds")
    return given


def amount(name: str, value: str) -> float:
    """An amount of money."""
    if not (value.isascii() and value.replace(".", "", 1).isdigit() and float(value)):
        raise Misconfigured(f"{name} must be an amount above 0, such as 2.50, not {value!r}")
    return float(value)


def count(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 16 and int(value)):
        raise Misconfigured(f"{name} must be a whole number from 1, not {value!r}")
    return int(value)


def address(name: str, value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise Misconfigured(f"{name} must be a host and a port, 127.0.0.1:9464, not {value!r}")
    return host, int(port)


ListReader: TypeAlias = Callable[[str, str], tuple[str, ...]]


def items(name: str, value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def some_items(name: str, value: str) -> tuple[str, ...]:
    """A list that must not be empty where it is given: it stands for a restriction."""
    names = items(name, value)
    if not names:
        raise Misconfigured(f"{name} must name something, not {value!r}")
    return names


def accepted(check: Callable[[tuple[str, ...]], object], read: ListReader) -> ListReader:
    """A reader of lists which the check accepts; its errors name the variable."""

    def reader(name: str, value: str) -> tuple[str, ...]:
        names = read(name, value)
        try:
            check(names)
        except Misconfigured as error:
            setting = name.removeprefix(PREFIX).lower()
            raise Misconfigured(f"{name}{error.message.removeprefix(setting)}") from None
        return names

    return reader


def flag(name: str, value: str) -> bool:
    return bool(_FLAGS[_one_of(name, value, _FLAGS, "1 or 0")])


def log_level(name: str, value: str) -> str:
    return _one_of(name, value, _LEVELS, ", ".join(_LEVELS))


def either(*words: str) -> Callable[[str, str], str]:
    return lambda name, value: _one_of(name, value, words, " or ".join(words))


def _one_of(name: str, value: str, known: Iterable[str], choice: str) -> str:
    word = value.strip().lower()
    if word not in known:
        raise Misconfigured(f"{name} must be {choice}, not {value!r}")
    return word


_FLAGS = {
    **dict.fromkeys(("", "0", "false", "no"), False),
    **dict.fromkeys(("1", "true", "yes"), True),
}
_LEVELS = ("debug", "info", "warning", "error", "critical")
