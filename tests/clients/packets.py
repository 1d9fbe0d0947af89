"""Which machines a network with nothing but loopback is used to reach, whoever tries: each packet
is seen, also of programs that look addresses up by themselves.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Thread

EVERY_PROTOCOL = 3  # ETH_P_ALL of linux/if_ether.h
LONGEST = 65_536
DNS, TCP, UDP = 53, 6, 17
HEADERS = {4: (16, 20, 9), 6: (24, 40, 6)}
"""By the version of IP: where the destination is, where the header ends, where the next protocol
is named. Options and extensions of headers do not matter: who sends any is seen by the address.
"""


@contextmanager
def watched() -> Iterator[list[str]]:
    """Every address becomes one of this machine, so that packets for all others pass its loopback;
    the list grows by a line for each of them. Only within a network of one's own.
    """
    for family in ("-4", "-6"):
        route = ["ip", family, "route", "add", "local", "default", "dev", "lo"]
        subprocess.run(route, check=True)
    reached: list[str] = []
    with socket.socket(
        socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PROTOCOL)
    ) as listener:
        listener.bind(("lo", EVERY_PROTOCOL))
        thread = Thread(target=_note, args=(listener, reached), name="packets")
        thread.start()
        try:
            yield reached
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", END)
            thread.join()


END = ("127.0.0.2", 9)
"""Nobody else sends anything there."""


def _note(listener: socket.socket, reached: list[str]) -> None:
    while True:
        packet, (_, _, kind, *_) = listener.recvfrom(LONGEST)
        if kind != socket.PACKET_OUTGOING:
            continue  # it comes by a second time, as one that has arrived
        where, end, protocol = HEADERS[packet[0] >> 4]
        destination = ip_address(packet[where : where + (4 if where == 16 else 16)])
        if str(destination) == END[0]:
            return
        if packet[protocol] == UDP and int.from_bytes(packet[end + 2 : end + 4]) == DNS:
            reached.append(f"lookup {_name(packet[end + 8 + 12 :])}")
        elif packet[protocol] in (TCP, UDP) and not destination.is_loopback:
            reached.append(f"packet {destination}")


def _name(question: bytes) -> str:
    """The name in the question of a DNS message, RFC 1035 4.1.2."""
    labels = []
    while question and question[0]:
        length = question[0]
        labels.append(question[1 : 1 + length].decode("ascii", "replace"))
        question = question[1 + length :]
    return ".".join(labels)
