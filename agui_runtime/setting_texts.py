"""How names and texts of environment variables are read: numbers, lists, flags. Pure.

Each reader is given the name of its variable, which its errors name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias

from agui_runtime.connectors.shared.given import checked_base_url, checked_key
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.queueing import check_queue_name, check_version
from agui_runtime.wires.shared.paths import base_of

PREFIX = "AGUI_"

MOST = 2**53 - 1
"""The largest number that survives JSON everywhere."""


def check_names(env: Mapping[str, str], names: Sequence[str]) -> None:
    """Raises Misconfigured for a variable that begins as ours do and is none of these."""
    for name, value in env.items():
        ours = name.upper().lstrip(_UNSEEN).startswith(PREFIX) and not _is_of_a_service(name, value)
        if ours and name not in names:
            word = name.upper().strip(_UNSEEN).removeprefix(PREFIX)
            near = get_close_matches(word, [known.removeprefix(PREFIX) for known in names], 1)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else f"there are {', '.join(names)}"
            raise Misconfigured(f"{name} is no setting; {hint}")


_UNSEEN = " \t\ufeff"
"""What a file of variables may have before a name: spaces, and the mark of its encoding."""


def _is_of_a_service(name: str, value: str) -> bool:
    """Whether it tells where a service is that is called `agui` or `agui-...`: Kubernetes and
    Docker put such variables into every container beside one.
    """
    return _OF_A_SERVICE.fullmatch(f"{name}={value}") is not None


_OF_A_SERVICE = re.compile(
    r"AGUI_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?=.*"
    r"|PORT(_\d+_(TCP|UDP|SCTP))?=\w+://.*|PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)=.*)"
)


def trimmed(name: str, value: str) -> str:
    """The value without the spaces and line ends that files of variables leave around it.

    Raises Misconfigured, which does not repeat it, for quotes around it and for what breaks lines.
    """
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        raise Misconfigured(f"{name}: leave out the quotes around it, which count as part of it")
    if not text.isprintable():
        raise Misconfigured(f"{name} has characters that cannot be printed, such as a line's end")
    return text


_QUOTES = "\"'`"


def as_it_is(name: str, value: str) -> str:
    return value


def path(name: str, value: str) -> str:
    return base_of(value, name) or "/"


def base_url(name: str, value: str) -> str:
    return checked_base_url(value, name)


def key(name: str, value: str) -> str:
    return checked_key(value, name)


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
    if not (value.isascii() and value.isdigit() and 0 < int(value[:17]) <= MOST):
        raise Misconfigured(f"{name} must be a whole number from 1 to {MOST}, not {value!r}")
    return int(value)


def address(name: str, value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (
        host and "/" not in host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536
    ):
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


def queue_names(name: str, value: str) -> Mapping[str, str]:
    """The names of queues by those of agents."""
    found: dict[str, str] = {}
    for part in items(name, value):
        agent, equals, queue = (word.strip() for word in part.partition("="))
        if not agent or not equals:
            raise Misconfigured(f"{name} must be like research=gpu,writer=gpu, not {value!r}")
        if agent in found:
            raise Misconfigured(f"{name} names two queues for {agent!r}")
        check_queue_name(queue, f"{name}, {agent}")
        found[agent] = queue
    return found


def version(name: str, value: str) -> str:
    check_version(value, name)
    return value


def flag(name: str, value: str) -> bool:
    return bool(_FLAGS[_one_of(name, value, _FLAGS, "1 or 0")])


def log_level(name: str, value: str) -> str:
    return _one_of(name, value, _LEVELS, ", ".join(_LEVELS))


def either(*words: str) -> Callable[[str, str], str]:
    return lambda name, value: _one_of(name, value, words, " or ".join(words))


def _one_of(name: str, value: str, known: Collection[str], choice: str) -> str:
    word = value.lower()
    if word not in known:
        near = get_close_matches(word, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise Misconfigured(f"{name} must be {choice}, not {value!r}{hint}")
    return word


_FLAGS = {
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
    **dict.fromkeys(("1", "true", "yes", "on"), True),
}
_LEVELS = ("debug", "info", "warning", "error", "critical")
