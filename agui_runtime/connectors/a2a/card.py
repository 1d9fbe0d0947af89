"""What an agent's card says of where and how it is spoken to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import httpx

from agui_runtime.core.jsontext import Json


class Interface(NamedTuple):
    """An address that takes JSON-RPC, in the generation `1.0` or `0.3`."""

    url: str
    generation: str
    streams: bool


class UnfitCard(Exception):
    """The card names no address that can be used; the message continues "the server ... "."""


def interface_in(card: Json) -> Interface:
    """The best that the card offers; raises UnfitCard."""
    if not isinstance(card, dict):
        raise UnfitCard("has a card that is no JSON object")
    offered = [each for each in _offered(card) if each[0].upper() == "JSONRPC"]
    if not offered:
        raise UnfitCard("speaks no JSON-RPC, by its card")
    capabilities = card.get("capabilities")
    streams = isinstance(capabilities, dict) and capabilities.get("streaming") is True
    for generation, major in (("1.0", "1"), ("0.3", "0")):
        for _, url, version in offered:
            if version.partition(".")[0] == major:
                return Interface(_checked(url), generation, streams)
    versions = ", ".join(sorted({version for _, _, version in offered}))
    raise UnfitCard(f"speaks A2A {versions[:100]}, by its card; known are 1.0 and 0.3")


def same_origin(one: str, other: str) -> bool:
    """Whether both are the same server."""
    first, second = httpx.URL(one), httpx.URL(other)
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def _offered(card: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """Bindings, addresses and versions, as cards of 1.0 and those before list them."""
    for each in _objects(card.get("supportedInterfaces")):
        binding, url = each.get("protocolBinding"), each.get("url")
        if isinstance(binding, str) and isinstance(url, str):
            yield binding, url, str(each.get("protocolVersion") or "1.0")
    version = str(card.get("protocolVersion") or "0.3")
    if isinstance(url := card.get("url"), str):
        yield str(card.get("preferredTransport") or "JSONRPC"), url, version
    for each in _objects(card.get("additionalInterfaces")):
        if isinstance(each.get("transport"), str) and isinstance(each.get("url"), str):
            yield each["transport"], each["url"], version


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise UnfitCard("names no address that can be used, in its card")
    return url
