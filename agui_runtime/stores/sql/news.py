"""How processes over one database read what they send each other."""

from __future__ import annotations

import orjson

from agui_runtime.stores.sql.backend import Listener


def deliver(text: bytes | str, listener: Listener) -> None:
    """Give the listener the news: `{"changed": [thread ids]}` or `{"stop": [thread id, token]}`.
    What cannot be read, as `*`, may have been any.
    """
    try:
        news = orjson.loads(text)
        if "stop" in news:
            thread_id, token = news["stop"]
            listener.on_stop(thread_id, token)
        elif "changed" in news:
            listener.on_change(news["changed"])
        else:
            listener.on_anything()
    except (ValueError, TypeError):
        listener.on_anything()
