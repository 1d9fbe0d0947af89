"""Which generation of the protocol a client says that it speaks. Pure.

The SDK's routes look, too, but read numbers of any length, at which Python fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from a2a.utils.constants import PROTOCOL_VERSION_0_3, PROTOCOL_VERSION_1_0, VERSION_HEADER
from a2a.utils.errors import VersionNotSupportedError

_SPOKEN = re.compile(r"[01](\.[0-9]{1,9}){0,3}")


def check_version(headers: Mapping[str, str]) -> None:
    """Raises VersionNotSupportedError for a version of neither generation."""
    given = headers.get(VERSION_HEADER.lower())
    if given and not _SPOKEN.fullmatch(given):
        raise VersionNotSupportedError(
            f"{VERSION_HEADER}: {PROTOCOL_VERSION_1_0} or {PROTOCOL_VERSION_0_3},"
            f" not {given[:100]!r}"
        )
