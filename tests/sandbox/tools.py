"""Functions that tests carry out in a sandbox, which imports this module anew."""

from __future__ import annotations

import datetime
import os
import sys
import time

from pydantic import BaseModel


class Point(BaseModel):
    """A place."""

    x: int
    y: int = 2


def moved(point: Point, day: datetime.date) -> dict[str, object]:
    """Moves a point."""
    return {"x": point.x + 1, "y": point.y, "day": day, "kind": type(day).__name__}


async def process() -> int:
    """Tells the number of its process."""
    return os.getpid()


def nothing() -> None:
    sys.stdout.write("nobody reads this")


def refuse(words: str) -> str:
    raise ValueError(words)


def vanish() -> str:
    sys.stderr.write("I am gone\n")
    os._exit(3)


def flood() -> str:
    return "x" * 1_000_000


def odd() -> object:
    return object()


def linger() -> str:
    time.sleep(1000)
    return ""


class Clerk:
    def method(self) -> str:
        return ""

    @staticmethod
    def static() -> str:
        return "static"
