"""Which host a name or an address stands for: this machine alone, all of its addresses, another.
Pure: no name is looked up.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "ip6-loopback"})
"""Those of every machine: RFC 6761 6.3, and Debian's `/etc/hosts`."""


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether only this machine reaches itself by it: localhost, 127.0.0.0/8, ::1, and whatever
    else stands for them, in any spelling.
    """
    name = host.rstrip(".").lower()
    if name in _LOOPBACK_NAMES or name.endswith(".localhost"):
        return True
    address = address_of(name)
    return address is not None and address.is_loopback


def is_unspecified(host: str) -> bool:
    """Whether it is `0.0.0.0` or the like: a server there listens to all, a client reaches its own
    machine.
    """
    address = address_of(host)
    return address is not None and address.is_unspecified


def is_address(host: str) -> bool:
    """Whether it is no name, which somebody could make to stand for something else."""
    return address_of(host) is not None


@lru_cache(maxsize=256)  # requests are for the same few hosts again and again
def address_of(host: str) -> Address | None:
    """The address that is written so, also in brackets, with a zone, or as short as `127.1`; an
    IPv4 address within IPv6 is the former. None for a name.
    """
    text = host.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return _short(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _short(text: str) -> IPv4Address | None:
    """As `inet_aton` of every C library reads it: fewer numbers than four, the last of them for all
    that is missing, each decimal, octal after `0` or hexadecimal after `0x`.
    """
    numbers = [_number(part) for part in text.split(".")]
    *bytes_, last = numbers if len(numbers) <= 4 else [None]
    if last is None or any(each is None or each > 255 for each in bytes_):
        return None
    rest = 4 - len(bytes_)
    if last >= 256**rest:
        return None
    head = sum((each or 0) << 8 * (3 - place) for place, each in enumerate(bytes_))
    return IPv4Address(head + last)


def _number(text: str) -> int | None:
    base = 16 if text.lower().startswith("0x") else 8 if text.startswith("0") else 10
    if not (text.isascii() and text.isalnum() and len(text) < 16):
        return None
    try:
        return int(text, base)
    except ValueError:
        return None
