"""Python imports this by itself, before anything else, where its folder is on the path: it writes
down every attempt to reach another machine into the file that `REACHED` names.
"""

from __future__ import annotations

import os
import sys

NEAR = ("127.", "::1", "localhost", "0.0.0.0", "::")
CALLS = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"})


def note(event: str, arguments: tuple[object, ...]) -> None:
    if event not in CALLS:
        return
    address = arguments[0] if event.startswith("socket.get") else arguments[-1]
    host = address[0] if isinstance(address, tuple) else address
    host = host.decode() if isinstance(host, bytes) else host
    # A path is a socket of this machine; no host at all is every address of it.
    if not host or not isinstance(host, str) or host.startswith(("/", "\0", *NEAR)):
        return
    with open(os.environ["REACHED"], "a") as reached:
        reached.write(f"{event} {host}\n")


if "REACHED" in os.environ:
    sys.addaudithook(note)
