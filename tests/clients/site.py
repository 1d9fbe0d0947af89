"""Serves a built page on loopback, from another origin than the runtime's.

It is as dumb as a static host: what the page asks a runtime for never comes here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve the files of `folder`; yields the address of its index, without a slash at its end."""
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"{folder} holds no page; `python3 scripts.py test` builds it")
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, name="site")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    # One connection per file: a kept one would hold its thread, and so the shutdown, open.
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the driver keeps every request of a tab."""
