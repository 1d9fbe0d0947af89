"""A program at a real terminal (a pty): what it draws, what is typed, how it ends."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.programs import ROOT, environment

ROWS, COLUMNS = 40, 120
LONGEST = 60
"""Seconds of silence after which nothing more can be expected."""

CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """What stands at the master's end of the pty."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process = process
        self.drawn = ""
        self._master = master
        self._place = 0
        self._more = asyncio.Event()
        self._ended = False
        asyncio.get_running_loop().add_reader(master, self._read)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    async def until(self, text: str) -> None:
        """Return when the text was drawn, behind what the call before waited for."""
        while (found := self.drawn.find(text, self._place)) < 0:
            assert not self._ended, f"{text!r} never came: {self.drawn[self._place :]!r}"
            self._more.clear()
            try:
                async with asyncio.timeout(LONGEST):
                    await self._more.wait()
            except TimeoutError:
                raise AssertionError(
                    f"{text!r} never came: {self.drawn[self._place :]!r}"
                ) from None
        self._place = found + len(text)

    async def ended(self) -> int:
        """Its exit code, when all that it drew is there."""
        code = await self.process.wait()
        while not self._ended:
            self._more.clear()
            await self._more.wait()
        return code

    def _read(self) -> None:
        try:
            piece = os.read(self._master, 65_536)
        except OSError:  # as Linux says that nobody has the other end any more
            piece = b""
        if not piece:
            asyncio.get_running_loop().remove_reader(self._master)
            self._ended = True
        self.drawn += piece.decode(errors="replace")
        self._more.set()


@asynccontextmanager
async def at_terminal(*words: str, **settings: str) -> AsyncIterator[Terminal]:
    """`agui-runtime` with these words, at a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.at_tty", *words),
        cwd=ROOT,
        env=environment(TERM="xterm-256color", PYTHONPATH=str(ROOT), **settings),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    terminal = Terminal(process, master)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
