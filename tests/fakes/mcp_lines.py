"""An MCP server in a process that answers calls with a line as it is given: its first argument.

In the line, ID stands for the id of the call.
"""

from __future__ import annotations

import json
import sys

ANSWERS = {
    "initialize": {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "lines", "version": "1"},
    },
    "tools/list": {"tools": [{"name": "odd", "inputSchema": {"type": "object", "properties": {}}}]},
}


def answer(asked: dict[str, object]) -> bytes:
    if asked["method"] == "tools/call":
        line = sys.argv[1].encode("utf-8", "surrogateescape")
        return line.replace(b"ID", str(asked["id"]).encode())
    result = ANSWERS[str(asked["method"])]
    return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode()


if __name__ == "__main__":
    for line in sys.stdin:
        if "id" in (asked := json.loads(line)):
            sys.stdout.buffer.write(b"a line that is no message\n" + answer(asked) + b"\n")
            sys.stdout.buffer.flush()
