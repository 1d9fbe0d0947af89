"""A few bytes for what is long: whether two requests ask for the very same thing, two states are
the same, and whose something is. Pure.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b, sha256

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json


def fingerprint(value: object) -> str:
    """32 hexadecimal digits, the same for the same JSON; stored with runs, so they never change."""
    return blake2b(jsontext.dumps(value), digest_size=16).hexdigest()


def state_digest(state: Json) -> str:
    """32 hexadecimal digits, the same for an agent's state and for what a page makes of it: a
    browser writes 1.0 as 1, and front ends of 1.10 hold the messages in the state, too. Stored with
    states, so they never change.
    """
    if isinstance(state, dict):
        state = {key: value for key, value in state.items() if key != "messages"}
    text = jsontext.dumps(_in_a_browser(state or {}), orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).hexdigest()


@lru_cache(maxsize=1024)
def owner_digest(owner: str) -> str:
    """Who owns what is counted, as keys of the store name it: fixed length, whatever the name."""
    return sha256(owner.encode("utf-8", "replace")).hexdigest()[:32]


def _in_a_browser(value: Json) -> Json:
    """Numbers as JavaScript has them."""
    if isinstance(value, dict):
        return {key: _in_a_browser(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_a_browser(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
