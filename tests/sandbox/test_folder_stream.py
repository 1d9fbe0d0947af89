"""What comes out of a sandbox is believed in nothing."""

from __future__ import annotations

import io
import os
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from agui_runtime.sandbox.inside.folder_stream import (
    MOST_ENTRIES,
    Malformed,
    listing,
    pack,
    unpack,
)

FOLDER, FILE, PROGRAM, END = range(4)


def entry(kind: int, path: bytes, content: bytes = b"", size: int | None = None) -> bytes:
    length = len(content) if size is None else size
    return struct.pack(">BHQ", kind, len(path), length) + path + content


@pytest.mark.parametrize(
    "stream",
    [
        entry(FILE, b"../a", b"x"),
        entry(FILE, b"/a", b"x"),
        entry(FILE, b"a/../../b", b"x"),
        entry(FILE, b"a//b", b"x"),
        entry(FILE, b".", b"x"),
        entry(FILE, b"", b"x"),
        entry(FILE, b"a\0b", b"x"),
        entry(FILE, b"a/b", b"x"),
        entry(FILE, b"a", b"x") * 2,
        entry(FILE, b"a", b"x") + entry(FOLDER, b"a"),
        entry(FILE, b"a", b"x") + entry(FILE, b"a/b", b"x"),
        entry(FOLDER, b"a", b"x"),
        entry(FILE, b"a", b"x", size=1 << 62),
        entry(FILE, b"a", b"x" * 600) + entry(FILE, b"b", b"x" * 600),
        entry(7, b"a"),
        entry(FILE, b"a" * 3000, b"x"),
        entry(FOLDER, b"/".join([b"a"] * 40)),
        b"".join(entry(FILE, b"%d" % number) for number in range(MOST_ENTRIES + 1)),
    ],
)
def test_a_stream_that_no_sandbox_writes_is_refused(stream: bytes, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(Malformed):
        unpack(io.BytesIO(stream + entry(END, b"")), os.fsencode(root), 1000)
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


@pytest.mark.parametrize("length", range(len(entry(FILE, b"a", b"x") + entry(END, b""))))
def test_a_stream_that_breaks_off_is_refused(length: int, tmp_path: Path) -> None:
    stream = entry(FILE, b"a", b"x") + entry(END, b"")
    with pytest.raises(Malformed):
        unpack(io.BytesIO(stream[:length]), os.fsencode(tmp_path), 1000)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_else(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    root = tmp_path_factory.mktemp("root")
    with suppress(Malformed):
        unpack(io.BytesIO(noise), os.fsencode(root), 1000)


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    (one / "a" / "b").mkdir(parents=True)
    other.mkdir()
    (one / "a" / os.fsdecode(b"\xff\n")).write_bytes(b"content")
    (one / "program").touch(mode=0o755)
    stream = io.BytesIO()
    pack(os.fsencode(one), listing(os.fsencode(one)).entries, stream)
    stream.seek(0)
    unpack(stream, os.fsencode(other), 1000)
    assert listing(os.fsencode(other)) == listing(os.fsencode(one))
    assert (other / "a" / os.fsdecode(b"\xff\n")).read_bytes() == b"content"
