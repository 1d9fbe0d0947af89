"""One request to the model server with its answer, as the prompt's directives have it break off,
fail or take its time; `model.py` lists them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes import replies

if TYPE_CHECKING:
    from tests.fakes.model import Seen

_BREAK = re.compile(r"\[(midfail|cut|hang|streamerror|garbage):(\d+)\]")


@dataclass
class Exchange:
    seen: Seen
    text: str
    attempt: int
    number: int = 0
    break_kind: str = ""
    break_after: int = -1

    @classmethod
    def of(cls, seen: Seen, earlier: list[Seen]) -> Exchange:
        text = replies.prompt(seen.body)
        attempt = sum(other.body == seen.body for other in earlier)
        exchange = cls(seen, text, attempt)
        if found := _BREAK.search(text):
            exchange.break_kind, exchange.break_after = found[1], int(found[2])
        return exchange

    @property
    def error(self) -> str | None:
        found = re.search(r"\[error:(\w+)\]", self.text)
        times = re.search(r"\[times:(\d+)\]", self.text)
        over = times is not None and self.attempt >= int(times[1])
        if found is None or over or not replies.ends_with(self.seen.body, "user"):
            return None
        return found[1]

    @property
    def waits(self) -> Sequence[int]:
        """The numbers of chunks after which the answer stands still."""
        if not replies.ends_with(self.seen.body, "user"):
            return ()
        return [int(found) for found in re.findall(r"\[wait:(\d+)\]", self.text)]

    def delay(self, default: float) -> float:
        found = re.search(r"\[delay:(\d+)\]", self.text)
        return int(found[1]) / 1000 if found else default

    def chunk(self, **rest: object) -> bytes:
        ids = {} if "[noids]" in self.text else {"id": f"chatcmpl-{self.number}"}
        head = {"object": "chat.completion.chunk", "created": 1700000000}
        return frame({**ids, **head, "model": self.seen.body.get("model"), **rest})


def frame(value: object) -> bytes:
    """One event of the stream."""
    return b"data: %b\n\n" % json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
