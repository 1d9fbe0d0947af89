"""Open generative user interfaces: a model writes a page, which grows in a sandbox meanwhile.

The page offers the tool `generateSandboxedUi`; its arguments become an AG-UI activity of the type
`open-generative-ui`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import normal
from agui_runtime.core.events import Event, as_event
from agui_runtime.wrappers.drawing import Drawing
from agui_runtime.wrappers.drawing.partial import PartialObject

TOOL = "generateSandboxedUi"

_TEXTS = ("css", "jsFunctions")
_LISTS = ("placeholderMessages", "jsExpressions")


class OpenUIAgent(Drawing):
    """An agent whose calls of `generateSandboxedUi` are drawn while it writes them.

    Whatever else it does passes. The front end answers the call itself.
    """

    draws = "open-generative-ui"

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        pages: dict[str, _Page] = {}
        async with aclosing(self.agent.run(request)) as events:
            async for event in events:
                for shown in _through(event, pages):
                    yield shown


def _through(event: Event, pages: dict[str, _Page]) -> Iterator[Event]:
    """The event, and what the page is shown of it."""
    yield event
    kind, page = event["type"], pages.get(event.get("toolCallId", ""))
    if kind == "TOOL_CALL_START" and event["toolCallName"] == TOOL:
        pages[event["toolCallId"]] = _Page(event["toolCallId"])
    elif page is not None and kind == "TOOL_CALL_ARGS":
        yield from page.drawn(event["delta"])
    elif page is not None and kind == "TOOL_CALL_END":
        yield from page.finished()


class _Page:
    """One call: a first snapshot, then what is added to it."""

    def __init__(self, call_id: str) -> None:
        self._message_id = f"{call_id}-activity"
        self._arguments = PartialObject()
        self._begun = False
        self._shown: set[str] = set()
        self._counts: dict[str, int] = {}
        self._html = 0  # so many characters were emitted

    def drawn(self, delta: str) -> Iterator[Event]:
        self._arguments.feed(delta)
        patch = [*self._height(), *self._writing(), *self._lists(), *self._texts()]
        if patch and not self._begun:
            self._begun = True
            height = self._arguments.complete.get("initialHeight")
            known = {"initialHeight": height} if isinstance(height, int | float) else {}
            self._shown.add("initialHeight" if known else "")
            content = {**known, "generating": True}
            yield self._activity("ACTIVITY_SNAPSHOT", content=content)
            patch = [each for each in patch if not known or each["path"] != "/initialHeight"]
        if patch:
            yield self._activity("ACTIVITY_DELTA", patch=patch)

    def finished(self) -> Iterator[Event]:
        if self._begun:
            yield self._activity("ACTIVITY_DELTA", patch=[_add("generating", False)])

    def _height(self) -> Iterator[Event]:
        height = self._arguments.complete.get("initialHeight")
        if isinstance(height, int | float) and "initialHeight" not in self._shown:
            self._shown.add("initialHeight")
            yield _add("initialHeight", height)

    def _writing(self) -> Iterator[Event]:
        """The page itself, as far as it is written."""
        whole = self._arguments.complete.get("html")
        text = self._arguments.written if self._arguments.writing == "html" else whole
        if not isinstance(text, str) or "html" in self._shown:
            return
        if len(text) > self._html:
            if self._html == 0:
                yield _add("html", [])
            yield _add("html/-", text[self._html :])
            self._html = len(text)
        if whole is not None:
            self._shown.add("html")
            yield _add("htmlComplete", True)

    def _lists(self) -> Iterator[Event]:
        for key in _LISTS:
            items = self._arguments.items.get(key, ())
            known = self._counts.get(key)
            if items and known is None:
                yield _add(key, [])
            yield from (_add(f"{key}/-", str(item)) for item in items[known or 0 :])
            if items:
                self._counts[key] = len(items)
            if (
                key == "jsExpressions"
                and key in self._arguments.complete
                and key not in self._shown
            ):
                self._shown.add(key)
                yield _add("jsExpressionsComplete", True)

    def _texts(self) -> Iterator[Event]:
        for key in _TEXTS:
            text = self._arguments.complete.get(key)
            if isinstance(text, str) and key not in self._shown:
                self._shown.add(key)
                yield from (_add(key, text), _add(f"{key}Complete", True))

    def _activity(self, kind: str, **fields: object) -> Event:
        about = {"messageId": self._message_id, "activityType": "open-generative-ui"}
        return as_event({"type": kind, **about, **fields})


def _add(path: str, value: object) -> Event:
    return {"op": "add", "path": f"/{path}", "value": value}
