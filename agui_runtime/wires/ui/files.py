"""The built files of the page: each as it is, or compressed beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.responses import FileResponse, Response

BUILT = Path(__file__).parent / "dist"

KINDS = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "woff2": "font/woff2",
}
"""What a browser may have, by the ends of names."""

FOREVER = "public, max-age=31536000, immutable"
"""For files whose names hold a hash of their contents."""


class Files:
    """Those in a folder that `python3 scripts.py ui` fills."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder

    def page(self) -> str | None:
        """The document; None while there is none."""
        return self._text("index.html")

    def progress(self) -> str | None:
        """What is being done to build it; None where nothing is."""
        return self._text("building.txt")

    def response(self, name: str, *, gzip: bool, headers: Mapping[str, str]) -> Response | None:
        """The file of this name, for a client that reads `gzip` or does not; None without one."""
        kind = KINDS.get(name.rpartition(".")[2])
        file = self._folder / name
        if kind is None or not file.is_file():
            return None
        cached = FOREVER if name.startswith("assets/") else "no-cache"
        headers = {**headers, "cache-control": cached, "vary": "accept-encoding"}
        smaller = self._folder / f"{name}.gz"
        if gzip and smaller.is_file():
            headers["content-encoding"] = "gzip"
            return FileResponse(smaller, headers=headers, media_type=kind)
        return FileResponse(file, headers=headers, media_type=kind)

    def _text(self, name: str) -> str | None:
        file = self._folder / name
        return file.read_text(encoding="utf-8") if file.is_file() else None
