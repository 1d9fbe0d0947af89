"""An MCP server that says what it sees of the machine; it is run as a process."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("sandboxed", log_level="ERROR")


@server.tool()
def about() -> str:
    """Tells where it is."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    return json.dumps(
        {
            "process": os.getpid(),
            "variables": sorted(name for name in os.environ if name != "LC_CTYPE"),
            "networks": [line.split(":")[0].strip() for line in lines if ":" in line],
            "outside": Path("/etc/passwd").exists(),
        }
    )


@server.tool()
def grow() -> str:
    """Takes more and more memory, in as many processes as it needs."""
    for _ in range(8):
        if os.fork() == 0:
            held = b"x" * (100 << 20)
            threading.Event().wait()
            del held
    threading.Event().wait()
    return ""


if __name__ == "__main__":
    server.run("stdio")
