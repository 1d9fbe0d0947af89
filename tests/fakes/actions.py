"""The server-side actions of the recorded runtime."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agui_runtime.agents.actions import Action, action


async def get_weather(
    city: Annotated[str, Field(description="The city")], unit: Literal["c", "f"] | None = None
) -> dict[str, object]:
    """Get the weather"""
    del unit  # the weather is the same in any
    return {"city": city, "temp": 21}


def string_action() -> str:
    """Returns a string"""
    return "plain string result"


def undef_action() -> None:
    """Returns undefined"""


def fail_action() -> str:
    """Always throws"""
    raise RuntimeError("kaboom")


def direct_action() -> str:
    """returnDirect"""
    return "direct!"


def server_actions() -> list[Action]:
    """The recorded runtime's actions, in its order."""
    return [
        action(get_weather, name="getWeather"),
        action(string_action, name="stringAction"),
        action(undef_action, name="undefAction"),
        action(fail_action, name="failAction"),
        action(direct_action, name="directAction", return_direct=True),
    ]
