"""The event-stream reader: whole events, however the bytes are cut."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.event_stream_parser import EventStreamParser


def read(chunks: Iterable[bytes]) -> list[bytes]:
    stream = EventStreamParser()
    return [data for chunk in chunks for data in stream.feed(chunk)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
        (b"data: one\r\n\r\ndata: two\r\rdata: three\n\n", [b"one", b"two", b"three"]),
        (b"data: first\ndata: second\n\n", [b"first\nsecond"]),
        (b"data:no space\n\ndata:  two spaces\n\n", [b"no space", b" two spaces"]),
        (b": comment\n\nevent: x\nid: 1\nretry: 5\ndata: kept\n\n", [b"kept"]),
        (b"database: no\n\ndata\ndata: after an empty line\n\n", [b"\nafter an empty line"]),
        (b"data:\n\ndata: \n\n", []),
        (b"\xef\xbb\xbfdata: marked\n\n", [b"marked"]),
        (b"data: whole\n\ndata: cut off\n", [b"whole"]),
        (b"data: a\xe2\x80\xa8b\x0bc\x0cd\n\n", [b"a\xe2\x80\xa8b\x0bc\x0cd"]),
    ],
)
def test_reads_what_the_standard_says(text: bytes, expected: list[bytes]) -> None:
    assert read([text]) == expected


@given(st.data())
def test_cuts_make_no_difference(data: st.DataObject) -> None:
    lines = st.sampled_from([b"data: {}", b"data", b"data:x", b": ping", b"event: e", b"", b"data"])
    ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
    pairs = data.draw(st.lists(st.tuples(lines, ends), max_size=12))
    text = b"".join(line + end for line, end in pairs)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    cuts = [0, *places, len(text)]
    pieces = [text[start:end] for start, end in pairwise(cuts)]

    assert read(pieces) == read([text])


def test_an_event_is_told_as_soon_as_its_empty_line_is_there() -> None:
    stream = EventStreamParser()
    assert stream.feed(b"data: now\r\n\r") == [b"now"]
    assert stream.feed(b"\ndata: next") == []
    assert stream.feed(b"\n\n") == [b"next"]


def test_an_endless_line_is_refused() -> None:
    stream = EventStreamParser(limit=100)
    stream.feed(b"data: " + b"x" * 60)
    with pytest.raises(ProtocolFailure, match="longer than 100 bytes"):
        stream.feed(b"x" * 60)


def test_an_endless_event_is_refused() -> None:
    stream = EventStreamParser(limit=100)
    stream.feed(b"data: " + b"x" * 60 + b"\n")
    with pytest.raises(ProtocolFailure, match="longer than 100 bytes"):
        stream.feed(b"data: " + b"x" * 60 + b"\n")


def test_a_long_stream_of_small_events_is_not_refused() -> None:
    chunk = b": ping\n\ndata: x\n\ndata: y"
    assert len(read([chunk + b"\n\n"] * 1000)) == 2000
    stream = EventStreamParser(limit=100)
    assert [stream.feed(b"\n\n" + chunk) for _ in range(100)][-1] == [b"y", b"x"]


def test_the_names_of_events_are_told_where_they_are_asked_for() -> None:
    stream = EventStreamParser()
    events = stream.feed_named(b"event: values\ndata: 1\n\ndata: 2\n\nevent:error\nda")
    events += stream.feed_named(b"ta: 3\n\n")
    assert events == [("values", b"1"), ("", b"2"), ("error", b"3")]
