"""A real Chromium for tests: a Python face of `driver/driver.mjs`, which does the clicking.

It knows tabs, selectors and requests, nothing of CopilotKit; that is `chat.py`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DRIVER = Path(__file__).parent / "driver"
LONGEST_LINE = 64 * 1024 * 1024  # bytes; an answer may hold the bodies of every request of a tab

FRAME = "iframe >> internal:control=enter-frame >> "
"""Before a selector: within the page's iframe, whatever its origin. Not for `shows` and `read`."""

GONE = "the browser's driver has ended; its stderr says why"


class BrowserFailure(AssertionError):
    """The browser did not do it, or what was waited for did not come; its text shows the page."""


class Request(BaseModel):
    """A request that a tab made.

    `answer` is the whole body of the response once `outcome` is `finished`; before, `outcome` is
    `open`, and the browser's error when the request failed.
    """

    model_config = ConfigDict(frozen=True)

    method: str
    url: str
    body: str | None
    status: int | None
    request_id: str | None = Field(alias="requestId")
    answer: str | None
    outcome: str

    def sent(self) -> Json:
        """The JSON that was sent; None when there was no body."""
        said: Json = json.loads(self.body) if self.body else None
        return said


@dataclass(frozen=True)
class File:
    """A file on a person's disk."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True)
class Tab:
    """One page in the browser. Scripts are JavaScript functions of one JSON argument."""

    name: str
    browser: Browser

    async def reload(self) -> None:
        """Load the page again; what it was doing ends."""
        await self.browser.ask("reload", tab=self.name)

    async def fill(self, selector: str, text: str) -> None:
        await self.browser.ask("fill", tab=self.name, selector=selector, text=text)

    async def press(self, selector: str, key: str) -> None:
        await self.browser.ask("press", tab=self.name, selector=selector, key=key)

    async def key(self, key: str) -> None:
        """Press a key wherever the focus is."""
        await self.browser.ask("key", tab=self.name, key=key)

    async def click(self, selector: str) -> None:
        """Press an element, once it is there and can be pressed."""
        await self.browser.ask("click", tab=self.name, selector=selector)

    async def download(self, selector: str) -> tuple[str, str]:
        """The name and the text of the file that pressing an element has the browser store."""
        found = await self.browser.ask("download", tab=self.name, selector=selector)
        name, text = as_list(found)
        return str(name), str(text)

    async def attach(self, selector: str, file: File) -> None:
        """Pick the file in a file input."""
        content = b64encode(file.content).decode()
        await self.browser.ask(
            "attach",
            tab=self.name,
            selector=selector,
            name=file.name,
            mimeType=file.mime_type,
            content=content,
        )

    async def text(self, selector: str) -> str:
        """What the first match says, once there is one."""
        return str(await self.browser.ask("text", tab=self.name, selector=selector))

    async def read(self, script: str, given: Json = None) -> Json:
        return await self.browser.ask("read", tab=self.name, script=script, given=given)

    async def wait(self, script: str, given: Json = None) -> Json:
        """The first truthy value of `script`, tried on each frame; BrowserFailure if none comes."""
        return await self.browser.ask("wait", tab=self.name, script=script, given=given)

    async def shows(self, selector: str, text: str) -> None:
        """Wait until an element that matches has `text` in it."""
        script = """([selector, text]) =>
            [...document.querySelectorAll(selector)].some((e) => e.textContent.includes(text))"""
        await self.wait(script, [selector, text])

    async def says(self, selector: str, text: str) -> None:
        """Wait until the last element that matches has this text and no other."""
        script = """([selector, text]) =>
            [...document.querySelectorAll(selector)].at(-1)?.textContent === text"""
        await self.wait(script, [selector, text])

    async def watch(self, selector: str) -> None:
        """From now on keep what the last match of `selector` says in each frame drawn."""
        await self.browser.ask("watch", tab=self.name, selector=selector)

    async def watched(self, selector: str) -> list[str]:
        """The texts seen since `watch`, each once, in their order."""
        texts = await self.browser.ask("watched", tab=self.name, selector=selector)
        return [str(text) for text in as_list(texts)]

    async def traffic(self) -> list[Request]:
        entries = await self.browser.ask("traffic", tab=self.name)
        return [Request.model_validate(entry) for entry in as_list(entries)]

    async def complaints(self) -> list[str]:
        """The errors and warnings that the browser and the page's scripts have written."""
        return [str(each) for each in as_list(await self.browser.ask("complaints", tab=self.name))]

    async def exchange(self, containing: str) -> Request:
        """The first request with this in its body, once its answer has ended."""
        entry = await self.browser.ask("exchange", tab=self.name, containing=containing)
        return Request.model_validate(entry)

    async def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.browser.ask("screenshot", tab=self.name, path=str(path))

    async def close(self) -> None:
        await self.browser.ask("close", tab=self.name)


class Browser:
    """The driver's process. Use as an async context manager; closing it closes every tab."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._numbers = count(1)

    async def __aenter__(self) -> Browser:
        self._process = await asyncio.create_subprocess_exec(
            node(),
            "driver.mjs",
            cwd=DRIVER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        started = self._expect(0)
        self._reader = asyncio.create_task(self._read_answers())
        await started
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def open(
        self, url: str, beside: Tab | None = None, look: dict[str, Json] | None = None
    ) -> Tab:
        """A new tab, in a profile of its own, with a `look` as Playwright's contexts have, or in
        that of the tab `beside`.
        """
        name = await self.ask("open", url=url, beside=beside.name if beside else None, look=look)
        return Tab(str(name), self)

    async def ask(self, command: str, **given: Json) -> Json:
        """One command to the driver and its answer; raises BrowserFailure when it failed."""
        assert self._process.stdin
        if self._reader.done():
            raise BrowserFailure(GONE)
        number = next(self._numbers)
        answer = self._expect(number)
        line = json.dumps({"id": number, "do": command, **given})
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()
        return await answer

    def _expect(self, number: int) -> asyncio.Future[Json]:
        self._waiting[number] = asyncio.get_running_loop().create_future()
        return self._waiting[number]

    async def _read_answers(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            self._settle(json.loads(line))
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(BrowserFailure(GONE))

    def _settle(self, answer: dict[str, Json]) -> None:
        future = self._waiting.pop(int(str(answer["id"])))
        if future.cancelled():
            return
        if "error" in answer:
            future.set_exception(BrowserFailure(str(answer["error"])))
        else:
            future.set_result(answer["value"])


def node() -> str:
    found = shutil.which("node")
    if not found:
        raise BrowserFailure("there is no node; `python3 scripts.py test` finds or installs one")
    return found


def as_list(value: Json) -> list[Json]:
    assert isinstance(value, list), value
    return value


def as_object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict), value
    return value
