"""Which host a name or an address stands for, in whatever spelling."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, strategies as some

from agui_runtime.core.hosts import address_of, is_address, is_loopback, is_unspecified

LOOPBACK = [
    *("localhost", "LocalHost", "localhost.", "app.localhost", "ip6-localhost"),
    *("127.0.0.1", "127.9.8.7", "127.1", "127.0.1", "2130706433", "0x7f000001", "017700000001"),
    *("::1", "[::1]", "0:0:0:0:0:0:0:1", "::1%lo", "::ffff:127.0.0.1", "[::ffff:7f00:1]"),
]
ELSEWHERE = [
    *("", ".", "example.com", "localhost.example.com", "notlocalhost", "127.0.0.1.example.com"),
    *("126.0.0.1", "128.1", "10.0.0.1", "fe80::1%lo", "::2", "::ffff:10.0.0.1", "127.0.0.0.1"),
    *("127.0.0.256", "127.256.1", "0x7f", "1e3", "127.0x", "127._1", "127.+1", "١٢٧.1"),
]
UNSPECIFIED = ["0.0.0.0", "0", "0x0", "::", "[::]", "::ffff:0.0.0.0"]


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_reaches_only_itself_by_it(host: str) -> None:
    assert is_loopback(host)
    assert not is_unspecified(host)


@pytest.mark.parametrize("host", ELSEWHERE + UNSPECIFIED)
def test_others_may_be_reached_by_it(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", UNSPECIFIED)
def test_all_addresses_of_a_machine_are_no_loopback(host: str) -> None:
    assert is_unspecified(host)
    assert is_address(host)


@given(some.text("0123456789abcdefx.", min_size=1, max_size=16))
def test_short_addresses_are_those_of_the_c_library(text: str) -> None:
    try:
        expected = socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        expected = None
    address = address_of(text)
    assert (str(address) if address else None) == expected
