"""Hosts and origins: how they may be written, and whose page is this server's own."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from agui_runtime.wires.shared.origins import (
    OPAQUE,
    Host,
    MalformedHeader,
    Origin,
    PageKind,
    page_of,
    parse_host,
    parse_origin,
)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("localhost", Host("localhost")),
        ("LocalHost:8000", Host("localhost", 8000)),
        ("app.example.com.", Host("app.example.com")),
        ("app.example.com.:443", Host("app.example.com", 443)),
        ("my_service:8000", Host("my_service", 8000)),
        ("127.0.0.1:", Host("127.0.0.1")),
        ("[::1]:8000", Host("::1", 8000)),
        ("[0:0:0:0:0:0:0:1]", Host("::1")),
    ],
)
def test_a_host_has_one_normal_form(text: str, host: Host) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        ".",
        "a..b",
        "a b",
        "a@b",
        "a/b",
        "a:b",
        "a:1:2",
        "a:65536",
        "a:-1",
        "a:٣",
        "::1",
        "[::1",
        "[::1]x",
        "[::1%eth0]",
        "[1.2.3.4]",
        "[]",
        "a]",
        "bücher.example",
        "a\x00b",
        "a,b",
        "x" * 254,
    ],
)
def test_what_no_host_is_written_like_is_malformed(text: str) -> None:
    with pytest.raises(MalformedHeader):
        parse_host(text)
    with pytest.raises(MalformedHeader):
        parse_origin(f"http://{text}" if text else "http:")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://app.example", Origin("http", "app.example", 80)),
        ("HTTPS://App.Example", Origin("https", "app.example", 443)),
        ("https://app.example:8443", Origin("https", "app.example", 8443)),
        ("http://[::1]:3000", Origin("http", "::1", 3000)),
        ("null", OPAQUE),
        ("file://", OPAQUE),
        ("chrome-extension://abc", Origin("chrome-extension", "abc")),
        ("app://.", Origin("app", ".")),
    ],
)
def test_an_origin_has_one_normal_form(text: str, origin: Origin) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize("text", ["http://app.example", "http://[::1]:3000", "capacitor://local"])
def test_a_normal_origin_is_written_as_browsers_do(text: str) -> None:
    assert str(parse_origin(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "*", "NULL", "app.example", "http:/a", "http://a/", "http://a http://b", "http://u@a"],
)
def test_what_no_origin_is_written_like_is_malformed(text: str) -> None:
    with pytest.raises(MalformedHeader):
        parse_origin(text)


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_whatever_is_sent_is_read_or_malformed(text: str) -> None:
    for parse in (parse_host, parse_origin):
        try:
            assert parse(text)
        except MalformedHeader:
            continue


A_PAGE = "https://app.example"


@pytest.mark.parametrize(
    ("origin", "host", "site", "page"),
    [
        (None, "app.example", None, PageKind.OWN),
        (A_PAGE, "app.example", None, PageKind.OWN),
        (A_PAGE, "APP.example.:443", None, PageKind.OWN),
        ("https://app.example:8443", "app.example:8443", None, PageKind.OWN),
        ("https://app.example:8443", "app.example", None, PageKind.FOREIGN),
        (A_PAGE, "app.example:80", None, PageKind.FOREIGN),
        (A_PAGE, "app.example.evil.example", None, PageKind.FOREIGN),
        ("https://evil-app.example", "app.example", None, PageKind.FOREIGN),
        (A_PAGE, None, None, PageKind.FOREIGN),
        ("null", "app.example", None, PageKind.FOREIGN),
        ("chrome-extension://app.example", "app.example", None, PageKind.FOREIGN),
        # What the browser itself says: a proxy may have rewritten the host.
        (A_PAGE, "127.0.0.1:8000", "same-origin", PageKind.OWN),
        ("null", "app.example", "same-origin", PageKind.OWN),
        (A_PAGE, "app.example", "cross-site", PageKind.FOREIGN),
        (A_PAGE, "app.example", "same-site", PageKind.FOREIGN),
        (None, "app.example", "cross-site", PageKind.FOREIGN),
        (None, "app.example", "none", PageKind.OWN),
        (A_PAGE, "app.example", "nonsense", PageKind.OWN),
        ("https://listed.example", "app.example", "cross-site", PageKind.LISTED),
    ],
)
def test_whose_page_it_is(
    origin: str | None, host: str | None, site: str | None, page: PageKind
) -> None:
    assert (
        page_of(
            None if origin is None else parse_origin(origin),
            None if host is None else parse_host(host),
            secure=False,
            site=site,
            listed={parse_origin("https://listed.example")},
        )
        is page
    )


@pytest.mark.parametrize(
    ("origin", "secure", "page"),
    [
        ("http://app.example", False, PageKind.OWN),
        ("https://app.example", True, PageKind.OWN),
        ("https://app.example", False, PageKind.OWN),  # TLS ends at a proxy
        ("http://app.example", True, PageKind.FOREIGN),
    ],
)
def test_a_page_without_tls_is_not_the_same_as_one_with_it(
    origin: str, secure: bool, page: PageKind
) -> None:
    host = parse_host("app.example")
    found = page_of(parse_origin(origin), host, secure=secure, site=None, listed=())
    assert found is page
