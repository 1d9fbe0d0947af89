"""What stands between a page and its runtime: nginx, and Next.js with `rewrites()`, both real.

They compress whatever they may, so that a stream which they hold back is seen.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.ports import free_port

NEXT = Path(__file__).parent / "next"

NGINX = """
daemon off;
pid {folder}/pid;
events {{}}
http {{
  access_log off;
  gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass {origin}; }}
  }}
}}
"""


@asynccontextmanager
async def nginx(origin: str, folder: Path) -> AsyncIterator[str]:
    """nginx as Debian ships it, but for gzip; yields the runtimeUrl behind it."""
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, origin=origin))
    words = ("nginx", "-e", f"{folder}/errors", "-c", str(settings))
    async with running(words, folder, f"http://127.0.0.1:{port}/copilotkit") as url:
        yield url


@asynccontextmanager
async def next_js(origin: str) -> AsyncIterator[str]:
    """Next.js's own server; yields the runtimeUrl behind its `rewrites()`."""
    port = free_port()
    next_bin = NEXT / "node_modules/next/dist/bin/next"
    words = ("node", str(next_bin), "dev", "--hostname", "127.0.0.1", "--port", str(port))
    env = {"RUNTIME": origin, "NEXT_TELEMETRY_DISABLED": "1"}
    async with running(words, NEXT, f"http://127.0.0.1:{port}/api/copilotkit", env) as url:
        yield url


@asynccontextmanager
async def running(
    words: Sequence[str], folder: Path, url: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """A program while the block runs, from when it answers at the URL, whatever that is."""
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env={**os.environ, **(env or {})}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await _answering(process, url)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answering(process: asyncio.subprocess.Process, url: str) -> None:
    """Neither says that it is ready in a way of its own: whoever asks finds out."""
    async with httpx.AsyncClient(verify=False) as client:  # nothing is sent
        while True:
            assert process.returncode is None, f"{url}: the process ended"
            try:
                await client.get(url, timeout=30)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            return
